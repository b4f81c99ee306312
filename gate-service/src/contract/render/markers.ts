/** The kinds of comments that Changegate writes. */
export const MARKER_KINDS = ['forecast', 'progress', 'verdict', 'intervention'] as const;
export type MarkerKind = (typeof MARKER_KINDS)[number];

/** What a comment is about, in its first line, which nobody sees. Find comments by it, never by their words. */
export interface Marker {
  readonly kind: MarkerKind;
  readonly change_id?: string;
  readonly revision?: number;
  /** Head of the pull request (forecast) or the merge commit. */
  readonly sha?: string;
  /** How recent the contents are, in epoch milliseconds: an older run must not overwrite a newer one. */
  readonly at?: number;
  /** What else tells two comments of a kind apart: the intervention's id, an environment. */
  readonly key?: string;
  /** Message authentication code of the gate, when it has a key: a marker can be pasted by anyone. */
  readonly mac?: string;
}

const PREFIX = '<!-- changegate:v1 ';
const KEYS = ['kind', 'change_id', 'revision', 'sha', 'at', 'key', 'mac'] as const;
/** Longer than any marker that we write: five texts of 200 characters, nine bytes each when escaped. */
const MAX_LINE = 10_000;

/** Nothing in a value can end the comment or the value: no blanks, no `>`, no `--`. */
function encode(value: string): string {
  return encodeURIComponent(value.slice(0, 200).replace(/\p{Surrogate}/gu, '\ufffd')).replaceAll('--', '-%2D');
}

/** The hidden first line of a comment. */
export function buildMarker(marker: Marker): string {
  const fields = KEYS.flatMap((key) => {
    const value = marker[key];
    return value === undefined ? [] : [`${key}=${encode(String(value))}`];
  });
  return `${PREFIX}${fields.join(' ')} -->`;
}

/** Reads the marker of a comment's body; null when its first line is not exactly one of ours. */
export function parseMarker(body: string): Marker | null {
  const line = body.slice(0, MAX_LINE).split(/\r?\n/, 1)[0]!;
  if (!line.startsWith(PREFIX) || !line.endsWith(' -->')) return null;
  const fields = new Map<string, string>();
  for (const field of line.slice(PREFIX.length, -' -->'.length).split(' ')) {
    const at = field.indexOf('=');
    const key = field.slice(0, at);
    const value = decode(field.slice(at + 1));
    if (at < 1 || value === null || fields.has(key)) return null;
    fields.set(key, value);
  }
  return markerOf(fields);
}

function decode(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    return null; // A person's text that looks like a marker.
  }
}

function markerOf(fields: ReadonlyMap<string, string>): Marker | null {
  const kind = MARKER_KINDS.find((known) => known === fields.get('kind'));
  const numbers = (['revision', 'at'] as const).filter((key) => fields.has(key));
  if (kind === undefined || numbers.some((key) => !/^\d{1,15}$/.test(fields.get(key)!))) return null;
  const texts = (['change_id', 'sha', 'key', 'mac'] as const).filter((key) => fields.has(key));
  return {
    kind,
    ...Object.fromEntries(numbers.map((key) => [key, Number(fields.get(key))])),
    ...Object.fromEntries(texts.map((key) => [key, fields.get(key)!])),
  };
}

/** Takes a marker line away, for the terminal and the job summary. */
export function withoutMarker(body: string): string {
  return parseMarker(body) === null ? body : body.slice(body.indexOf('\n') + 1);
}
