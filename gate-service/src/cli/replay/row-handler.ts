/** A quote that is never closed would swallow the rest of the file. */
export const LONGEST_ROW = 1024 * 1024;
/** Characters of a row that are repeated in a message. */
export const SHOWN = 80;

/** What reading a file calls, row by row. Lines count from 1; that of a row in quotes over several lines is its last. */
export interface RowHandler {
  /** Once, before the first row: the names of the columns. */
  header(names: readonly string[]): void;
  row(values: readonly string[], line: number): void;
  unreadable(problem: string, found: string, allowed: string, line: number): void;
}
