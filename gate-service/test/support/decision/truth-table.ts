import { startOfMinute, WEEK_MINUTES } from '../../../src/domain/model/time.ts';
import type { VerdictEvidence } from '../../../src/domain/model/verdict.ts';
import { contractOf, evidenceOf, interventionOf, metricOf, START, withMetric } from './evidence.ts';

export const BASE = evidenceOf();

export function withContract(
  changes: Parameters<typeof contractOf>[0],
  evidence: VerdictEvidence = BASE,
): VerdictEvidence {
  return { ...evidence, change: { ...evidence.change, contract: contractOf(changes) } };
}

export function booking(control: number, treatment: number, n = 2000): VerdictEvidence {
  return withMetric(BASE, 'booking', metricOf('booking', { n, y: control }, { n, y: treatment }, 0.2));
}

export function errors(control: number, treatment: number, n = 4000): VerdictEvidence {
  return withMetric(BASE, 'errors', metricOf('errors', { n, y: control }, { n, y: treatment }, 0.01));
}

export const off = interventionOf();
export const inWindow = startOfMinute(START + 500);

/** Evidence, what it is, and what it must lead to: at least one row for each reason. */
export const TRUTH_TABLE: readonly [string, VerdictEvidence, string, string][] = [
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
    'no treatment unit of a tiny primary',
    withMetric(
      { ...BASE, heartbeatHours: Array.from({ length: 168 }, (_, hour) => START / 60 + hour) },
      'booking',
      metricOf('booking', { n: 6, y: 2 }, { n: 0, y: 0 }),
    ),
    'inconclusive',
    'insufficient_data',
  ],
  [
    'no treatment unit of the primary although they came',
    withMetric(BASE, 'booking', metricOf('booking', { n: 2000, y: 400 }, { n: 0, y: 0 })),
    'inconclusive',
    'data_quality:arms:booking',
  ],
  [
    'half of the treatment trials of the primary lost',
    withMetric(BASE, 'booking', metricOf('booking', { n: 2000, y: 400 }, { n: 1000, y: 250 })),
    'inconclusive',
    'data_quality:arms:booking',
  ],
  [
    'a guardrail with next to no trial of the treatment',
    withMetric(BASE, 'errors', metricOf('errors', { n: 4000, y: 40 }, { n: 3, y: 0 })),
    'inconclusive',
    'data_quality:arms:errors',
  ],
  [
    'a treatment that the watch saw silent',
    withMetric(BASE, 'booking', { ...BASE.metrics[0]!, silentTrials: 30 }),
    'inconclusive',
    'data_quality:arms:booking',
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
    'throttled until a person raised it after the window',
    {
      ...BASE,
      phases: [
        { ...BASE.phases[0]!, endMinute: START + WEEK_MINUTES + 10 },
        { index: 1, cause: 'person', share: 0.9, startMinute: START + WEEK_MINUTES + 12, endMinute: null },
      ],
      interventions: [interventionOf({ kind: 'throttle' })],
      personOverruledAt: startOfMinute(START + WEEK_MINUTES + 10),
    },
    'inconclusive',
    'throttled',
  ],
  [
    'stopped before the window was over, judged again after it',
    { ...BASE, cause: 'stopped_early', until: START + 6 * 24 * 60 },
    'inconclusive',
    'data_quality:window',
  ],
  [
    'another treatment for a part of the window',
    { ...BASE, treatmentChangedAt: inWindow },
    'inconclusive',
    'treatment_changed',
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
