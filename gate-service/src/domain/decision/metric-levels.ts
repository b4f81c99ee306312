import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Tally } from '../model/tally.ts';
import { latenciesOf } from './estimate-quantile.ts';

/**
 * The level of a KPI in one arm, in its unit: a share of trials, an amount of a unit, a ratio of sums, events for each of
 * exposure, a quantile in ms, or a mean level.
 * @returns null when there is nothing to take it of
 */
export function levelOf({ measure }: Pick<Kpi, 'measure'>, tally: Tally): number | null {
  const { n, y, sums } = tally;
  switch (measure.type) {
    case 'proportion':
    case 'rate':
      return finiteOrNull(y / n);
    case 'mean':
    case 'gauge':
      return finiteOrNull((y * measure.amount.step) / n);
    case 'ratio':
      return finiteOrNull((y * measure.numerator.step) / ((sums?.d ?? Number.NaN) * measure.denominator.step));
    case 'quantile':
      return finiteOrNull(latenciesOf(tally).at(measure.quantile));
    default:
      return measure satisfies never;
  }
}

/** What a KPI's level is in; latencies are measured in ms, whatever people read. */
export function levelUnit({ measure, unit }: Pick<Kpi, 'measure' | 'unit'>): string {
  return measure.type === 'quantile' ? 'ms' : unit;
}

/** A number that is not finite is null, never a stand-in. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
