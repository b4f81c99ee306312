import { z } from 'zod';
import { ChangeIdSchema, CommitShaSchema, KpiIdSchema, RepositorySchema } from '../identifiers.ts';

const Instant = z.number().int().describe('milliseconds since 1970-01-01T00:00:00Z');
const Minute = z.number().int().describe('minutes since 1970-01-01T00:00:00Z');
const TallySchema = z.object({ n: z.number(), y: z.number() });

export const ChangeStateSchema = z.enum([
  'stamped',
  'watching',
  'throttled',
  'off',
  'judged',
  'decided',
  'superseded',
  'void',
]);

export const InterventionViewSchema = z.object({
  intervention_id: z.string(),
  kind: z.enum(['throttle', 'turn_off']),
  epoch: z.number().int(),
  target_share: z.number(),
  reason: z.string(),
  decided_at: Instant,
  intent_at: Instant.nullable(),
  outcome: z.string(),
  accepted_at: Instant.nullable(),
  published_at: Instant.nullable(),
  effective_at: Instant.nullable(),
  not_effective_at: Instant.nullable(),
});

export const MetricLookViewSchema = z.object({
  kpi_id: KpiIdSchema,
  signal: z.enum(['ok', 'adverse', 'no_data', 'stale', 'source_error', 'too_few_events']),
  detail: z.string(),
  at: Instant,
  log_wealth: z.number(),
  totals: z.object({ off: TallySchema, on: TallySchema }),
});

export const MetricResultViewSchema = z.object({
  kpi_id: KpiIdSchema,
  title: z.string(),
  roles: z.array(z.enum(['primary', 'leading', 'guardrail'])),
  type: z.enum(['proportion', 'mean', 'ratio', 'rate', 'quantile', 'gauge']).default('proportion'),
  unit: z.string().default('ratio'),
  levels: z
    .object({ control: z.number().nullable(), treatment: z.number().nullable() })
    .default({ control: null, treatment: null }),
  scale: z.enum(['relative', 'absolute']),
  status: z.string(),
  estimate: z.number().nullable(),
  lo: z.number().nullable(),
  hi: z.number().nullable(),
  method: z.string(),
  control: TallySchema,
  treatment: TallySchema,
  threshold: z.number().nullable(),
  finding: z.string(),
});

const SegmentViewSchema = z.object({
  cohort: z.string(),
  status: z.string(),
  estimate: z.number().nullable(),
  lo: z.number().nullable(),
  hi: z.number().nullable(),
  control: TallySchema,
  treatment: TallySchema,
  q: z.number().nullable(),
  share: z.number().nullable(),
  finding: z.string(),
});

/** One KPI by the cohorts that the contract declares; exploratory. */
export const KpiSegmentsViewSchema = z.object({
  kpi_id: KpiIdSchema,
  scale: z.enum(['relative', 'absolute']),
  cohorts: z.array(SegmentViewSchema),
  heterogeneity: z.number().nullable(),
  note: z.string().nullable(),
});

export const VerdictViewSchema = z.object({
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  design: z.enum(['concurrent', 'before_after']).default('concurrent'),
  reasons: z.array(z.string()).min(1),
  summary: z.string(),
  metrics: z.array(MetricResultViewSchema),
  segments: z.array(KpiSegmentsViewSchema).nullable().default(null),
  quality: z.array(z.object({ check: z.string(), status: z.enum(['ok', 'failed', 'unknown']), detail: z.string() })),
  warnings: z.array(z.string()),
  advice: z
    .object({
      kpi_id: KpiIdSchema,
      advice: z.enum(['keep', 'revert']),
      p_gain: z.number(),
      loss_keep: z.number(),
      loss_revert: z.number(),
    })
    .nullable()
    .default(null),
  more_weeks: z.number().nullable(),
  revision: z.number().int(),
  made_at: Instant,
  rule_version: z.string(),
  ledger_head: z.object({ size: z.number().int(), hash: z.string() }),
});

/** A change as every client sees it. */
export const ChangeViewSchema = z.object({
  change_id: ChangeIdSchema,
  repository: RepositorySchema,
  pull_request: z.number().int().nullable(),
  commit_sha: CommitShaSchema,
  contract_path: z.string(),
  contract_hash: z.string(),
  kpis_hash: z.string(),
  flag: z.string(),
  hypothesis: z.string(),
  state: ChangeStateSchema,
  observe_only: z.boolean(),
  rollout_start: z.number(),
  stamped_at: Instant,
  activated_at: Instant.nullable(),
  /** How far the activation is proven: by the flag service, by SDKs, by who was exposed. */
  activation: z.object({
    accepted_at: Instant.nullable(),
    published_at: Instant.nullable(),
    effective_at: Instant.nullable(),
  }),
  effective_at: Minute.nullable(),
  window_minutes: z.number().int(),
  window_end: Minute.nullable(),
  judge_due_at: Minute.nullable(),
  phases: z.array(
    z.object({
      index: z.number().int(),
      cause: z.string(),
      share: z.number(),
      start_minute: Minute,
      end_minute: Minute.nullable(),
    }),
  ),
  looks: z.array(MetricLookViewSchema),
  interventions: z.array(InterventionViewSchema),
  verdicts: z.array(VerdictViewSchema),
  decisions: z.array(z.object({ decision: z.string(), by: z.string(), reason: z.string(), at: Instant })),
});

export type ChangeView = z.infer<typeof ChangeViewSchema>;
export type VerdictView = z.infer<typeof VerdictViewSchema>;
export type InterventionView = z.infer<typeof InterventionViewSchema>;
export type KpiSegmentsView = z.infer<typeof KpiSegmentsViewSchema>;
export type SegmentView = z.infer<typeof SegmentViewSchema>;
export type MetricResultView = z.infer<typeof MetricResultViewSchema>;
