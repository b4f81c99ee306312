import { type ChangeContractInput, ChangeContractSchema } from '../../../src/contract/change-contract.ts';
import { type Kpi, KpiRegistrySchema } from '../../../src/contract/kpi-registry.ts';
import { RULE_VERSION } from '../../../src/domain/decision/rule-version.ts';
import type { Intervention } from '../../../src/domain/model/intervention.ts';
import type { Tally } from '../../../src/domain/model/tally.ts';
import {
  DAY_MINUTES,
  type EpochMinute,
  HOUR_MINUTES,
  startOfMinute,
  WEEK_MINUTES,
} from '../../../src/domain/model/time.ts';
import type { KpiHistory, MetricEvidence, VerdictEvidence } from '../../../src/domain/model/verdict.ts';

/** Monday 2026-11-02T00:00Z. */
export const START: EpochMinute = Date.UTC(2026, 10, 2) / 60_000;

const REGISTRY = {
  booking: {
    title: 'Booking conversion',
    definition: 'Share of quote visitors who book a job online',
    owner: 'growth',
    unit: 'ratio',
    direction: 'increase_is_good',
    measure: { source: 'web', type: 'proportion', of: 'quote_viewed', success: 'job_booked', within: '24h' },
  },
  errors: {
    title: 'Quote errors',
    definition: 'Share of quote requests that fail',
    owner: 'platform',
    unit: 'ratio',
    direction: 'decrease_is_good',
    measure: { source: 'web', type: 'proportion', of: 'quote_requested' },
  },
  started: {
    title: 'Quotes started',
    definition: 'Share of visitors who start a quote',
    owner: 'growth',
    unit: 'ratio',
    direction: 'increase_is_good',
    measure: { source: 'web', type: 'proportion', of: 'visited' },
  },
} as const;

export const KPIS: readonly Kpi[] = KpiRegistrySchema.parse(REGISTRY);

/** A contract as parsed, from the keys that differ from a plain one with primary, leading and one guardrail. */
export function contractOf(changes: Partial<ChangeContractInput> = {}) {
  return ChangeContractSchema.parse({
    hypothesis: 'A shorter quote form gets more visitors to book',
    flag: 'short-quote-form',
    primary: { kpi: 'booking', at_least: '+5%' },
    leading: { kpi: 'started' },
    guardrails: [{ kpi: 'errors', no_worse_than: '0.5pp' }],
    ...changes,
  });
}

/** A history of four equal weeks with `perHour` trials in every hour, of which `rate` count. */
export function historyOf(kpiId: string, perHour: number, rate: number, weeks = 4): KpiHistory {
  const n = perHour * 168;
  return {
    kpiId,
    weeks: Array.from({ length: weeks }, (_, i) => ({
      firstMinute: START - (weeks - i) * WEEK_MINUTES,
      total: { n: Math.round(n), y: Math.round(n * rate) },
    })),
    hourOfWeek: weeks === 0 ? [] : Array.from({ length: 168 }, () => perHour),
  };
}

/** Evidence of one KPI over a week in one phase, evenly spread over its hours. */
export function metricOf(kpiId: string, off: Tally, on: Tally, rate = 0.3): MetricEvidence {
  const all = off.n + on.n;
  const hours = Math.min(168, Math.max(1, all));
  const firstHour = START / HOUR_MINUTES;
  return {
    kpiId,
    strata: [{ phaseIndex: 0, minutes: WEEK_MINUTES, off, on }],
    history: historyOf(kpiId, all / 168, rate),
    activeHours: Array.from({ length: hours }, (_, i) => ({
      hour: firstHour + Math.floor((i * 168) / hours),
      n: Math.floor(all / hours) + (i < all % hours ? 1 : 0),
    })),
    late: { off: 0, on: 0 },
    consumed: { off, on },
    nonAnswerMinutes: {},
    logWealth: 0,
  };
}

/** The evidence of a clean week that passes: 2 000 users an arm, 20% against 25% booked, few errors. */
export function evidenceOf(changes: Partial<VerdictEvidence> = {}): VerdictEvidence {
  return {
    ruleVersion: RULE_VERSION,
    judgedAt: startOfMinute(START + WEEK_MINUTES + DAY_MINUTES + 10),
    cause: 'window_complete',
    change: {
      changeId: 'chg-1-0123456789',
      repository: 'acme/shop',
      pullRequest: 1,
      commitSha: '0'.repeat(40),
      contractPath: '.changegate/changes/short.yml',
      flag: 'short-quote-form',
      contract: contractOf(),
      contractHash: 'c',
      kpis: KPIS,
      kpisHash: 'k',
      stampedAt: startOfMinute(START - 60),
      activatedAt: startOfMinute(START - 1),
      effectiveAt: START,
      treatmentHash: 't',
    },
    phases: [{ index: 0, cause: 'activation', share: 0.5, startMinute: START, endMinute: null }],
    metrics: [
      metricOf('booking', { n: 2000, y: 400 }, { n: 2000, y: 500 }, 0.2),
      metricOf('started', { n: 4000, y: 2000 }, { n: 4000, y: 2000 }, 0.5),
      metricOf('errors', { n: 4000, y: 40 }, { n: 4000, y: 40 }, 0.01),
    ],
    exposures: [{ phaseIndex: 0, off: 2000, on: 2000 }],
    multiExposedUnits: 0,
    exposedUnits: 4000,
    events: { accepted: 20_000, duplicates: 10, conflicts: 0, quarantined: {} },
    heartbeatHours: [],
    interventions: [],
    headHashes: { contract: 'c', kpis: 'k' },
    treatmentHashNow: 't',
    personTurnedOffAt: null,
    personOverruledAt: null,
    supersededBy: null,
    dataQualityRaisedBeforeAlarm: [],
    pausedMinutes: 0,
    ledgerVerified: true,
    ledgerHead: { size: 7, hash: 'h' },
    ...changes,
  };
}

/** Evidence with one KPI's record replaced; null takes it away. */
export function withMetric(evidence: VerdictEvidence, kpiId: string, metric: MetricEvidence | null): VerdictEvidence {
  const others = evidence.metrics.filter((one) => one.kpiId !== kpiId);
  return { ...evidence, metrics: metric ? [...others, metric] : others };
}

export function interventionOf(changes: Partial<Intervention> = {}): Intervention {
  return {
    interventionId: 'chg-1-0123456789:turn_off:1',
    changeId: 'chg-1-0123456789',
    kind: 'turn_off',
    epoch: 1,
    targetShare: 0,
    reason: 'Harm was established.',
    decidedAt: startOfMinute(START + 120),
    intentAt: startOfMinute(START + 120),
    outcome: 'accepted',
    acceptedAt: startOfMinute(START + 121),
    publishedAt: null,
    effectiveAt: null,
    notEffectiveAt: null,
    ...changes,
  };
}
