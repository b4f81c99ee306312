import { z } from 'zod';
import { DurationMinutesSchema } from './effect.ts';
import { KpiIdSchema, textSchema } from './identifiers.ts';
import { MeasureSchema, toMeasure } from './kpi-measure.ts';

const SlaStepSchema = z.strictObject({
  root_cause: DurationMinutesSchema.optional().describe('Time until the cause is known.'),
  plan: DurationMinutesSchema.optional().describe('Time until there is a plan.'),
});

const BandSchema = textSchema(60).describe('"< 20%", "20%..30%" or "> 30%"; in quotes.');

export const KpiDefinitionSchema = z
  .strictObject({
    title: textSchema(120).describe('The name that people read.'),
    definition: textSchema(500).describe('What is counted, in one sentence.'),
    owner: textSchema(120).describe('Who answers for the KPI: a team or a person.'),
    cadence: z
      .enum(['minute', 'hourly', 'daily', 'weekly'])
      .default('daily')
      .describe('How often people look at the KPI.'),
    unit: textSchema(30).describe(
      'ratio: a share from 0% to 100%, for a proportion. Else what people read: EUR, ms, per session.',
    ),
    direction: z.enum(['increase_is_good', 'decrease_is_good']).describe('Which way is better.'),
    journey_stage: textSchema(60).optional().describe('Where in the journey of a customer the KPI is.'),
    measure: MeasureSchema,
    bands: z
      .strictObject({ red: BandSchema.optional(), yellow: BandSchema.optional(), green: BandSchema.optional() })
      .optional()
      .describe('The levels that people call red, yellow and green.'),
    sla: z
      .strictObject({ red: SlaStepSchema.optional(), yellow: SlaStepSchema.optional() })
      .optional()
      .describe('How fast people react to a band.'),
    runbook: textSchema(300).optional().describe('Where to read what to do: a path or a link.'),
  })
  .refine((k) => (k.measure.type === 'proportion') === (k.unit === 'ratio'), {
    error:
      'allowed: ratio for a proportion; for every other type what its levels are in, such as EUR, ms or per session',
    path: ['unit'],
  })
  .transform((k) => ({
    title: k.title,
    definition: k.definition,
    owner: k.owner,
    cadence: k.cadence,
    unit: k.unit,
    direction: k.direction,
    journeyStage: k.journey_stage ?? null,
    measure: toMeasure(k.measure, k.direction),
    bands: k.bands ?? null,
    sla: k.sla ?? null,
    runbook: k.runbook ?? null,
  }));

/** The KPI registry: a mapping from KPI id to its definition. */
export const KpiRegistrySchema = z
  .record(KpiIdSchema, KpiDefinitionSchema)
  .transform((registry) => Object.entries(registry).map(([id, kpi]): Kpi => ({ id, ...kpi })));

export type KpiRegistryInput = z.input<typeof KpiRegistrySchema>;
/** One KPI with its id; `measure.type` tells its kind. */
export type Kpi = { readonly id: string } & z.output<typeof KpiDefinitionSchema>;
