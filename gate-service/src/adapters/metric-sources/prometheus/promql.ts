import { PrometheusFault } from './fault.ts';

export interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** One metric and which of its series. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** How a value is written into a query. */
export type Quote = (value: string) => string;

export const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/;
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to be escaped
const TO_ESCAPE = /["\\\u0000-\u001f\u007f\u2028\u2029]/g;

/** A value as a string of PromQL; whatever is in it stays in it. */
export const quoteValue: Quote = (value) =>
  `"${value.replace(TO_ESCAPE, (c) => ESCAPES[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;

export function renderSelector({ metric, matchers }: Selector, quote: Quote): string {
  return `${metric}{${matchers.map(({ label, op, value }) => `${label}${op}${quote(value)}`).join(',')}}`;
}

/**
 * Fills a template in and proves from the text itself that no value left its string: what stands between the strings is
 * the same as with empty values, and every string reads back as one of the values.
 * @throws PrometheusFault `bad_query` when a value, metric or label cannot be written into a query
 */
export function buildQuery(template: (quote: Quote) => string): string {
  const values = new Set<string>();
  const query = template((value) => {
    values.add(value);
    return quoteValue(value);
  });
  const built = readQuery(query);
  const empty = readQuery(template(() => '""'));
  const isProven =
    built !== null &&
    empty !== null &&
    built.skeleton === empty.skeleton &&
    built.strings.every((value) => values.has(value));
  if (isProven && [...values].every((value) => value.isWellFormed())) return query;
  throw new PrometheusFault(
    'bad_query',
    "A value cannot be written into a query. Look at the labels and matchers of this source in the gate's configuration.",
  );
}

export interface ReadQuery {
  /** The query with every string emptied. */
  readonly skeleton: string;
  /** What the strings say, in order. */
  readonly strings: readonly string[];
}

/** Splits a query into its strings and the rest; null when it is no query that this adapter could have made. */
export function readQuery(query: string): ReadQuery | null {
  let skeleton = '';
  const strings: string[] = [];
  for (let at = 0; at < query.length; ) {
    const char = query[at]!;
    if (char === '"') {
      const read = readString(query, at + 1);
      if (read === null) return null;
      strings.push(read.value);
      skeleton += '""';
      at = read.end;
    } else {
      // Other quotes, comments and escapes outside of strings are never written by a template.
      if (char === "'" || char === '`' || char === '#' || char === '\\') return null;
      skeleton += char;
      at += 1;
    }
  }
  return { skeleton, strings };
}

const UNESCAPES: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n', r: '\r', t: '\t' };

function readString(query: string, start: number): { readonly value: string; readonly end: number } | null {
  let value = '';
  for (let at = start; at < query.length; ) {
    const char = query[at]!;
    if (char === '"') return { value, end: at + 1 };
    if (char === '\n') return null;
    if (char !== '\\') {
      value += char;
      at += 1;
      continue;
    }
    const escaped = query[at + 1] ?? '';
    const hex = escaped === 'u' ? /^[0-9a-f]{4}/.exec(query.slice(at + 2, at + 6))?.[0] : undefined;
    const plain = hex === undefined ? UNESCAPES[escaped] : String.fromCharCode(Number.parseInt(hex, 16));
    if (plain === undefined) return null;
    value += plain;
    at += hex === undefined ? 2 : 6;
  }
  return null;
}
