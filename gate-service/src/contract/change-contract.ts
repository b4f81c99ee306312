import { z } from 'zod';
import { DurationMinutesSchema, EffectSchema, LevelSchema, ShareSchema } from './effect.ts';
import { FlagNameSchema, KpiIdSchema, textSchema } from './identifiers.ts';

/** The rules of the verdict; docs/files.md says what each needs. */
export const VERDICT_RULES = ['meets_minimum', 'beats_zero', 'proves_minimum', 'no_worse_than'] as const;
export type VerdictRule = (typeof VERDICT_RULES)[number];

/** What a contract means by the keys that it leaves out, as people would write it. */
export const CONTRACT_DEFAULTS = {
  window: '7d',
  rule: 'meets_minimum',
  start: '50%',
  throttleTo: '5%',
  design: 'auto',
  adverse: 'throttle_then_off',
  fastFor: '15m',
  fastThen: 'alert',
  coverageFloor: '90%',
} as const;

/** Without a control group the change is on for everybody. */
const DEFAULT_START = { auto: 0.5, concurrent: 0.5, before_after: 1 } as const;

const FastRuleSchema = z
  .strictObject({
    kpi: KpiIdSchema.describe('The KPI that is limited.'),
    above: LevelSchema.optional().describe('The limit, when high values are bad: a level such as 5%.'),
    below: LevelSchema.optional().describe('The limit, when low values are bad: a level such as 80%.'),
    for: DurationMinutesSchema.prefault(CONTRACT_DEFAULTS.fastFor).describe(
      'How long a span the rate is taken over, up to the window.',
    ),
    // biome-ignore lint/suspicious/noThenProperty: the word of the contract
    then: z
      .enum(['alert', 'throttle'])
      .default(CONTRACT_DEFAULTS.fastThen)
      .describe('What happens when the limit is broken: people are told, or the flag is throttled.'),
  })
  .refine((rule) => (rule.above === undefined) !== (rule.below === undefined), {
    error: 'allowed: exactly one of above and below',
  })
  .transform((rule) => ({
    kpi: rule.kpi,
    side: rule.above === undefined ? ('below' as const) : ('above' as const),
    limit: (rule.above ?? rule.below) as number,
    forMinutes: rule.for,
    // biome-ignore lint/suspicious/noThenProperty: the word of the contract; it holds a text, so nothing can await it
    then: rule.then,
  }));

const PrimarySchema = z
  .strictObject({
    kpi: KpiIdSchema.describe('The KPI that decides, by its id in the registry.'),
    at_least: EffectSchema.optional().describe(
      'The smallest effect that is a pass, with the good sign of the KPI: +5%, -20% or +0.5pp.',
    ),
    no_worse_than: EffectSchema.optional().describe(
      'The margin of the rule no_worse_than, without sign: how much worse still passes.',
    ),
  })
  .describe('The one outcome that decides.');

const GuardrailSchema = z.strictObject({
  kpi: KpiIdSchema.describe('The KPI that must not get worse, by its id in the registry.'),
  no_worse_than: EffectSchema.describe('The margin, without sign: 2% (relative) or 0.5pp (absolute).'),
  must_be_non_inferior: z
    .boolean({ error: 'allowed: true or false' })
    .default(false)
    .describe('true: a pass also needs proof that this KPI is within its margin.'),
});

const PredictionSchema = z
  .strictObject({
    delta: EffectSchema.describe('The effect that the author expects, with its sign: +8%.'),
    basis: textSchema(500).describe('What the expectation rests on.'),
    uncertainty: EffectSchema.optional().describe(
      'How far off the author may be, without sign, in the unit of delta: 3%.',
    ),
  })
  .describe('What the author expects; compared with the verdict later.');

const RolloutSchema = z
  .strictObject({
    start: ShareSchema.optional().describe(
      'Share of the traffic that gets the change at activation: above 0%, at most 95%; or 100% without a control group.',
    ),
    throttle_to: ShareSchema.prefault(CONTRACT_DEFAULTS.throttleTo).describe(
      'Share that keeps the change after a throttle: below start.',
    ),
  })
  .describe('How much of the traffic gets the change.');

/** Compared with `user_cohort` of events character by character, so that nothing is made of it here. */
const COHORT_ALLOWED = 'allowed: a cohort as events name it, 1 to 100 characters';
const CohortSchema = z
  .string({ error: COHORT_ALLOWED })
  .max(100, { error: COHORT_ALLOWED })
  .regex(/\S/, { error: COHORT_ALLOWED });

const DAY_MS = 86_400_000;
const DATE_SPAN = /^(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?$/;
const DATE_SPAN_ALLOWED = 'allowed: a day, or two with .. between them, such as 2026-12-24..2026-12-26';

/** Whole UTC days (since 1970) from the first to the last, both included. */
const DateSpanSchema = z
  .string({ error: DATE_SPAN_ALLOWED })
  .regex(DATE_SPAN, { error: DATE_SPAN_ALLOWED })
  .transform((text, context) => {
    const [, first = '', last = first] = DATE_SPAN.exec(text) ?? [];
    const [firstDay, lastDay] = [dayOf(first), dayOf(last)];
    if (firstDay !== null && lastDay !== null && firstDay <= lastDay) return { firstDay, lastDay };
    context.addIssue({ code: 'custom', message: DATE_SPAN_ALLOWED });
    return z.NEVER;
  });

/** Null for a day that no calendar has, such as 2026-02-30. */
function dayOf(text: string): number | null {
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text ? null : at / DAY_MS;
}

const BeforeAfterSchema = z
  .strictObject({
    exclude: z
      .array(DateSpanSchema)
      .max(50)
      .default([])
      .describe('Days (UTC) that are no guide to others, such as holidays and incidents: "2026-12-24..2026-12-26".'),
    comparison: KpiIdSchema.optional().describe(
      'A KPI that the change cannot touch and that moves with the primary one: what moves both is taken out.',
    ),
  })
  .describe('For the design before_after: what makes weeks comparable.');

/**
 * The contract of one change: what it promises, locked by its hash when the change is stamped.
 * Input is what people write (docs/files.md); output has every default filled in, effects parsed,
 * shares as ratios in [0, 1] and durations in minutes.
 */
export const ChangeContractSchema = z
  .strictObject({
    hypothesis: textSchema(500).describe('What the change is expected to do for whom, in one sentence.'),
    flag: FlagNameSchema.describe('The name of the feature flag that turns the change on.'),
    primary: PrimarySchema,
    leading: z
      .strictObject({ kpi: KpiIdSchema.describe('The KPI that answers early, by its id in the registry.') })
      .optional()
      .describe('The one early signal, watched from the first minutes on.'),
    guardrails: z.array(GuardrailSchema).max(20).default([]).describe('What must not get worse.'),
    prediction: PredictionSchema.optional(),
    window: DurationMinutesSchema.prefault(CONTRACT_DEFAULTS.window).describe(
      'How long the change is measured: 1d to 28d. Whole weeks see every weekday equally often.',
    ),
    rule: z.enum(VERDICT_RULES).default(CONTRACT_DEFAULTS.rule).describe('What a pass needs.'),
    rollout: RolloutSchema.prefault({}),
    design: z
      .enum(['auto', 'concurrent', 'before_after'])
      .default(CONTRACT_DEFAULTS.design)
      .describe(
        'What the change is compared with: the traffic without it at the same time (concurrent), or the weeks before it.',
      ),
    before_after: BeforeAfterSchema.optional(),
    cohorts: z
      .array(CohortSchema)
      .min(1)
      .max(20)
      .optional()
      .describe('Groups that the verdict is broken down by, as events carry them in user_cohort. They decide nothing.'),
    stop: z
      .strictObject({
        adverse: z
          .enum(['throttle_then_off', 'observe'])
          .default(CONTRACT_DEFAULTS.adverse)
          .describe('What an adverse signal does; observe computes and says everything and touches nothing.'),
      })
      .prefault({})
      .describe('What happens on harm.'),
    fast: z.array(FastRuleSchema).max(20).default([]).describe('Limits that are watched in minutes.'),
    coverage_floor: ShareSchema.prefault(CONTRACT_DEFAULTS.coverageFloor).describe(
      'Share of the window that must have data; with less the verdict is inconclusive.',
    ),
  })
  .transform((c) => ({
    hypothesis: c.hypothesis,
    flag: c.flag,
    primary: { kpi: c.primary.kpi, atLeast: c.primary.at_least ?? null, noWorseThan: c.primary.no_worse_than ?? null },
    leading: c.leading ?? null,
    guardrails: c.guardrails.map((g) => ({
      kpi: g.kpi,
      noWorseThan: g.no_worse_than,
      mustBeNonInferior: g.must_be_non_inferior,
    })),
    prediction: c.prediction
      ? { delta: c.prediction.delta, basis: c.prediction.basis, uncertainty: c.prediction.uncertainty ?? null }
      : null,
    windowMinutes: c.window,
    rule: c.rule,
    rollout: { start: c.rollout.start ?? DEFAULT_START[c.design], throttleTo: c.rollout.throttle_to },
    design: c.design,
    ...(c.before_after && {
      beforeAfter: { exclude: c.before_after.exclude, comparison: c.before_after.comparison ?? null },
    }),
    ...(c.cohorts && { cohorts: c.cohorts }),
    stop: c.stop,
    fast: c.fast,
    coverageFloor: c.coverage_floor,
  }));

export type ChangeContractInput = z.input<typeof ChangeContractSchema>;
export type ChangeContract = z.output<typeof ChangeContractSchema>;
export type FastRule = ChangeContract['fast'][number];
