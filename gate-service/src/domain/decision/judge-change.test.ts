import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startOfMinute, WEEK_MINUTES } from '../model/time.ts';
import type { VerdictEvidence } from '../model/verdict.ts';
import { checkDataQuality } from './data-quality.ts';
import { judgeChange } from './judge-change.ts';
import { recompute } from './recompute.ts';
import { contractOf, evidenceOf, interventionOf, metricOf, START, withMetric } from './testing/evidence.ts';

const BASE = evidenceOf();

function withContract(changes: Parameters<typeof contractOf>[0], evidence: VerdictEvidence = BASE): VerdictEvidence {
  return { ...evidence, change: { ...evidence.change, contract: contractOf(changes) } };
}

function booking(control: number, treatment: number, n = 2000): VerdictEvidence {
  return withMetric(BASE, 'booking', metricOf('booking', { n, y: control }, { n, y: treatment }, 0.2));
}

function errors(control: number, treatment: number, n = 4000): VerdictEvidence {
  return withMetric(BASE, 'errors', metricOf('errors', { n, y: control }, { n, y: treatment }, 0.01));
}

const off = interventionOf();
const inWindow = startOfMinute(START + 500);

const TABLE: readonly [string, VerdictEvidence, string, string][] = [
  ['a clean week that keeps its promise', BASE, 'pass', 'ok'],
  [
    'the contract at the head differs',
    { ...BASE, headHashes: { contract: 'x', kpis: 'k' } },
    'inconclusive',
    'rule_changed',
  ],
  [
    'the KPIs at the head differ',
    { ...BASE, headHashes: { contract: 'c', kpis: 'x' } },
    'inconclusive',
    'rule_changed',
  ],
  ['another version of the rules', { ...BASE, ruleVersion: '0' }, 'inconclusive', 'rule_changed'],
  ['the flag changed beyond its percentage', { ...BASE, treatmentHashNow: 'x' }, 'inconclusive', 'treatment_changed'],
  ['the ledger does not verify', { ...BASE, ledgerVerified: false }, 'inconclusive', 'ledger_broken'],
  ['the flag was deployed again', { ...BASE, supersededBy: 'chg-2-0123456789' }, 'inconclusive', 'superseded'],
  [
    'a person turned it off in the window',
    { ...BASE, personTurnedOffAt: inWindow },
    'inconclusive',
    'stopped_by_person',
  ],
  [
    'a person turned it off after the window',
    { ...BASE, personTurnedOffAt: startOfMinute(START + WEEK_MINUTES) },
    'pass',
    'ok',
  ],
  ['turned off by the watch', { ...BASE, interventions: [off] }, 'fail', 'safety_rollback'],
  [
    'already off when the watch came',
    { ...BASE, interventions: [interventionOf({ outcome: 'already_safe' })] },
    'fail',
    'safety_rollback',
  ],
  [
    'a person carried out the off that the watch had decided',
    { ...BASE, interventions: [interventionOf({ outcome: 'blocked:forbidden' })], personTurnedOffAt: inWindow },
    'fail',
    'adverse_signal_not_executed',
  ],
  [
    'turned off on data that was broken before',
    { ...BASE, interventions: [off], dataQualityRaisedBeforeAlarm: ['srm'] },
    'inconclusive',
    'data_quality+rolled_back',
  ],
  [
    'the off was blocked',
    { ...BASE, interventions: [interventionOf({ outcome: 'blocked:change_request' })] },
    'fail',
    'adverse_signal_not_executed',
  ],
  [
    'the off is still pending',
    { ...BASE, interventions: [interventionOf({ outcome: 'pending' })] },
    'fail',
    'adverse_signal_not_executed',
  ],
  ['a person overruled the off', { ...BASE, interventions: [off], personOverruledAt: inWindow }, 'pass', 'ok'],
  [
    'judged before the window was complete',
    { ...BASE, judgedAt: startOfMinute(START + WEEK_MINUTES) },
    'inconclusive',
    'data_quality:window',
  ],
  [
    'units not split as intended',
    { ...BASE, exposures: [{ phaseIndex: 0, off: 2000, on: 2400 }] },
    'inconclusive',
    'data_quality:srm',
  ],
  ['units saw both variants', { ...BASE, multiExposedUnits: 41 }, 'inconclusive', 'data_quality:multi_exposure'],
  ['no exposures to test the split by', { ...BASE, exposures: [] }, 'inconclusive', 'data_quality:srm'],
  ['a guardrail without evidence', withMetric(BASE, 'errors', null), 'inconclusive', 'data_quality:no_data:errors'],
  [
    'a guardrail with an empty arm',
    withMetric(BASE, 'errors', metricOf('errors', { n: 4000, y: 40 }, { n: 0, y: 0 })),
    'inconclusive',
    'data_quality:no_data:errors',
  ],
  ['a primary without a trial', booking(0, 0, 0), 'inconclusive', 'data_quality:no_data:booking'],
  [
    'a leading indicator without evidence',
    withMetric(BASE, 'started', null),
    'inconclusive',
    'data_quality:no_data:started',
  ],
  ['more outcomes than trials', booking(400, 2001), 'inconclusive', 'data_quality:counts:booking'],
  [
    'the same event_id with other content',
    { ...BASE, events: { ...BASE.events, conflicts: 25 } },
    'inconclusive',
    'data_quality:conflicts',
  ],
  [
    'clocks that are off',
    { ...BASE, events: { ...BASE.events, quarantined: { skew: 150 } } },
    'inconclusive',
    'data_quality:clock_skew',
  ],
  [
    'events refused for their hash',
    { ...BASE, events: { ...BASE.events, quarantined: { bad_hash: 150 } } },
    'inconclusive',
    'data_quality:quarantined',
  ],
  [
    'a silent source for a day',
    withMetric(BASE, 'errors', { ...BASE.metrics[2]!, nonAnswerMinutes: { stale: 1440 } }),
    'inconclusive',
    'data_quality:answers:errors',
  ],
  [
    'one arm arrives late',
    withMetric(BASE, 'errors', { ...BASE.metrics[2]!, late: { off: 0, on: 40 } }),
    'inconclusive',
    'data_quality:late:errors',
  ],
  [
    'trials between phases',
    { ...BASE, phases: [{ ...BASE.phases[0]!, index: 7 }] },
    'inconclusive',
    'data_quality:no_data:booking',
  ],
  ['a guardrail beyond its margin', errors(40, 120), 'fail', 'guardrail:errors'],
  ['harm on the guardrail counts before a primary that passes', errors(0, 400), 'fail', 'guardrail:errors'],
  ['the primary got worse', booking(500, 400), 'fail', 'harmful'],
  ['the promise is missed for certain', booking(8000, 7980, 20_000), 'fail', 'below_minimum'],
  [
    'better, but the minimum is neither reached nor excluded',
    withContract({ primary: { kpi: 'booking', at_least: '+20%' } }, booking(400, 460)),
    'inconclusive',
    'positive_below_minimum',
  ],
  ['not enough evidence', booking(400, 420), 'inconclusive', 'not_enough_evidence'],
  [
    'no treatment unit of the primary',
    withMetric(BASE, 'booking', metricOf('booking', { n: 2000, y: 400 }, { n: 0, y: 0 })),
    'inconclusive',
    'insufficient_data',
  ],
  ['no outcome at all in either arm', booking(0, 0), 'inconclusive', 'insufficient_data'],
  [
    'a guardrail that must be shown harmless and is not',
    withContract(
      { guardrails: [{ kpi: 'errors', no_worse_than: '0.5pp', must_be_non_inferior: true }] },
      errors(4, 5, 400),
    ),
    'inconclusive',
    'guardrail_unproven:errors',
  ],
  [
    'still throttled at the end',
    { ...BASE, phases: [{ ...BASE.phases[0]!, cause: 'throttle' }] },
    'inconclusive',
    'throttled',
  ],
  [
    'worse than the margin',
    withContract({ rule: 'no_worse_than', primary: { kpi: 'booking', no_worse_than: '1pp' } }, booking(500, 400)),
    'fail',
    'worse_than_margin',
  ],
  [
    'within the margin',
    withContract({ rule: 'no_worse_than', primary: { kpi: 'booking', no_worse_than: '1pp' } }),
    'pass',
    'ok',
  ],
  ['a rule without its minimum', withContract({ primary: { kpi: 'booking' } }), 'inconclusive', 'invalid_rule'],
];

describe('judgeChange', () => {
  it.each(TABLE)('%s', (_, evidence, verdict, reason) => {
    const judged = judgeChange(evidence);
    expect([judged.verdict, judged.reasons[0]]).toEqual([verdict, reason]);
    expect(judged.summary.length).toBeGreaterThan(20);
  });

  it('keeps the order: a moved rule before a rollback, a rollback before bad data, bad data before harm', () => {
    const all = {
      ...errors(0, 400),
      exposures: [],
      interventions: [off],
      supersededBy: 'x',
      headHashes: { contract: 'x', kpis: 'k' },
    };
    expect(judgeChange(all).reasons[0]).toBe('rule_changed');
    expect(judgeChange({ ...all, headHashes: BASE.headHashes }).reasons[0]).toBe('superseded');
    expect(judgeChange({ ...all, headHashes: BASE.headHashes, supersededBy: null }).reasons[0]).toBe('safety_rollback');
    expect(judgeChange({ ...errors(0, 400), multiExposedUnits: 500 }).reasons[0]).toBe('data_quality:multi_exposure');
  });

  it('says in its first words that a person overruled the watch', () => {
    expect(judgeChange({ ...BASE, interventions: [off], personOverruledAt: inWindow }).summary).toMatch(
      /^The watch decided to turn this off, and a person overruled it\./,
    );
  });

  it('tells the outcome in counts of people', () => {
    expect(judgeChange(BASE).summary).toContain(
      'of every 100 about 25 counted with the change and 20 without: 5 more, give or take 2.2',
    );
  });

  it('says how many more weeks would decide, and only when time would help', () => {
    expect(judgeChange(booking(400, 420)).moreWeeks).toBeGreaterThan(0);
    expect(judgeChange(BASE).moreWeeks).toBeNull();
    expect(judgeChange({ ...BASE, ledgerVerified: false }).moreWeeks).toBeNull();
  });

  it('warns of what is unknown instead of assuming it', () => {
    const { verdict, warnings } = judgeChange({
      ...BASE,
      headHashes: { contract: null, kpis: null },
      treatmentHashNow: null,
    });
    expect(verdict).toBe('pass');
    expect(warnings.filter((warning) => warning.includes('unknown'))).toHaveLength(2);
  });

  it('warns of an alarm that observe mode did not act on, and of an effect that wears off', () => {
    const alarm = {
      kind: 'family',
      calls: 'throttle',
      at: inWindow,
      kpiId: 'errors',
      logWealth: 3,
      raisedAt: null,
      phaseIndex: null,
      rule: null,
    } as const;
    const novelty = {
      firstDays: { off: { n: 900, y: 180 }, on: { n: 900, y: 360 } },
      lastDays: { off: { n: 900, y: 180 }, on: { n: 900, y: 180 } },
    };
    const evidence = withMetric({ ...withContract({ stop: { adverse: 'observe' } }), alarms: [alarm] }, 'booking', {
      ...BASE.metrics[0]!,
      novelty,
    });
    const warnings = judgeChange(evidence).warnings.join('\n');
    expect(warnings).toContain('Nothing was touched');
    expect(warnings).toContain('wear off');
  });

  it('holds many guardrails to Holm: what one alone would establish, twenty may not', () => {
    const names = Array.from({ length: 20 }, (_, i) => `errors${i}`);
    const kpi = BASE.change.kpis.find(({ id }) => id === 'errors')!;
    const many: VerdictEvidence = {
      ...BASE,
      change: {
        ...BASE.change,
        kpis: [...BASE.change.kpis, ...names.map((id) => ({ ...kpi, id }))],
        contract: contractOf({ guardrails: names.map((id) => ({ kpi: id, no_worse_than: '0.5pp' })) }),
      },
      metrics: [
        ...BASE.metrics,
        ...names.map((id, i) => metricOf(id, { n: 4000, y: 40 }, { n: 4000, y: i === 0 ? 80 : 40 }, 0.01)),
      ],
    };
    expect(judgeChange(errors(40, 80)).reasons[0]).toBe('guardrail:errors');
    expect(judgeChange(many).verdict).toBe('pass');
  });

  it('gives a shop with 100 jobs a week its verdict, not a data quality failure', () => {
    const evidence: VerdictEvidence = {
      ...BASE,
      change: {
        ...BASE.change,
        contract: contractOf({ guardrails: [], primary: { kpi: 'booking', at_least: '+5pp' } }),
      },
      metrics: [
        metricOf('booking', { n: 50, y: 20 }, { n: 50, y: 31 }, 0.4),
        metricOf('started', { n: 50, y: 25 }, { n: 50, y: 25 }, 0.5),
      ],
      exposures: [{ phaseIndex: 0, off: 50, on: 50 }],
      exposedUnits: 100,
      events: { accepted: 300, duplicates: 0, conflicts: 0, quarantined: {} },
    };
    const judged = judgeChange(evidence);
    expect(judged.quality.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect([judged.verdict, judged.reasons[0]]).toEqual(['pass', 'ok']);
  });
});

describe('checkDataQuality', () => {
  it('at an alarm, calls what may still come unknown, and what is broken failed', () => {
    const early = { ...BASE, judgedAt: startOfMinute(START + 90), cause: 'stopped_early' as const };
    const none = metricOf('booking', { n: 0, y: 0 }, { n: 0, y: 0 });
    const failed = (evidence: VerdictEvidence) =>
      checkDataQuality(evidence).flatMap(({ check, status }) => (status === 'failed' ? [check] : []));
    expect(failed(withMetric(early, 'booking', none))).toEqual([]);
    expect(failed({ ...early, exposures: [{ phaseIndex: 0, off: 2000, on: 2600 }] })).toEqual(['srm']);
    expect(judgeChange(early).reasons[0]).toBe('data_quality:window');
  });
});

describe('judgeChange properties', () => {
  const RANK = { fail: 0, inconclusive: 1, pass: 2 } as const;
  const counts = fc.integer({ min: 0, max: 2000 });

  it('more harm never improves a verdict', () => {
    fc.assert(
      fc.property(
        counts,
        counts,
        counts,
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 0, max: 400 }),
        (a, b, e, lost, added) => {
          const at = (success: number, error: number) => {
            const metric = metricOf('errors', { n: 2000, y: 20 }, { n: 2000, y: error }, 0.01);
            return RANK[judgeChange(withMetric(booking(a, success), 'errors', metric)).verdict];
          };
          const errorsBefore = Math.min(e, 1600);
          expect(at(Math.max(0, b - lost), errorsBefore + added)).toBeLessThanOrEqual(at(b, errorsBefore));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('taking data away never turns a verdict into pass', () => {
    const remove: readonly ((evidence: VerdictEvidence, i: number) => VerdictEvidence)[] = [
      (evidence, i) => ({ ...evidence, metrics: evidence.metrics.filter((_, at) => at !== i % 3) }),
      (evidence) => ({ ...evidence, exposures: [] }),
      (evidence) => ({ ...evidence, phases: [] }),
      (evidence, i) => replaced(evidence, i, (metric) => ({ ...metric, strata: [] })),
      (evidence, i) =>
        replaced(evidence, i, (metric) => ({ ...metric, activeHours: metric.activeHours.slice(20 + (i % 100)) })),
      (evidence, i) =>
        replaced(evidence, i, (metric) => ({
          ...metric,
          strata: metric.strata.map((one) => ({ ...one, on: { n: 0, y: 0 } })),
        })),
      (evidence, i) =>
        replaced(evidence, i, (metric) => ({
          ...metric,
          strata: metric.strata.map((one) => ({ ...one, off: { n: 0, y: 0 } })),
        })),
      (evidence) => ({ ...evidence, change: { ...evidence.change, kpis: evidence.change.kpis.slice(1) } }),
      (evidence) => ({ ...evidence, events: { ...evidence.events, accepted: 0 } }),
    ];
    fc.assert(
      fc.property(counts, counts, fc.nat(200), fc.nat(remove.length - 1), (a, b, i, which) => {
        expect(judgeChange(remove[which]!(booking(a, b), i)).verdict).not.toBe('pass');
      }),
      { numRuns: 500 },
    );
  });

  it('a number that is not one, anywhere in the evidence, never passes unless nothing depends on it', () => {
    // What no verdict reads: other people's times, the plan of the rollout, and what is only shown.
    const harmless =
      /rollout|startMinute|stampedAt|activatedAt|pullRequest|ledgerHead|logWealth|history\.weeks|duplicates|pausedMinutes/;
    const paths = numbersIn(BASE).filter((path) => !harmless.test(path.join('.')));
    expect(paths.length).toBeGreaterThan(30);
    const passed = paths.filter(
      (path) => judgeChange(replaceAt(BASE, path, Number.NaN) as VerdictEvidence).verdict === 'pass',
    );
    expect(passed.map((path) => path.join('.'))).toEqual([]);
  });

  it('recomputes to the same bytes from stored JSON', () => {
    for (const [, evidence] of TABLE.filter(([, one]) => one.ruleVersion === BASE.ruleVersion)) {
      expect(JSON.stringify(recompute(JSON.parse(JSON.stringify(evidence))))).toBe(
        JSON.stringify(judgeChange(evidence)),
      );
    }
  });

  it('is not moved by the order of metrics, phases and exposures', () => {
    const backwards = { ...BASE, metrics: BASE.metrics.toReversed(), phases: BASE.phases.toReversed() };
    expect(judgeChange(backwards)).toEqual(judgeChange(BASE));
  });
});

describe('recompute', () => {
  it.each([
    ['nothing', null],
    ['a list', []],
    ['evidence without metrics', { ...BASE, metrics: undefined }],
    ['evidence whose metric has no strata', { ...BASE, metrics: [{ ...BASE.metrics[0], strata: null }] }],
    ['evidence without a contract', { ...BASE, change: {} }],
  ])('refuses %s', (_, stored) => {
    expect(() => recompute(stored)).toThrowError(expect.objectContaining({ code: 'invalid_input' }));
  });

  it('refuses the evidence of another version of the rules', () => {
    expect(() => recompute({ ...BASE, ruleVersion: '0' })).toThrowError(/rule version 0/);
  });
});

function replaced(
  evidence: VerdictEvidence,
  i: number,
  change: (metric: VerdictEvidence['metrics'][number]) => VerdictEvidence['metrics'][number],
): VerdictEvidence {
  return { ...evidence, metrics: evidence.metrics.map((metric, at) => (at === i % 3 ? change(metric) : metric)) };
}

type Path = readonly (string | number)[];

function numbersIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, [...path, key]));
}

function replaceAt(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((inner, i) => (String(i) === String(key) ? replaceAt(inner, rest, by) : inner));
  const record = value as Record<string, unknown>;
  return { ...record, [key]: replaceAt(record[key], rest, by) };
}
