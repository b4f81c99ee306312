import { z } from 'zod';
import { DurationMinutesSchema } from './effect.ts';
import { EventNameSchema, KpiIdSchema, SourceNameSchema } from './identifiers.ts';

const Text = (max: number) => z.string().min(1).max(max);

/**
 * A proportion over the `events` source. *Conversion*: `of`, `success` and `within`; one trial a unit.
 * *Status*: `of` alone; one trial is (unit, minute), and `status` says which outcome is counted.
 */
const ProportionMeasureSchema = z
  .strictObject({
    source: SourceNameSchema,
    type: z.literal('proportion'),
    unit_id: z.literal('user_id').default('user_id'),
    of: EventNameSchema,
    success: EventNameSchema.optional(),
    within: DurationMinutesSchema.optional(),
    status: z.enum(['error', 'success']).optional(),
  })
  .refine((m) => (m.success === undefined) === (m.within === undefined), {
    error: 'allowed: success and within together (a conversion), or neither (a status)',
  })
  .refine((m) => m.success === undefined || m.status === undefined, {
    error: 'allowed: status only without success and within',
  });

const SlaStepSchema = z.strictObject({
  root_cause: DurationMinutesSchema.optional(),
  plan: DurationMinutesSchema.optional(),
});

export const KpiDefinitionSchema = z
  .strictObject({
    title: Text(120),
    definition: Text(500),
    owner: Text(120),
    cadence: z.enum(['minute', 'hourly', 'daily', 'weekly']).default('daily'),
    unit: z.enum(['ratio']),
    direction: z.enum(['increase_is_good', 'decrease_is_good']),
    journey_stage: Text(60).optional(),
    measure: ProportionMeasureSchema,
    bands: z.strictObject({ red: Text(60).optional(), yellow: Text(60).optional(), green: Text(60).optional() }).optional(),
    sla: z.strictObject({ red: SlaStepSchema.optional(), yellow: SlaStepSchema.optional() }).optional(),
    runbook: Text(300).optional(),
  })
  .transform((k) => ({
    title: k.title,
    definition: k.definition,
    owner: k.owner,
    cadence: k.cadence,
    unit: k.unit,
    direction: k.direction,
    journeyStage: k.journey_stage ?? null,
    measure: {
      source: k.measure.source,
      type: k.measure.type,
      of: k.measure.of,
      success: k.measure.success ?? null,
      /** Minutes after the trial in which a success counts; 0 for a status KPI. */
      withinMinutes: k.measure.within ?? 0,
      /** Outcome that a status KPI counts; null for a conversion. Default: what the direction is about. */
      counts:
        k.measure.success === undefined
          ? (k.measure.status ?? (k.direction === 'decrease_is_good' ? ('error' as const) : ('success' as const)))
          : null,
    },
    bands: k.bands ?? null,
    sla: k.sla ?? null,
    runbook: k.runbook ?? null,
  }));

/** The KPI registry: a mapping from KPI id to its definition. */
export const KpiRegistrySchema = z
  .record(KpiIdSchema, KpiDefinitionSchema)
  .transform((registry) => Object.entries(registry).map(([id, kpi]): Kpi => ({ id, ...kpi })));

export type KpiRegistryInput = z.input<typeof KpiRegistrySchema>;
/** One KPI with its id; `measure.withinMinutes` and `measure.counts` tell its kind. */
export type Kpi = { readonly id: string } & z.output<typeof KpiDefinitionSchema>;
