import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderForecastCheck } from './check-output.ts';
import { renderForecastComment } from './forecast-comment.ts';
import { renderInterventionComment } from './intervention-comment.ts';
import { renderProgressComment } from './progress-comment.ts';
import { terminalText } from './terminal-text.ts';
import {
  SAMPLE_EFFECTIVE,
  sampleChange,
  sampleContract,
  sampleFinding,
  sampleForecast,
  sampleMetrics,
  samplePrimary,
  sampleSegments,
  sampleThrottle,
  sampleTurnOff,
  sampleVerdict,
} from './testing/sample-views.ts';
import { renderVerdictComment } from './verdict-comment.ts';

/**
 * What people see, kept as files to be read in a review. After a deliberate change of wording:
 * `UPDATE_GOLDEN=1 npx vitest run gate-service/src/contract/render/golden.test.ts`, then read the diff.
 */
const FOLDER = join(import.meta.dirname, 'golden');
const UPDATE = process.env.UPDATE_GOLDEN === '1';

const path = '.changegate/changes/short-quote-form.yml';
const entry = { path, contract: sampleContract, forecast: sampleForecast };
const present = { registry: 'present', headSha: sampleChange.commit_sha } as const;
const now = (SAMPLE_EFFECTIVE + 3_101) * 60_000;
const runUrl = 'https://github.com/acme/shop/actions/runs/42';
const off = {
  ...sampleChange,
  interventions: [sampleThrottle, sampleTurnOff],
  phases: [
    ...sampleChange.phases,
    { index: 1, cause: 'throttle', share: 0.05, start_minute: SAMPLE_EFFECTIVE + 76, end_minute: null },
  ],
};
const [, leading, guardrail] = sampleMetrics;

const harmed = {
  ...sampleVerdict,
  verdict: 'fail',
  made_at: sampleTurnOff.decided_at + 120_000,
  reasons: ['safety_rollback', 'guardrail:quote_error_rate'],
  summary: 'Quote errors rose from 0.6% to 3.9% within two hours. The flag was throttled, then turned off.',
  metrics: [
    {
      ...samplePrimary,
      estimate: -0.031,
      lo: -0.21,
      hi: 0.19,
      finding: 'not_reached',
      control: { n: 301, y: 66 },
      treatment: { n: 204, y: 43 },
    },
    {
      ...guardrail!,
      estimate: -0.0331,
      lo: -0.0606,
      hi: -0.0118,
      finding: 'harm_beyond_margin',
      control: { n: 301, y: 2 },
      treatment: { n: 204, y: 8 },
    },
  ],
} satisfies typeof sampleVerdict;

const undecided = {
  ...sampleVerdict,
  verdict: 'inconclusive',
  reasons: ['not_enough_evidence'],
  summary: 'Booking conversion was +2.4% higher, but with 840 visitors anything from -11.9% to +19.1% fits the data.',
  metrics: [
    {
      ...samplePrimary,
      estimate: 0.024,
      lo: -0.119,
      hi: 0.191,
      finding: 'unproven',
      control: { n: 421, y: 93 },
      treatment: { n: 419, y: 95 },
    },
    { ...leading!, estimate: null, lo: null, hi: null, status: 'insufficient', control: { n: 0, y: 0 } },
  ],
  quality: [
    ...sampleVerdict.quality,
    { check: 'late_share', status: 'unknown', detail: 'the source does not say when events arrived' },
    { check: 'a_new_check', status: 'failed', detail: 'a check that this renderer has no words for' },
  ],
  warnings: ['The effect of the first two days differs from that of the last three: this may be novelty.'],
  more_weeks: 6.2,
} satisfies typeof sampleVerdict;

/** A verdict on KPIs in their own units: amounts, times, events and samples. */
const otherTypes = {
  ...sampleVerdict,
  verdict: 'inconclusive',
  reasons: ['not_enough_evidence'],
  summary:
    'Revenue per visitor rose from 12.34 EUR to 12.71 EUR, by +3.0%; anything from -1.2% to +7.4% fits the data.',
  metrics: [
    {
      ...samplePrimary,
      kpi_id: 'revenue_per_visitor',
      title: 'Revenue per visitor',
      type: 'mean',
      unit: 'EUR',
      levels: { control: 12.3382, treatment: 12.7094 },
      estimate: 0.0301,
      lo: -0.0121,
      hi: 0.0742,
      finding: 'unproven',
      control: { n: 5012, y: 309_190 },
      treatment: { n: 4988, y: 316_970 },
    },
    {
      ...leading!,
      kpi_id: 'tickets_per_session',
      title: 'Tickets per session',
      type: 'rate',
      unit: 'per session',
      levels: { control: 0.01234567, treatment: 0.0131 },
      estimate: -0.0611,
      lo: -0.2134,
      hi: 0.0688,
      control: { n: 81_001, y: 1000 },
      treatment: { n: 79_999, y: 1048 },
    },
    {
      ...guardrail!,
      kpi_id: 'quote_latency',
      title: 'Slow quotes',
      type: 'quantile',
      unit: 'ms',
      levels: { control: 1812.4, treatment: 807.25 },
      scale: 'relative',
      estimate: 0.5546,
      lo: 0.531,
      hi: 0.5771,
      threshold: -0.05,
      control: { n: 12_345, y: 0 },
      treatment: { n: 12_290, y: 0 },
    },
    {
      ...guardrail!,
      kpi_id: 'dispatch_queue',
      title: 'Dispatch queue',
      type: 'gauge',
      unit: 'jobs',
      levels: { control: 41.2, treatment: null },
      scale: 'relative',
      status: 'insufficient',
      estimate: null,
      lo: null,
      hi: null,
      threshold: -0.1,
      finding: 'unproven',
      control: { n: 10_080, y: 415_296 },
      treatment: { n: 1, y: 40 },
    },
  ],
  advice: { kpi_id: 'revenue_per_visitor', advice: 'keep', p_gain: 0.81, loss_keep: 14, loss_revert: 260 },
  more_weeks: 3.1,
} satisfies typeof sampleVerdict;

const beforeAfter = {
  ...otherTypes,
  design: 'before_after',
  verdict: 'pass',
  reasons: ['ok'],
  summary: 'Revenue per visitor was 12.71 EUR; the eight weeks before led to expect 11.52 EUR.',
  advice: null,
  more_weeks: null,
  metrics: [
    {
      ...otherTypes.metrics[0]!,
      levels: { control: 11.52, treatment: 12.71 },
      estimate: 0.1033,
      lo: 0.0612,
      hi: 0.1454,
      finding: 'reached',
      control: { n: 80_112, y: 4_614_451 },
      treatment: { n: 10_000, y: 635_500 },
    },
  ],
} satisfies typeof sampleVerdict;

/** A verdict by cohort: one KPI that is broken down, and one that cannot be. */
const withSegments = {
  ...sampleVerdict,
  segments: [
    sampleSegments,
    {
      kpi_id: 'quote_error_rate',
      scale: 'absolute',
      cohorts: [],
      heterogeneity: null,
      note: 'Its source is asked for totals only.',
    },
  ],
} satisfies typeof sampleVerdict;

const GOLDEN: Readonly<Record<string, () => string>> = {
  'forecast-adjust': () => renderForecastComment({ ...present, forecasts: [entry], runUrl }),
  'forecast-go': () =>
    renderForecastComment({
      ...present,
      forecasts: [
        {
          ...entry,
          forecast: { ...sampleForecast, conclusion: 'go', adjustments: [], summary: 'Seven days are enough.' },
        },
      ],
    }),
  'forecast-no-contract': () =>
    renderForecastComment({ ...present, forecasts: [], contractRequiredFor: ['src/checkout/form.ts'] }),
  'forecast-first-adoption': () => renderForecastComment({ registry: 'missing', forecasts: [] }),
  'forecast-errors': () =>
    renderForecastComment({
      ...present,
      forecasts: [{ path, contract: null, forecast: null, findings: [sampleFinding] }],
    }),
  'forecast-without-history': () =>
    renderForecastComment({
      ...present,
      forecasts: [
        {
          ...entry,
          forecast: {
            ...sampleForecast,
            summary: 'There is no history for booking_conversion, so nobody can say what 7 days will show.',
            adjustments: ['send events for booking_conversion for two weeks first'],
            odds: null,
            primary: {
              ...sampleForecast.primary,
              baseline: null,
              units: null,
              minimum_detectable_effect: null,
              power_at_minimum: null,
              weeks_needed: null,
              history_weeks: 0,
            },
            fast_rules: [{ kpi_id: 'quote_error_rate', firings_per_week: null }],
            detection: [{ kpi_id: 'booking_conversion', minutes: null, units_harmed: null }],
          },
        },
      ],
    }),
  'forecast-with-record': () =>
    renderForecastComment({
      ...present,
      forecasts: [
        {
          ...entry,
          forecast: {
            ...sampleForecast,
            odds_corrected: { pass: 0.41, fail: 0.17, inconclusive: 0.42 },
            primary: {
              ...sampleForecast.primary,
              kpi_id: 'revenue_per_visitor',
              title: 'Revenue per visitor',
              type: 'mean',
              unit: 'EUR',
              baseline: 12.338,
              record: {
                count: 7,
                in_direction: 5,
                median_ratio: 0.5,
                brier: 0.42,
                brier_reference: 0.6,
                corrected_effect: 0.04,
              },
            },
          },
        },
      ],
    }),
  'forecast-two-contracts': () =>
    renderForecastComment({
      ...present,
      forecasts: [
        entry,
        { path: '.changegate/changes/other.yml', contract: null, forecast: null, findings: [sampleFinding] },
      ],
    }),
  'forecast-no-answer': () =>
    renderForecastComment({
      ...present,
      forecasts: [{ path, contract: sampleContract, forecast: null }],
      problem: {
        message: 'The gate did not answer within 8 s.',
        remedy: 'check the input gate-url, then re-run this job',
      },
    }),
  'forecast-check-summary': () => renderForecastCheck({ ...present, forecasts: [entry] }).summary,
  'progress-watching': () =>
    renderProgressComment([{ ...sampleChange, state: 'watching', verdicts: [] }], { now, runUrl }),
  'progress-throttled': () =>
    renderProgressComment(
      [
        { ...off, state: 'throttled', verdicts: [], interventions: [sampleThrottle] },
        { ...sampleChange, state: 'stamped', effective_at: null, looks: [] },
      ],
      { now },
    ),
  'progress-judged': () => renderProgressComment([sampleChange], { now }),
  'intervention-throttle': () => renderInterventionComment(off, sampleThrottle, { runUrl }),
  'intervention-turn-off-blocked': () =>
    renderInterventionComment(off, {
      ...sampleTurnOff,
      outcome: 'blocked:change_request',
      accepted_at: null,
      published_at: null,
    }),
  'verdict-pass': () => renderVerdictComment(sampleChange, sampleVerdict, { contract: sampleContract, runUrl }),
  'verdict-fail': () => renderVerdictComment(off, harmed),
  'verdict-inconclusive': () => renderVerdictComment(sampleChange, undecided, { contract: sampleContract }),
  'verdict-other-types': () => renderVerdictComment(sampleChange, otherTypes),
  'verdict-before-after': () => renderVerdictComment(sampleChange, beforeAfter),
  'verdict-revision': () =>
    renderVerdictComment(
      { ...sampleChange, verdicts: [undecided, { ...sampleVerdict, revision: 2 }] },
      { ...sampleVerdict, revision: 2 },
    ),
  'verdict-segments': () => renderVerdictComment(sampleChange, withSegments, { contract: sampleContract }),
  'verdict-pass-terminal': () =>
    terminalText(renderVerdictComment(sampleChange, sampleVerdict, { contract: sampleContract })),
};

describe('rendered texts are those in golden/', () => {
  it.each(Object.entries(GOLDEN))('%s', (name, render) => {
    const file = join(FOLDER, `${name}.md`);
    const text = render();
    if (UPDATE) {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, text);
    }
    expect(text).toBe(readFileSync(file, 'utf8'));
  });

  it('has no golden file that nothing renders', () => {
    const files = readdirSync(FOLDER).map((file) => basename(file, '.md'));
    expect(files.sort()).toEqual(Object.keys(GOLDEN).sort());
  });
});
