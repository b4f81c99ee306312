import { type FastRandom, fastRandom } from '../bench/detection/random.ts';
import type { ChangeContractInput } from '../src/contract/change-contract.ts';
import { type Kpi, KpiRegistrySchema } from '../src/contract/kpi-registry.ts';
import { makeKpiHistory } from '../src/domain/decision/history.ts';
import { judgeChange } from '../src/domain/decision/judge-change.ts';
import { HOUR_MINUTES, startOfMinute, WEEK_MINUTES } from '../src/domain/model/time.ts';
import type { MetricEvidence, Verdict } from '../src/domain/model/verdict.ts';
import { contractOf, evidenceOf, KPIS, metricOf, START } from '../test/support/decision/evidence.ts';
import { HALF, lookAt, startOf, type Watched } from '../test/support/decision/looks.ts';
import { TYPED_KPIS } from '../test/support/decision/typed-evidence.ts';
import { type Check, mostAlarms, type Size } from './check.ts';
import { type ArmSizes, typedMinute, typedWeek, type WeekKpi } from './typed-weeks.ts';

const JUDGED: readonly WeekKpi[] = ['revenue', 'basket', 'calls', 'latency', 'queue', 'served'];
const WATCHED = ['revenue', 'basket', 'calls', 'latency'] as const;
/** Users an arm, and the least that a run with few verdicts tries. */
const ARMS = [60, 300, 2000] as const;
/** With a tenth of the traffic: skewness of amounts does not cancel there. */
const CANARY: ArmSizes = { off: 3600, on: 400 };
const EFFECT = 0.1;
/** The verdict's promise is 5%. */
const ERROR_LIMIT = 0.055;
const STANDARD_ERRORS = 3;
const ALPHA = 0.05;
const SHARES = [0.5, 0.1] as const;
const UNITS_PER_MINUTE = 4;
const HISTORY_HOURS = 2 * 168;
/** How much the level of all moves within a day or so, and how fast. */
const DRIFT = { size: 0.4, minutes: 229 } as const;

const SERVED = KpiRegistrySchema.parse({
  served: {
    title: 'Requests served',
    definition: 'Share of the requests of users that are served',
    owner: 'growth',
    unit: 'ratio',
    direction: 'increase_is_good',
    measure: { source: 'web', type: 'proportion', of: 'requested' },
  },
});
const REGISTRY: readonly Kpi[] = [...TYPED_KPIS, ...SERVED, ...KPIS];

/** (g) Errors of the verdict, and false alarms of the watch, for each type of KPI, through the code that decides. */
export function kpiTypeChecks(size: Size, seed: number): readonly Check[] {
  const { typedVerdicts, largestArm } = size;
  const sizes = ARMS.filter((n) => n <= largestArm).map((n): ArmSizes => ({ off: n, on: n }));
  return [
    ...JUDGED.flatMap((kpi, index) =>
      sizes.flatMap((arms) => verdictErrors(kpi, arms, typedVerdicts, [seed, 18, index, arms.on])),
    ),
    ...(CANARY.off <= largestArm ? verdictErrors('revenue', CANARY, typedVerdicts, [seed, 19]) : []),
    ...WATCHED.flatMap((kpi, index) => SHARES.map((share) => falseAlarms(kpi, share, size, [seed, 20, index]))),
  ];
}

/** Pass without effect, fail at the minimum, and both, with a guardrail's harm, at the margin. */
function verdictErrors(kpi: WeekKpi, arms: ArmSizes, trials: number, seed: readonly number[]): readonly Check[] {
  const errors = { passed: 0, beaten: 0, failed: 0, worse: 0, safe: 0, harmed: 0 };
  const share = arms.on / (arms.off + arms.on);
  const booking = metricOf('booking', armOf(8000 * (1 - share), 0.2), armOf(8000 * share, 0.25), 0.2);
  for (let i = 0; i < trials; i += 1) {
    const random = fastRandom(...seed, i);
    const at = (factor: number) => typedWeek(kpi, arms, factor, random);
    const [same, least, worst] = [at(1), at(1 + EFFECT), at(1 - EFFECT)] as const;
    const minimum = { primary: { kpi, at_least: '+10%' } };
    const margin = { kpi, no_worse_than: '10%' };
    if (verdictOn(same, share, minimum).verdict === 'pass') errors.passed += 1;
    const bare = { primary: { kpi, at_least: '+0.1%' }, rule: 'beats_zero' as const };
    if (verdictOn(same, share, bare).verdict === 'pass') errors.beaten += 1;
    if (verdictOn(least, share, minimum).verdict === 'fail') errors.failed += 1;
    const { verdict } = verdictOn(worst, share, { primary: margin, rule: 'no_worse_than' });
    if (verdict === 'fail') errors.worse += 1;
    if (verdict === 'pass') errors.safe += 1;
    const guarded = { primary: { kpi: 'booking', at_least: '+5%' }, guardrails: [margin] };
    if (verdictOn(worst, share, guarded, booking).reasons[0] === `guardrail:${kpi}`) errors.harmed += 1;
  }
  const check = (what: string, count: number): Check => ({
    part: 'g',
    what: `${what}; ${kpi}, ${arms.off === arms.on ? `${arms.on} an arm` : `${arms.on} of ${arms.on + arms.off}`}`,
    measured: count / trials,
    limit: ERROR_LIMIT + STANDARD_ERRORS * Math.sqrt((ERROR_LIMIT * (1 - ERROR_LIMIT)) / trials),
    basis: `${trials} verdicts`,
  });
  return [
    check('P(pass | no gain), meets_minimum', errors.passed),
    check('P(pass | no gain), beats_zero', errors.beaten),
    check('P(fail | the minimum), meets_minimum', errors.failed),
    check('P(pass | worse by the margin), no_worse_than', errors.safe),
    check('P(fail | worse by the margin), no_worse_than', errors.worse),
    check('P(harm | worse by the margin), guardrail', errors.harmed),
  ];
}

function verdictOn(
  metric: MetricEvidence,
  share: number,
  rule: Partial<ChangeContractInput>,
  ...others: readonly MetricEvidence[]
): Verdict {
  const base = evidenceOf();
  const { off, on } = (metric.units ?? metric.strata)[0]!;
  return judgeChange({
    ...base,
    change: { ...base.change, kpis: REGISTRY, contract: contractOf({ leading: undefined, guardrails: [], ...rule }) },
    phases: [{ ...base.phases[0]!, share }],
    metrics: [metric, ...others],
    exposures: [{ phaseIndex: 0, off: off.n, on: on.n }],
    exposedUnits: off.n + on.n,
  });
}

/** Weeks without harm whose watch found some, by one look at their end, which finds what looks each minute would have. */
function falseAlarms(
  id: (typeof WATCHED)[number],
  share: number,
  { typedWeeks, tail }: Size,
  seed: readonly number[],
): Check {
  let alarms = 0;
  for (let week = 0; week < typedWeeks; week += 1) {
    const watched = calmWeek(id, share, fastRandom(...seed, week, share * 100));
    const { watch } = lookAt(watched, startOf(watched), WEEK_MINUTES + 2 * 24 * HOUR_MINUTES);
    if (watch.alarms.length > 0) alarms += 1;
  }
  return {
    part: 'g',
    what: `false alarms; ${id}, ${share * 100}% with the change`,
    measured: alarms / typedWeeks,
    limit: mostAlarms(typedWeeks, ALPHA, tail) / typedWeeks,
    basis: `${typedWeeks} weeks`,
  };
}

/** Harm is a fall of amounts, and a rise of calls and latencies. */
function calmWeek(id: (typeof WATCHED)[number], share: number, random: FastRandom): Watched {
  const isAmount = id === 'revenue' || id === 'basket';
  const direction = isAmount ? ('increase_is_good' as const) : ('decrease_is_good' as const);
  const kpi = { ...REGISTRY.find((one) => one.id === id)!, direction };
  const hours = Array.from({ length: HISTORY_HOURS }, (_, i) => ({
    hour: START / HOUR_MINUTES - HISTORY_HOURS + i,
    ...typedMinute(id, UNITS_PER_MINUTE * HOUR_MINUTES, 1, random),
  }));
  const { type } = kpi.measure;
  const history = makeKpiHistory({ kpiId: id, type, withinMinutes: 0, hours, now: startOfMinute(START) });
  const minutes = Array.from({ length: WEEK_MINUTES }, (_, i) => {
    const level = 1 + DRIFT.size * Math.sin(i / DRIFT.minutes);
    return {
      minute: START + i,
      off: typedMinute(id, UNITS_PER_MINUTE * (1 - share), level, random),
      on: typedMinute(id, UNITS_PER_MINUTE * share, level, random),
    };
  });
  const primary = { kpi: id, at_least: isAmount ? '+5%' : '-5%' };
  return {
    contract: { primary, leading: undefined, guardrails: [] },
    world: [{ kpi, history }],
    phases: [{ ...HALF[0]!, share }],
    tallies: { [id]: minutes },
  };
}

function armOf(n: number, rate: number) {
  return { n: Math.round(n), y: Math.round(n * rate) };
}
