import { z } from 'zod';
import { DurationMinutesSchema, EffectSchema, LevelSchema, ShareSchema } from './effect.ts';
import { FlagNameSchema, KpiIdSchema } from './identifiers.ts';

/** The rules of the verdict (STATISTICS.md section O). */
export const VERDICT_RULES = ['meets_minimum', 'beats_zero', 'proves_minimum', 'no_worse_than'] as const;
export type VerdictRule = (typeof VERDICT_RULES)[number];

const Text = (max: number) => z.string().min(1).max(max);

const FastRuleSchema = z
  .strictObject({
    kpi: KpiIdSchema,
    above: LevelSchema.optional(),
    below: LevelSchema.optional(),
    for: DurationMinutesSchema.prefault('15m'),
    then: z.enum(['alert', 'throttle']).default('alert'),
  })
  .refine((rule) => (rule.above === undefined) !== (rule.below === undefined), {
    error: 'allowed: exactly one of above and below',
  })
  .transform((rule) => ({
    kpi: rule.kpi,
    side: rule.above === undefined ? ('below' as const) : ('above' as const),
    limit: (rule.above ?? rule.below) as number,
    forMinutes: rule.for,
    then: rule.then,
  }));

/**
 * The contract of one change: what it promises, locked by its hash when the change is stamped.
 * Input is what people write (DESIGN.md section 4); output has every default filled in, effects parsed,
 * shares as ratios in [0, 1] and durations in minutes.
 */
export const ChangeContractSchema = z
  .strictObject({
    hypothesis: Text(500),
    flag: FlagNameSchema,
    primary: z.strictObject({
      kpi: KpiIdSchema,
      at_least: EffectSchema.optional(),
      no_worse_than: EffectSchema.optional(),
    }),
    leading: z.strictObject({ kpi: KpiIdSchema }).optional(),
    guardrails: z
      .array(
        z.strictObject({
          kpi: KpiIdSchema,
          no_worse_than: EffectSchema,
          must_be_non_inferior: z.boolean().default(false),
        }),
      )
      .max(20)
      .default([]),
    prediction: z
      .strictObject({ delta: EffectSchema, basis: Text(500), uncertainty: EffectSchema.optional() })
      .optional(),
    window: DurationMinutesSchema.prefault('7d'),
    rule: z.enum(VERDICT_RULES).default('meets_minimum'),
    rollout: z
      .strictObject({ start: ShareSchema.prefault('50%'), throttle_to: ShareSchema.prefault('5%') })
      .prefault({}),
    design: z.enum(['auto', 'concurrent', 'before_after']).default('auto'),
    stop: z.strictObject({ adverse: z.enum(['throttle_then_off', 'observe']).default('throttle_then_off') }).prefault({}),
    fast: z.array(FastRuleSchema).max(20).default([]),
    coverage_floor: ShareSchema.prefault('90%'),
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
    rollout: { start: c.rollout.start, throttleTo: c.rollout.throttle_to },
    design: c.design,
    stop: c.stop,
    fast: c.fast,
    coverageFloor: c.coverage_floor,
  }));

export type ChangeContractInput = z.input<typeof ChangeContractSchema>;
export type ChangeContract = z.output<typeof ChangeContractSchema>;
export type FastRule = ChangeContract['fast'][number];
