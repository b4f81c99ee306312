import { addTallies, NO_TALLY, type Tally, type TallyByVariant } from '../model/tally.ts';
import { type EpochMinute, HOUR_MINUTES } from '../model/time.ts';
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

/** Totals by hour since 1970, in the order in which they come. */
export function hourTallies(
  minutes: readonly (Tally & { readonly minute: EpochMinute })[],
): readonly (Tally & { readonly hour: number })[] {
  const hours = new Map<number, Tally[]>();
  for (const { minute, ...tally } of minutes) {
    const hour = Math.floor(minute / HOUR_MINUTES);
    const own = hours.get(hour);
    if (own === undefined) hours.set(hour, [tally]);
    else own.push(tally);
  }
  return [...hours].map(([hour, tallies]) => ({ hour, ...sumTallies(tallies) }));
}
