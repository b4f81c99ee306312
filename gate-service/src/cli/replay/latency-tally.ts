import type { Kpi } from '../../contract/kpi-registry.ts';
import type { MinuteTally } from '../../domain/model/look.ts';
import { NO_TALLY, type Tally } from '../../domain/model/tally.ts';
import { type EpochMinute, HOUR_MINUTES, minuteOf } from '../../domain/model/time.ts';
import type { ReplayKpi } from '../../domain/replay/replay-data.ts';
import { sumTallies } from '../../domain/replay/sum-tallies.ts';
import { logHistogramCount } from '../../domain/statistics/log-histogram.ts';
import { grown, HashIndex } from './hash-index.ts';
import type { KpiTally } from './kpi-tally.ts';
import type { RowTrial } from './parse-row.ts';
import { bucketOfLevel } from './read-cells.ts';
import { ARMS, armOf, HISTORY_ARM, type ReplaySpan, SeenMinutes, type TalliedRow, WINDOW_ARMS } from './replay-span.ts';
import type { TrialSet } from './trial-set.ts';

/** How often each level was seen in each place: a place is a minute and an arm, or an hour. */
class LevelCounts {
  readonly #index = new HashIndex();
  #counts = new Uint32Array(this.#index.capacity);

  add(place: number, level: number, count: number): void {
    const number = this.#index.take({ hi: place, lo: level });
    if (this.#index.capacity > this.#counts.length) this.#counts = grown(this.#counts, this.#index.capacity);
    this.#counts[number]! += count;
  }

  /** The tally of each place that has any. */
  tallies(): ReadonlyMap<number, Tally> {
    const levels = new Map<number, [level: number, count: number][]>();
    for (let number = 0; number < this.#index.size; number++) {
      const count = this.#counts[number]!;
      if (count === 0) continue;
      const { hi: place, lo: level } = this.#index.hashAt(number);
      const own = levels.get(place);
      if (own === undefined) levels.set(place, [[level, count]]);
      else own.push([level, count]);
    }
    return new Map([...levels].map(([place, own]) => [place, tallyOf(own)]));
  }
}

function tallyOf(levels: [level: number, count: number][]): Tally {
  let zeros = 0;
  const buckets: [number, number][] = [];
  for (const [level, count] of levels.sort(([left], [right]) => left - right)) {
    const bucket = bucketOfLevel(level);
    if (bucket === null) zeros += count;
    else buckets.push([bucket, count]);
  }
  const histogram = { zeros, buckets };
  return { n: logHistogramCount(histogram), y: 0, histogram };
}

/** All arms together, by the minute of their first place in each hour. */
function byHour(
  tallies: ReadonlyMap<number, Tally>,
  minuteAt: (place: number) => EpochMinute,
): readonly (Tally & { readonly minute: EpochMinute })[] {
  const hours = new Map<number, { minute: EpochMinute; tallies: Tally[] }>();
  for (const [place, tally] of tallies) {
    const minute = minuteAt(place);
    const hour = Math.floor(minute / HOUR_MINUTES);
    const own = hours.get(hour) ?? { minute, tallies: [] };
    own.tallies.push(tally);
    hours.set(hour, { minute: Math.min(minute, own.minute), tallies: own.tallies });
  }
  return [...hours.values()]
    .map((own) => ({ minute: own.minute, ...sumTallies(own.tallies) }))
    .toSorted((left, right) => left.minute - right.minute);
}

/** The trials of a quantile: every (unit, minute) is one, as slow as the slowest of its rows. History is kept by hour. */
export class LatencyTally implements KpiTally {
  readonly bytesOfUnits = 0;
  readonly #kpi: Kpi;
  readonly #span: ReplaySpan;
  readonly #seen: SeenMinutes;
  readonly #window = new LevelCounts();
  readonly #history = new LevelCounts();

  constructor(kpi: Kpi, span: ReplaySpan) {
    this.#kpi = kpi;
    this.#span = span;
    this.#seen = new SeenMinutes(span);
  }

  takeRow(row: TalliedRow): void {
    this.#seen.take(row);
  }

  takeInMinute(row: TalliedRow, { kpi, y: level }: RowTrial, trials: TrialSet): void {
    const arm = armOf(row, this.#span);
    if (arm === null) return;
    const minute = minuteOf(row.at);
    const before = trials.add(row.hash, kpi * 4 + arm, minute, level);
    if (before !== null && before >= level) return;
    const [counts, place] =
      arm === HISTORY_ARM
        ? [this.#history, Math.floor(minute / HOUR_MINUTES)]
        : [this.#window, (minute - this.#span.start) * WINDOW_ARMS + arm];
    if (before !== null) counts.add(place, before, -1);
    counts.add(place, level, 1);
  }

  repeated(): number {
    return 0;
  }

  result(): ReplayKpi {
    const window = this.#window.tallies();
    const minutes: MinuteTally[] = [];
    for (let minute = this.#span.start; minute < this.#span.end; minute++) {
      const at = (minute - this.#span.start) * WINDOW_ARMS;
      const [off = NO_TALLY, on = NO_TALLY] = [window.get(at + ARMS.off), window.get(at + ARMS.on)];
      if (off.n + on.n > 0) minutes.push({ minute, off, on });
    }
    const own = byHour(window, (place) => this.#span.start + Math.floor(place / WINDOW_ARMS));
    const history = byHour(this.#history.tallies(), (hour) => hour * HOUR_MINUTES);
    return { kpiId: this.#kpi.id, minutes, history, own, ...this.#seen.result() };
  }
}
