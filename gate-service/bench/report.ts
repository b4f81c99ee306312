import { cpus, release, totalmem } from 'node:os';

/** One measured line: what was done, and what came out in the words a person reads. */
export interface Row {
  readonly what: string;
  readonly result: string;
}

/** What one part of the benchmark found. */
export interface Report {
  readonly title: string;
  readonly rows: readonly Row[];
  /** The same as numbers. */
  readonly data: unknown;
}

/** The machine without its name. */
export function describeMachine(): string {
  const [first] = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  return `${first?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${gib} GiB memory, ${process.platform} ${release()}, Node ${process.version}`;
}

/** One table of all parts, in Markdown, so that it can be pasted as it is. */
export function renderTable(reports: readonly Report[]): string {
  const rows = reports.flatMap(({ title, rows }) => [
    [`**${title}**`, ''] as const,
    ...rows.map(({ what, result }) => [what, result] as const),
  ]);
  const widths = [0, 1].map((column) => Math.max(8, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, index) => cell.padEnd(widths[index]!)).join(' | ')} |`;
  return [line(['measured', 'result']), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** 12345.6 → "12,300": three figures are all that such a measurement carries. */
export function threeFigures(value: number): string {
  return Number.isFinite(value) ? Number(value.toPrecision(3)).toLocaleString('en-US') : 'unknown';
}

export const milliseconds = (value: number) => `${threeFigures(value)} ms`;
export const mebibytes = (bytes: number) => `${threeFigures(bytes / 2 ** 20)} MiB`;
