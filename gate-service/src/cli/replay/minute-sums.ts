import type { MinuteTally } from '../../domain/model/look.ts';
import { addTallies, type Tally } from '../../domain/model/tally.ts';
import type { EpochMinute } from '../../domain/model/time.ts';
import type { ReplayKpi } from '../../domain/replay/replay-data.ts';
import { HISTORY_ARM, type ReplaySpan, WINDOW_ARMS } from './replay-span.ts';

/** Columns of the sums: n, y, and for amounts yy, d, dd, yd and clipped. */
const COUNTS = 2;
const SUMS = 7;

/** What the trials of each minute and arm add up to: whole numbers, so that the order of the rows cannot matter. */
export class MinuteSums {
  readonly #span: ReplaySpan;
  readonly #width: number;
  readonly #window: Float64Array;
  readonly #history: Float64Array;

  /** @param hasSums false: only n and y are kept */
  constructor(span: ReplaySpan, hasSums: boolean) {
    this.#span = span;
    this.#width = hasSums ? SUMS : COUNTS;
    this.#window = new Float64Array((span.end - span.start) * WINDOW_ARMS * this.#width);
    this.#history = new Float64Array(Math.max(0, span.start - span.from) * this.#width);
  }

  addCounts(minute: EpochMinute, arm: number, n: number, y: number): void {
    const [columns, at] = this.#place(minute, arm);
    columns[at]! += n;
    columns[at + 1]! += y;
  }

  /** Adds one trial with its sums; needs `hasSums`. */
  addTrial(minute: EpochMinute, arm: number, y: number, d: number, isClipped: boolean): void {
    this.addCounts(minute, arm, 1, y);
    const [columns, at] = this.#place(minute, arm);
    columns[at + 2]! += y * y;
    columns[at + 3]! += d;
    columns[at + 4]! += d * d;
    columns[at + 5]! += y * d;
    if (isClipped) columns[at + 6]!++;
  }

  result(): Pick<ReplayKpi, 'minutes' | 'history' | 'own'> {
    const { from, start } = this.#span;
    const minutes: MinuteTally[] = [];
    const own: (Tally & { minute: EpochMinute })[] = [];
    const step = WINDOW_ARMS * this.#width;
    for (let i = 0; i < this.#window.length; i += step) {
      const [off, on, none] = [0, 1, 2].map((arm) => this.#tally(this.#window, i + arm * this.#width)) as [
        Tally,
        Tally,
        Tally,
      ];
      if (off.n + on.n + none.n + off.y + on.y + none.y === 0) continue;
      const minute = start + i / step;
      own.push({ minute, ...addTallies(addTallies(off, on), none) });
      if (off.n + on.n + off.y + on.y > 0) minutes.push({ minute, off, on });
    }
    const history: (Tally & { minute: EpochMinute })[] = [];
    for (let i = 0; i < this.#history.length; i += this.#width) {
      const tally = this.#tally(this.#history, i);
      if (tally.n > 0 || tally.y > 0) history.push({ minute: from + i / this.#width, ...tally });
    }
    return { minutes, history, own };
  }

  #place(minute: EpochMinute, arm: number): readonly [Float64Array, number] {
    return arm === HISTORY_ARM
      ? [this.#history, (minute - this.#span.from) * this.#width]
      : [this.#window, ((minute - this.#span.start) * WINDOW_ARMS + arm) * this.#width];
  }

  #tally(columns: Float64Array, at: number): Tally {
    const [n = 0, y = 0, yy = 0, d = 0, dd = 0, yd = 0, clipped = 0] = columns.subarray(at, at + this.#width);
    return this.#width === COUNTS ? { n, y } : { n, y, sums: { yy, d, dd, yd, clipped, missing: 0 } };
  }
}

/** Sums over units, one arm each. */
export function clusterTally(clusters: Iterable<readonly [y: number, d: number]>): Tally {
  let [n, y, yy, d, dd, yd] = [0, 0, 0, 0, 0, 0];
  for (const [counted, trials] of clusters) {
    n++;
    y += counted;
    yy += counted * counted;
    d += trials;
    dd += trials * trials;
    yd += counted * trials;
  }
  return { n, y, sums: { yy, d, dd, yd, clipped: 0, missing: 0 } };
}
