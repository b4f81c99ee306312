import { describe, expect, it } from 'vitest';
import { contractOf, START } from '../../../test/support/decision/evidence.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { type Kpi, KpiRegistrySchema } from '../../contract/kpi-registry.ts';
import { NO_SUMS, type Tally } from '../model/tally.ts';
import { startOfMinute, WEEK_MINUTES } from '../model/time.ts';
import { normalQuantile } from '../statistics/distributions.ts';
import { judgeRule, type VerdictOutcome } from '../statistics/verdict-rule.ts';
import { concurrentGain } from './effect-estimate.ts';
import { VERDICT_CONFIDENCE } from './effect-scale.ts';
import { forecastChange } from './forecast-change.ts';

const RUNS = 4_000;
const UNITS = 400;
const PHASE = { index: 0, cause: 'activation', share: 0.5, startMinute: START, endMinute: null } as const;

const [REVENUE] = KpiRegistrySchema.parse({
  revenue: {
    title: 'Revenue',
    definition: 'Paid by a visitor',
    owner: 'shop',
    unit: 'EUR',
    direction: 'increase_is_good',
    measure: { source: 'web', type: 'mean', of: 'visited', value_of: 'paid', within: '2h', cap: 2000 },
  },
}) as [Kpi];

/** Three of five visitors pay, between 10 and 410 steps evenly; the change scales what they pay. */
function amounts(random: { next(): number }, units: number, factor: number): Tally {
  let [y, yy] = [0, 0];
  for (let i = 0; i < units; i++) {
    const value = random.next() < 0.6 ? Math.round(factor * (10 + 400 * random.next())) : 0;
    y += value;
    yy += value * value;
  }
  return { n: units, y, sums: { ...NO_SUMS, yy } };
}

describe('odds of a mean', () => {
  it.each([
    ['meets_minimum', 0.1, 0.12, 0],
    ['meets_minimum', 0.15, 0.15, 0.06],
    ['proves_minimum', 0.05, 0.2, 0.1],
    ['beats_zero', 0, 0.1, 0.05],
  ] as const)(
    '%s at least %d, predicted %d give or take %d: as simulated verdicts turn out',
    (rule, least, gain, spread) => {
      const random = seededRandom(20_261_102);
      const total = amounts(random, 50_000, 1);
      const primary = least === 0 ? { kpi: 'revenue' } : { kpi: 'revenue', at_least: `+${least * 100}%` };
      const uncertainty = spread === 0 ? '0.000001%' : `${spread * 100}%`;
      const { odds } = forecastChange({
        contract: contractOf({
          primary,
          rule,
          prediction: { delta: `+${gain * 100}%`, basis: 'simulated', uncertainty },
          leading: undefined,
          guardrails: [],
        }),
        kpis: [REVENUE],
        histories: [
          {
            kpiId: 'revenue',
            weeks: [{ firstMinute: START - WEEK_MINUTES, total }],
            hourOfWeek: Array.from({ length: 168 }, () => (2 * UNITS) / 168),
          },
        ],
        now: startOfMinute(START),
      });
      const counts: Record<VerdictOutcome, number> = { pass: 0, fail: 0, inconclusive: 0 };
      const estimate = concurrentGain([PHASE]);
      for (let run = 0; run < RUNS; run++) {
        const factor = 1 + gain + spread * normalQuantile(random.next() || 0.5);
        const strata = [
          { phaseIndex: 0, minutes: WEEK_MINUTES, off: amounts(random, UNITS, 1), on: amounts(random, UNITS, factor) },
        ];
        const evidence = { strata } as unknown as Parameters<typeof estimate>[1];
        const got = estimate(REVENUE, evidence, { scale: 'relative', confidence: VERDICT_CONFIDENCE });
        counts[
          judgeRule({ rule, minEffect: least, margin: 0, estimate: got.estimate, lo: got.lo, hi: got.hi }).verdict
        ]++;
      }
      for (const word of ['pass', 'fail', 'inconclusive'] as const) {
        expect(Math.abs(counts[word] / RUNS - odds![word]), word).toBeLessThan(0.03);
      }
    },
  );
});
