import { z } from 'zod';
import { DurationMinutesSchema } from './effect.ts';
import { EventNameSchema, KpiIdSchema, SourceNameSchema, textSchema } from './identifiers.ts';

/**
 * A proportion over the `events` source. *Conversion*: `of`, `success` and `within`; one trial a unit.
 * *Status*: `of` alone; one trial is (unit, minute), and `status` says which outcome is counted.
 */
const ProportionMeasureSchema = z
  .strictObject({
    source: SourceNameSchema.describe('The name of a source; the gate service knows what stands behind it.'),
    type: z.literal('proportion').describe('The share of trials that end in success (or in error).'),
    unit_id: z.literal('user_id').default('user_id').describe('What is counted once.'),
    of: EventNameSchema.describe('The event that is a trial.'),
    success: EventNameSchema.optional().describe('A conversion: the event that makes a trial a success.'),
    within: DurationMinutesSchema.optional().describe(
      'A conversion: how long after the trial a success still counts, 1m to 28d.',
    ),
    status: z
      .enum(['error', 'success'])
      .optional()
      .describe('A status KPI: which outcome is counted. Default: what the direction is about.'),
  })
  .refine((m) => (m.success === undefined) === (m.within === undefined), {
    error: 'allowed: success and within together (a conversion), or neither (a status)',
  })
  .refine((m) => m.success === undefined || m.status === undefined, {
    error: 'allowed: status only without success and within',
  })
  .describe('How the KPI is measured.');

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
    unit: z.enum(['ratio']).describe('ratio: a share from 0% to 100%.'),
    direction: z.enum(['increase_is_good', 'decrease_is_good']).describe('Which way is better.'),
    journey_stage: textSchema(60).optional().describe('Where in the journey of a customer the KPI is.'),
    measure: ProportionMeasureSchema,
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
