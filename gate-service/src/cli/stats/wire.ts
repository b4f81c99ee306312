/** A result as it is written: JSON, with infinite and missing numbers as text. Fields without a value are left out. */
export type WireValue =
  | string
  | number
  | boolean
  | null
  | readonly WireValue[]
  | { readonly [field: string]: WireValue };

/** Turns a result into what is written: Infinity, -Infinity and NaN become text, -0 becomes 0. */
export function toWire(value: unknown): WireValue {
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : String(value);
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(entries.map(([name, field]) => [name, toWire(field)]));
  }
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}
