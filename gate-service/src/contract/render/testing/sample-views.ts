import type { ChangeView, InterventionView, KpiSegmentsView, MetricResultView, VerdictView } from '../../api/change.ts';
import type { ForecastView } from '../../api/forecast.ts';
import { type ChangeContract, ChangeContractSchema } from '../../change-contract.ts';

// Invented numbers of a plausible small shop; the intervals were computed by hand (log ratio and Newcombe, 90%).

const MINUTE_MS = 60_000;
export const SAMPLE_EFFECTIVE = Date.UTC(2026, 10, 2, 9, 15) / MINUTE_MS;
const START_MS = SAMPLE_EFFECTIVE * MINUTE_MS;
const WINDOW = 10_080;

export const sampleContract: ChangeContract = ChangeContractSchema.parse({
  hypothesis: 'A shorter quote form gets more visitors to book',
  flag: 'short-quote-form',
  primary: { kpi: 'booking_conversion', at_least: '+5%' },
  leading: { kpi: 'quotes_started' },
  guardrails: [{ kpi: 'quote_error_rate', no_worse_than: '0.5pp' }],
  prediction: { delta: '+8%', basis: 'usability test with 12 customers' },
  // biome-ignore lint/suspicious/noThenProperty: the word of the contract
  fast: [{ kpi: 'quote_error_rate', above: '5%', for: '15m', then: 'throttle' }],
});

export const samplePrimary: MetricResultView = {
  kpi_id: 'booking_conversion',
  title: 'Booking conversion',
  roles: ['primary'],
  type: 'proportion',
  unit: 'ratio',
  levels: { control: null, treatment: null },
  scale: 'relative',
  status: 'ok',
  estimate: 0.0756,
  lo: 0.0126,
  hi: 0.1425,
  method: 'mover_ratio',
  control: { n: 5012, y: 1108 },
  treatment: { n: 4988, y: 1186 },
  threshold: 0.05,
  finding: 'reached',
};

export const sampleMetrics: readonly MetricResultView[] = [
  samplePrimary,
  {
    kpi_id: 'quotes_started',
    title: 'Quotes started',
    roles: ['leading'],
    type: 'proportion',
    unit: 'ratio',
    levels: { control: null, treatment: null },
    scale: 'relative',
    status: 'ok',
    estimate: 0.0433,
    lo: 0.009,
    hi: 0.0788,
    method: 'mover_ratio',
    control: { n: 5012, y: 2401 },
    treatment: { n: 4988, y: 2493 },
    threshold: null,
    finding: 'watched',
  },
  {
    kpi_id: 'quote_error_rate',
    title: 'Quote errors',
    roles: ['guardrail'],
    type: 'proportion',
    unit: 'ratio',
    levels: { control: null, treatment: null },
    scale: 'absolute',
    status: 'ok',
    estimate: -0.00103,
    lo: -0.0038,
    hi: 0.0017,
    method: 'newcombe',
    control: { n: 5012, y: 31 },
    treatment: { n: 4988, y: 36 },
    threshold: -0.005,
    finding: 'non_inferior',
  },
];

export const sampleSegments: KpiSegmentsView = {
  kpi_id: 'booking_conversion',
  scale: 'relative',
  cohorts: [
    {
      cohort: 'new',
      status: 'ok',
      estimate: 0.1204,
      lo: 0.0388,
      hi: 0.2089,
      control: { n: 3104, y: 640 },
      treatment: { n: 3076, y: 711 },
      q: 0.0282,
      share: 0.92,
      finding: 'stands_out',
    },
    {
      cohort: 'returning',
      status: 'ok',
      estimate: -0.0171,
      lo: -0.1101,
      hi: 0.0857,
      control: { n: 1897, y: 464 },
      treatment: { n: 1902, y: 457 },
      q: 0.78,
      share: -0.08,
      finding: 'no_difference_shown',
    },
    {
      cohort: '',
      status: 'insufficient',
      estimate: null,
      lo: null,
      hi: null,
      control: { n: 11, y: 4 },
      treatment: { n: 10, y: 3 },
      q: null,
      share: null,
      finding: 'no_answer',
    },
  ],
  heterogeneity: 0.0871,
  note: null,
};

export const sampleVerdict: VerdictView = {
  verdict: 'pass',
  design: 'concurrent',
  segments: null,
  advice: null,
  reasons: ['ok'],
  summary:
    'Booking conversion rose from 22.1% to 23.8%, by +7.6%. The contract asked for +5%, and no guardrail was harmed.',
  metrics: [...sampleMetrics],
  quality: [
    { check: 'sample_ratio_mismatch', status: 'ok', detail: '5012 and 4988 units at a set share of 50%' },
    { check: 'coverage', status: 'ok', detail: '99.2% of the expected units lie in buckets with data; floor 90%' },
    { check: 'multi_exposure', status: 'ok', detail: '0.1% of the units were served both variants' },
  ],
  warnings: [],
  more_weeks: null,
  revision: 1,
  made_at: START_MS + (WINDOW + 1_450) * MINUTE_MS + 4_000,
  rule_version: '1.0.0',
  ledger_head: { size: 12_345, hash: '9f2c7d01b4e88a6f5d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0f9e8d7c' },
};

export const sampleThrottle: InterventionView = {
  intervention_id: 'int-1',
  kind: 'throttle',
  epoch: 1,
  target_share: 0.05,
  reason: 'evidence of harm 24.1 of 20 over all metrics, most of it from quote_error_rate',
  decided_at: START_MS + 75 * MINUTE_MS,
  intent_at: START_MS + 75 * MINUTE_MS + 400,
  outcome: 'accepted',
  accepted_at: START_MS + 75 * MINUTE_MS + 1_300,
  published_at: START_MS + 75 * MINUTE_MS + 2_100,
  effective_at: START_MS + 79 * MINUTE_MS,
  not_effective_at: null,
};

export const sampleTurnOff: InterventionView = {
  intervention_id: 'int-2',
  kind: 'turn_off',
  epoch: 1,
  target_share: 0,
  reason: 'evidence of harm 112 of 100 over all metrics, most of it from quote_error_rate',
  decided_at: START_MS + 140 * MINUTE_MS,
  intent_at: START_MS + 140 * MINUTE_MS + 300,
  outcome: 'accepted',
  accepted_at: START_MS + 140 * MINUTE_MS + 900,
  published_at: START_MS + 140 * MINUTE_MS + 1_800,
  effective_at: null,
  not_effective_at: null,
};

export const sampleChange: ChangeView = {
  change_id: 'chg-42-0a1b2c3d4e',
  repository: 'acme/shop',
  pull_request: 42,
  commit_sha: '4f1d2c3b4a5968778695a4b3c2d1e0f012345678',
  contract_path: '.changegate/changes/short-quote-form.yml',
  contract_hash: '1c9e0d5a7b3f2864c0e1d2f3a4b5968778695a4b3c2d1e0f0123456789abcdef',
  kpis_hash: 'a83b5c7d9e1f20324354657687980a9b8c7d6e5f40312213243546576879809a',
  flag: 'short-quote-form',
  hypothesis: 'A shorter quote form gets more visitors to book',
  state: 'judged',
  observe_only: false,
  rollout_start: 0.5,
  stamped_at: START_MS - 30 * MINUTE_MS,
  activated_at: START_MS - 5 * MINUTE_MS,
  activation: { accepted_at: START_MS - 5 * MINUTE_MS, published_at: START_MS - 5 * MINUTE_MS, effective_at: null },
  effective_at: SAMPLE_EFFECTIVE,
  window_minutes: WINDOW,
  window_end: SAMPLE_EFFECTIVE + WINDOW,
  judge_due_at: SAMPLE_EFFECTIVE + WINDOW + 1_450,
  phases: [{ index: 0, cause: 'activation', share: 0.5, start_minute: SAMPLE_EFFECTIVE, end_minute: null }],
  looks: [
    {
      kpi_id: 'booking_conversion',
      signal: 'ok',
      detail: '',
      at: START_MS + 3_100 * MINUTE_MS,
      log_wealth: -0.4,
      totals: { off: { n: 1_540, y: 338 }, on: { n: 1_533, y: 361 } },
    },
    {
      kpi_id: 'quotes_started',
      signal: 'too_few_events',
      detail: '12 of 20 units needed for a block',
      at: START_MS + 3_100 * MINUTE_MS,
      log_wealth: 0,
      totals: { off: { n: 12, y: 5 }, on: { n: 14, y: 8 } },
    },
    {
      kpi_id: 'quote_error_rate',
      signal: 'ok',
      detail: '',
      at: START_MS + 3_100 * MINUTE_MS,
      log_wealth: Math.log(3.2),
      totals: { off: { n: 1_540, y: 9 }, on: { n: 1_533, y: 15 } },
    },
  ],
  interventions: [],
  verdicts: [sampleVerdict],
  decisions: [],
};

export const sampleForecast: ForecastView = {
  conclusion: 'adjust',
  summary: 'Seven days give about 10,400 visitors. That shows an effect of +7.6% or more; the contract passes at +5%.',
  adjustments: [
    'window: 14d would show +5.4% in 4 of 5 cases',
    'primary: quotes_started is reached by twice as many visitors and would show +3.9% in 7 days',
  ],
  primary: {
    kpi_id: 'booking_conversion',
    title: 'Booking conversion',
    type: 'proportion',
    unit: 'ratio',
    scale: 'relative',
    baseline: 0.2213,
    history_weeks: 8,
    units: 10_400,
    minimum_effect: 0.05,
    predicted_effect: 0.08,
    minimum_detectable_effect: 0.0762,
    power_at_minimum: 0.46,
    weeks_needed: 2.33,
    method: 'normal',
    record: null,
  },
  odds: { pass: 0.68, fail: 0.06, inconclusive: 0.26 },
  odds_corrected: null,
  detection: [
    { kpi_id: 'booking_conversion', minutes: 410, units_harmed: 312 },
    { kpi_id: 'quote_error_rate', minutes: 95, units_harmed: 5 },
  ],
  fast_rules: [{ kpi_id: 'quote_error_rate', firings_per_week: 0.25 }],
  findings: [],
};

export const sampleFinding: ForecastView['findings'][number] = {
  file: '.changegate/changes/short-quote-form.yml',
  line: 3,
  column: 14,
  path: 'primary.kpi',
  severity: 'error',
  code: 'unknown_kpi',
  message: 'The registry has no such KPI.',
  found: 'booking_convrsion',
  allowed: 'booking_conversion, quotes_started, quote_error_rate',
  remedy: 'write booking_conversion, or add the KPI to .changegate/kpis.yml',
};
