import { FilesFault } from './fault.ts';

/** A name in DuckDB's SQL, in quotes. */
export function identifier(name: string): string {
  return `"${withoutNul(name).replaceAll('"', '""')}"`;
}

/** A text in DuckDB's SQL: no character but the quote has a meaning in it. */
export function text(value: string): string {
  return `'${withoutNul(value).replaceAll("'", "''")}'`;
}

export function texts(values: readonly string[]): string {
  return values.map(text).join(', ');
}

/** A number that stands for exactly this double. */
export function double(value: number): string {
  if (!Number.isFinite(value)) throw new FilesFault('bad_query', 'a number of the KPI is not finite');
  return `${text(String(value))}::DOUBLE`;
}

function withoutNul(value: string): string {
  if (value.includes('\0')) throw new FilesFault('refused', 'a name holds a NUL character');
  return value;
}
