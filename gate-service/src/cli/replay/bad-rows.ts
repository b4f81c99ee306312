import { MinuteCounts } from './minute-counts.ts';
import { type BadRow, minuteOfBad } from './parse-row.ts';

/** Bad rows that are shown with their lines; all are counted. */
export const SHOWN_BAD_ROWS = 10;

export type ShownBadRow = Omit<BadRow, 'at' | 'variant'> & { readonly line: number };

/** The rows that cannot be read: counted by minute and by problem, the first ones kept to be shown. */
export class BadRows {
  readonly counts = new MinuteCounts();
  readonly problems = new Map<string, number>();
  readonly shown: ShownBadRow[] = [];

  add(row: BadRow, line: number): void {
    const { problem, found, allowed } = row;
    this.counts.add(minuteOfBad(row));
    this.problems.set(problem, (this.problems.get(problem) ?? 0) + 1);
    if (this.shown.length < SHOWN_BAD_ROWS) this.shown.push({ line, problem, found, allowed });
  }
}
