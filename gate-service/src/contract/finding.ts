/** One problem in a file, with its place. Lines and columns count from 1. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document: `guardrails[0].no_worse_than`; empty for the whole file. */
  readonly path: string;
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  /** The value found, as written, at most 80 characters. */
  readonly found: string;
  readonly allowed: string;
  readonly remedy: string;
}
