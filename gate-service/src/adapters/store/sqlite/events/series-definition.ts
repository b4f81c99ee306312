import { GateError } from '../../../../contract/gate-error.ts';
import type { Amount, Measure } from '../../../../contract/kpi-measure.ts';
import { DAY_MINUTES, MINUTE_MS } from '../../../../domain/model/time.ts';

/** How a KPI is counted; a mean and a ratio are both two amounts of each unit. */
export type SeriesKind = 'conversion' | 'status' | 'amounts' | 'rate' | 'quantile' | 'gauge';

/** One amount of a unit (or of a sample): the events of one name from `fromMs` to `toMs` after its trial, both included. */
export interface AmountPart {
  readonly nameId: number;
  /** Size of a step in the unit of the KPI; null when events are counted. */
  readonly step: number | null;
  /** Most steps that count. */
  readonly cap: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What makes a series what it is; equal ones need not be built again. */
export interface SeriesDefinition {
  readonly kind: SeriesKind;
  readonly ofNameId: number;
  /** The success of a conversion, the counted event of a rate. */
  readonly otherNameId: number | null;
  readonly withinMinutes: number;
  readonly counts: 'error' | 'success' | null;
  /** `amounts`: y and d, in this order. `gauge`: the level. */
  readonly amounts: readonly AmountPart[];
  /** Name of the source that is asked for it; null when events feed it. */
  readonly source: string | null;
}

export interface SeriesRow {
  series_id: number;
  scope_id: number;
  kpi_id: string;
  kind: SeriesKind | 'exposure' | 'units';
  of_name_id: number;
  other_name_id: number | null;
  within_minutes: number;
  counts: SeriesDefinition['counts'];
  amounts: string | null;
  source: string | null;
  active: number;
}

/** Before its first trial, a unit's amount over this time is the covariate of a mean (docs/statistics.md section H). */
const PRE_PERIOD_MS = 28 * DAY_MINUTES * MINUTE_MS;
/** Lets a cap of 10,000 steps be that many although cap and step were rounded. */
const CAP_TOLERANCE = 1e-6;

/**
 * @param nameIdOf the number of an event's name
 * @param source   name of the source that is asked for it; null when events feed it
 */
export function definitionOf(
  measure: Measure,
  nameIdOf: (event: string) => number,
  source: string | null = null,
): SeriesDefinition {
  const common = {
    ofNameId: nameIdOf(measure.of),
    otherNameId: null,
    withinMinutes: measure.withinMinutes,
    counts: null,
    amounts: [],
    source,
  };
  const part = ({ event, add, cap, step }: Amount, fromMs: number, toMs: number): AmountPart => {
    if (!(step > 0 && cap > 0 && Number.isFinite(cap / step))) throw unusable(event);
    const stepOrNone = add === 'events' ? null : step;
    return { nameId: nameIdOf(event), step: stepOrNone, cap: Math.floor(cap / step + CAP_TOLERANCE), fromMs, toMs };
  };
  const withinMs = measure.withinMinutes * MINUTE_MS;
  switch (measure.type) {
    case 'proportion':
      return measure.success === null
        ? { ...common, kind: 'status', counts: measure.counts }
        : { ...common, kind: 'conversion', otherNameId: nameIdOf(measure.success) };
    case 'mean': {
      const parts = [part(measure.amount, 1, withinMs), part(measure.amount, -PRE_PERIOD_MS, -1)];
      return { ...common, kind: 'amounts', amounts: parts };
    }
    case 'ratio': {
      const parts = [part(measure.numerator, 1, withinMs), part(measure.denominator, 1, withinMs)];
      return { ...common, kind: 'amounts', amounts: parts };
    }
    case 'rate':
      return { ...common, kind: 'rate', otherNameId: nameIdOf(measure.count) };
    case 'quantile':
      return { ...common, kind: 'quantile' };
    case 'gauge':
      return { ...common, kind: 'gauge', amounts: [part(measure.amount, 0, 0)] };
    default:
      return measure satisfies never;
  }
}

export function isSameDefinition(row: SeriesRow, definition: SeriesDefinition): boolean {
  return (
    row.kind === definition.kind &&
    row.of_name_id === definition.ofNameId &&
    row.other_name_id === definition.otherNameId &&
    row.within_minutes === definition.withinMinutes &&
    row.counts === definition.counts &&
    row.source === definition.source &&
    row.amounts === amountsText(definition)
  );
}

/** As the column has it; null when there are none. */
export function amountsText({ amounts }: Pick<SeriesDefinition, 'amounts'>): string | null {
  return amounts.length === 0 ? null : JSON.stringify(amounts);
}

/** Tells whether an amount that lay outside of [0, cap] is told of: one from before the trial is not part of the result. */
export function isTold({ fromMs }: AmountPart): boolean {
  return fromMs >= 0;
}

function unusable(event: string): GateError {
  return new GateError(
    'internal',
    `The amount of ${event} has no usable step; allowed: a cap and a step above 0.`,
    'Report this with the KPI registry.',
  );
}
