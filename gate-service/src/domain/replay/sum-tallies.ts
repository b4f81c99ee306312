import { addTallies, NO_TALLY, type Tally, type TallyByVariant } from '../model/tally.ts';
import { mergeLogHistograms } from '../statistics/log-histogram.ts';

/** Adds many tallies of one KPI up; their histograms are merged at once, which is what takes time one by one. */
export function sumTallies(tallies: readonly Tally[]): Tally {
  const histograms = tallies.flatMap(({ histogram }) => (histogram ? [histogram] : []));
  const rest = tallies.map(({ histogram: _, ...counts }): Tally => counts).reduce(addTallies, NO_TALLY);
  return histograms.length === 0 ? rest : { ...rest, histogram: mergeLogHistograms(histograms) };
}

/** The same for both variants. */
export function sumArms(tallies: readonly TallyByVariant[]): TallyByVariant {
  return { off: sumTallies(tallies.map(({ off }) => off)), on: sumTallies(tallies.map(({ on }) => on)) };
}
