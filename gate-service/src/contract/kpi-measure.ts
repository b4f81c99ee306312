import { z } from 'zod';
import { DurationMinutesSchema } from './effect.ts';
import { EventNameSchema, SourceNameSchema } from './identifiers.ts';

/** Quantiles that a KPI can be about. */
const QUANTILES = { p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95, p99: 0.99 } as const;
type QuantileName = keyof typeof QUANTILES;

/** An amount is kept in whole steps: a cap has this many, so that sums are exact whatever their order. */
const STEPS_PER_CAP = 10_000;
/** Most events that are counted of one unit: unless the file says otherwise, and at all. A far cap makes the watch slow. */
const USUAL_EVENTS = 50;
const MOST_EVENTS = 1_000;

const source = SourceNameSchema.describe('The name of a source; the gate service knows what stands behind it.');
const within = DurationMinutesSchema.describe('How long after the trial something still counts, 1m to 28d.');
const capError = { error: 'allowed: a number above 0 and at most 1000000000000, such as 2000' };
const cap = z
  .number(capError)
  .positive(capError)
  .max(1e12, capError)
  .describe('Amounts above it count as this much: about the largest that is normal for one unit.');
const sum = z.enum(['value', 'events']);

interface WrittenAmount {
  readonly sum: 'value' | 'events';
  readonly cap?: number | undefined;
}
const hasCap = (m: WrittenAmount) => m.sum === 'events' || m.cap !== undefined;
const hasWholeCap = (m: WrittenAmount) =>
  m.sum === 'value' || m.cap === undefined || (Number.isInteger(m.cap) && m.cap <= MOST_EVENTS);
const NEEDS_CAP = 'allowed: a number above 0, such as 2000: where values are added up a cap is needed';
const NEEDS_WHOLE_CAP = `allowed: a whole number from 1 to ${MOST_EVENTS} where events are counted (sum: events)`;

/**
 * *Conversion*: `of`, `success` and `within`; one trial a unit. *Status*: `of` alone; one trial is (unit, minute), and
 * `status` says which outcome is counted.
 */
const ProportionMeasureSchema = z
  .strictObject({
    source,
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
  });

const MeanMeasureSchema = z
  .strictObject({
    source,
    type: z.literal('mean').describe('What a unit brings in, on average over all units.'),
    unit_id: z.literal('user_id').default('user_id').describe('What is counted once.'),
    of: EventNameSchema.describe("The event that is a trial: a unit's first one."),
    value_of: EventNameSchema.describe('The event that is added up for each unit.'),
    within,
    sum: sum.default('value').describe('value: their `value`. events: how many there are.'),
    cap: cap.optional(),
  })
  .refine(hasCap, { path: ['cap'], error: NEEDS_CAP })
  .refine(hasWholeCap, { path: ['cap'], error: NEEDS_WHOLE_CAP });

const RatioMeasureSchema = z
  .strictObject({
    source,
    type: z.literal('ratio').describe('One sum over another, such as revenue per order or errors per request.'),
    unit_id: z.literal('user_id').default('user_id').describe('What is counted once.'),
    of: EventNameSchema.describe("The event that is a trial: a unit's first one."),
    numerator: EventNameSchema.describe('The event that is added up above the line.'),
    denominator: EventNameSchema.describe('The event that is counted below the line.'),
    within,
    sum: sum.default('events').describe('Of the numerator. value: its `value`. events: how many there are.'),
    cap: cap.optional(),
    denominator_cap: z
      .int({ error: NEEDS_WHOLE_CAP })
      .min(1, { error: NEEDS_WHOLE_CAP })
      .max(MOST_EVENTS, { error: NEEDS_WHOLE_CAP })
      .default(USUAL_EVENTS)
      .describe('Most events of one unit that are counted below the line.'),
  })
  .refine(hasCap, { path: ['cap'], error: NEEDS_CAP })
  .refine(hasWholeCap, { path: ['cap'], error: NEEDS_WHOLE_CAP });

const RateMeasureSchema = z.strictObject({
  source,
  type: z.literal('rate').describe('Events for each event of exposure, such as tickets per session.'),
  of: EventNameSchema.describe('The event that is one of exposure.'),
  count: EventNameSchema.describe('The event that is counted.'),
});

const QuantileMeasureSchema = z.strictObject({
  source,
  type: z
    .literal('quantile')
    .describe("A quantile of `latency_ms`, the slowest of a unit's events in a minute being one trial."),
  of: EventNameSchema.describe('The event that has a latency.'),
  quantile: z
    .enum(Object.keys(QUANTILES) as [QuantileName, ...QuantileName[]])
    .describe('Which quantile: p95 is usual.'),
});

const GaugeMeasureSchema = z.strictObject({
  source,
  type: z.literal('gauge').describe('A level that is sampled, such as the length of a queue: its mean over time.'),
  of: EventNameSchema.describe('The event that is a sample; its `value` is the level.'),
  cap,
});

export const MeasureSchema = z
  .discriminatedUnion('type', [
    ProportionMeasureSchema,
    MeanMeasureSchema,
    RatioMeasureSchema,
    RateMeasureSchema,
    QuantileMeasureSchema,
    GaugeMeasureSchema,
  ])
  .describe('How the KPI is measured.');

/** What is added up for a trial: the events, or their values in whole steps up to a cap. */
export interface Amount {
  readonly event: string;
  readonly add: 'value' | 'events';
  /** In the unit of the KPI: a trial's sum is kept in [0, cap]. */
  readonly cap: number;
  /** Size of one step in the unit of the KPI: sums are whole numbers of steps. */
  readonly step: number;
}

interface CommonMeasure {
  readonly source: string;
  /** The event that is a trial, a sample or one of exposure. */
  readonly of: string;
  /** Minutes after the trial in which something counts; 0 when it counts at once. */
  readonly withinMinutes: number;
}

export interface ProportionMeasure extends CommonMeasure {
  readonly type: 'proportion';
  readonly success: string | null;
  /** Outcome that a status KPI counts; null for a conversion. Default: what the direction is about. */
  readonly counts: 'error' | 'success' | null;
}

export interface MeanMeasure extends CommonMeasure {
  readonly type: 'mean';
  readonly amount: Amount;
}

export interface RatioMeasure extends CommonMeasure {
  readonly type: 'ratio';
  readonly numerator: Amount;
  readonly denominator: Amount;
}

export interface RateMeasure extends CommonMeasure {
  readonly type: 'rate';
  readonly count: string;
}

export interface QuantileMeasure extends CommonMeasure {
  readonly type: 'quantile';
  /** In (0, 1). */
  readonly quantile: number;
}

export interface GaugeMeasure extends CommonMeasure {
  readonly type: 'gauge';
  readonly amount: Amount;
}

export type Measure = ProportionMeasure | MeanMeasure | RatioMeasure | RateMeasure | QuantileMeasure | GaugeMeasure;
export const MEASURE_TYPES: readonly Measure['type'][] = ['proportion', 'mean', 'ratio', 'rate', 'quantile', 'gauge'];

/** Fills in what the file leaves open; `direction` decides what a status KPI counts. */
export function toMeasure(
  m: z.output<typeof MeasureSchema>,
  direction: 'increase_is_good' | 'decrease_is_good',
): Measure {
  switch (m.type) {
    case 'proportion':
      return {
        source: m.source,
        type: m.type,
        of: m.of,
        success: m.success ?? null,
        withinMinutes: m.within ?? 0,
        counts: m.success === undefined ? (m.status ?? (direction === 'decrease_is_good' ? 'error' : 'success')) : null,
      };
    case 'mean': {
      const amount = toAmount(m.value_of, m.sum, m.cap);
      return { source: m.source, type: m.type, of: m.of, withinMinutes: m.within, amount };
    }
    case 'ratio': {
      const [numerator, denominator] = [
        toAmount(m.numerator, m.sum, m.cap),
        toAmount(m.denominator, 'events', m.denominator_cap),
      ];
      return { source: m.source, type: m.type, of: m.of, withinMinutes: m.within, numerator, denominator };
    }
    case 'rate':
      return { source: m.source, type: m.type, of: m.of, withinMinutes: 0, count: m.count };
    case 'quantile':
      return { source: m.source, type: m.type, of: m.of, withinMinutes: 0, quantile: QUANTILES[m.quantile] };
    case 'gauge':
      return { source: m.source, type: m.type, of: m.of, withinMinutes: 0, amount: toAmount(m.of, 'value', m.cap) };
    default:
      return m satisfies never;
  }
}

function toAmount(event: string, add: Amount['add'], cap: number | undefined): Amount {
  if (add === 'events') return { event, add, cap: cap ?? USUAL_EVENTS, step: 1 };
  const most = cap ?? Number.NaN;
  return { event, add, cap: most, step: most / STEPS_PER_CAP };
}
