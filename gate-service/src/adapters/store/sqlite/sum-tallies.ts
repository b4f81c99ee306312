import { addTallies, NO_TALLY, type Tally } from '../../../domain/model/tally.ts';
import { mergeLogHistograms } from '../../../domain/statistics/log-histogram.ts';

/** Adds many tallies of one KPI up; all histograms are merged at once. */
export function sumTallies(tallies: readonly Tally[]): Tally {
  const histograms = tallies.flatMap(({ histogram }) => (histogram ? [histogram] : []));
  const sum = tallies.map(({ histogram: _merged, ...rest }): Tally => rest).reduce(addTallies, NO_TALLY);
  return histograms.length === 0 ? sum : { ...sum, histogram: mergeLogHistograms(histograms) };
}
