import type { ChangeView, InterventionView, VerdictView } from '../../../gate-service/src/contract/api/change.ts';
import type { ForecastView } from '../../../gate-service/src/contract/api/forecast.ts';

/** Monday 2026-03-02 09:00 UTC. */
const STAMPED_AT = Date.UTC(2026, 2, 2, 9);
const MINUTE = 60_000;

export function makeChange(given: Partial<ChangeView> = {}): ChangeView {
  return {
    change_id: 'chg-7-0123456789',
    repository: 'sparky/booking',
    pull_request: 7,
    commit_sha: 'a'.repeat(40),
    contract_path: '.changegate/changes/short-quote-form.yml',
    contract_hash: 'c'.repeat(64),
    kpis_hash: 'd'.repeat(64),
    flag: 'short-quote-form',
    hypothesis: 'A shorter quote form gets more visitors to book',
    state: 'stamped',
    observe_only: false,
    rollout_start: 0.5,
    stamped_at: STAMPED_AT,
    activated_at: null,
    activation: { accepted_at: null, published_at: null, effective_at: null },
    effective_at: null,
    window_minutes: 10_080,
    window_end: null,
    judge_due_at: null,
    phases: [],
    looks: [],
    interventions: [],
    verdicts: [],
    decisions: [],
    ...given,
  };
}

export function makeWatching(given: Partial<ChangeView> = {}): ChangeView {
  const start = STAMPED_AT / MINUTE + 10;
  return makeChange({
    state: 'watching',
    activated_at: STAMPED_AT + 5 * MINUTE,
    activation: {
      accepted_at: STAMPED_AT + 5 * MINUTE,
      published_at: STAMPED_AT + 5 * MINUTE + 2_000,
      effective_at: STAMPED_AT + 10 * MINUTE,
    },
    effective_at: start,
    window_end: start + 10_080,
    judge_due_at: start + 10_080 + 1_450,
    phases: [{ index: 0, cause: 'activation', share: 0.5, start_minute: start, end_minute: null }],
    looks: [
      {
        kpi_id: 'booking_conversion',
        signal: 'ok',
        detail: 'nothing adverse',
        at: STAMPED_AT + 1_440 * MINUTE,
        log_wealth: -0.2,
        totals: { off: { n: 500, y: 120 }, on: { n: 510, y: 131 } },
      },
    ],
    ...given,
  });
}

export function makeIntervention(given: Partial<InterventionView> = {}): InterventionView {
  const at = STAMPED_AT + 2_000 * MINUTE;
  return {
    intervention_id: 'int-1',
    kind: 'throttle',
    epoch: 1,
    target_share: 0.05,
    reason: 'Evidence of harm reached 20 on booking_conversion',
    decided_at: at,
    intent_at: at + 100,
    outcome: 'accepted',
    accepted_at: at + 300,
    published_at: at + 2_000,
    effective_at: at + 60_000,
    not_effective_at: null,
    ...given,
  };
}

export function makeVerdict(given: Partial<VerdictView> = {}): VerdictView {
  return {
    verdict: 'pass',
    design: 'concurrent',
    segments: null,
    advice: null,
    reasons: ['meets_minimum'],
    summary: 'Bookings rose by 8%, more than the 5% that the contract asks for.',
    metrics: [],
    quality: [],
    warnings: [],
    more_weeks: null,
    revision: 1,
    made_at: STAMPED_AT + 12_000 * MINUTE,
    rule_version: '1',
    ledger_head: { size: 42, hash: 'e'.repeat(64) },
    ...given,
  };
}

export function makeForecast(given: Partial<ForecastView> = {}): ForecastView {
  return {
    conclusion: 'go',
    summary: 'Seven days are enough to see 5%.',
    adjustments: [],
    primary: {
      kpi_id: 'booking_conversion',
      title: 'Booking conversion',
      type: 'proportion',
      unit: 'ratio',
      scale: 'relative',
      baseline: 0.24,
      history_weeks: 4,
      units: 9_000,
      minimum_effect: 0.05,
      predicted_effect: 0.08,
      minimum_detectable_effect: 0.045,
      power_at_minimum: 0.86,
      weeks_needed: 0.9,
      method: 'normal',
      record: null,
    },
    odds: { pass: 0.8, fail: 0.05, inconclusive: 0.15 },
    odds_corrected: null,
    detection: [],
    fast_rules: [],
    findings: [],
    ...given,
  };
}
