import { parseLevel } from './effect.ts';

/** A place between values: just below `level`, or just above it. */
export interface Cut {
  readonly level: number;
  readonly above: boolean;
}
/** A band of levels, between two cuts. */
export interface Band {
  readonly from: Cut;
  readonly to: Cut;
}

const BELOW_ALL: Cut = { level: Number.NEGATIVE_INFINITY, above: false };
const ABOVE_ALL: Cut = { level: Number.POSITIVE_INFINITY, above: true };
const RANGE = /^([^.<>= ]+(?:\.\d+)?%?) ?\.\. ?([^<>= ]+)$/;
const BOUND = /^(<=|>=|<|>) ?([^<>= ]+)$/;

/** Negative when `a` lies before `b`. */
export function compareCuts(a: Cut, b: Cut): number {
  return a.level === b.level ? Number(a.above) - Number(b.above) : a.level < b.level ? -1 : 1;
}

/** Reads "< 20%", "<= 20%", "20%..30%" (both ends belong to it), ">= 30%", "> 30%". Null when it is none of these, or empty. */
export function parseBand(text: string): Band | null {
  const band = readBound(text.trim()) ?? readRange(text.trim());
  return band !== null && compareCuts(band.from, band.to) < 0 ? band : null;
}

function readBound(text: string): Band | null {
  const match = BOUND.exec(text);
  const level = match ? parseLevel(match[2]!) : null;
  if (match === null || level === null) return null;
  const operator = match[1]!;
  if (operator.startsWith('<')) return { from: BELOW_ALL, to: { level, above: operator === '<=' } };
  return { from: { level, above: operator === '>' }, to: ABOVE_ALL };
}

function readRange(text: string): Band | null {
  const match = RANGE.exec(text);
  const from = match ? parseLevel(match[1]!) : null;
  const to = match ? parseLevel(match[2]!) : null;
  if (from === null || to === null) return null;
  return { from: { level: from, above: false }, to: { level: to, above: true } };
}

/** The color names in the order of their levels, lowest first, with each gap and overlap between neighbours. */
export function compareBands<Name>(bands: readonly (readonly [Name, Band])[]): {
  order: Name[];
  overlaps: (readonly [Name, Name])[];
  gaps: (readonly [Name, Name])[];
} {
  const sorted = [...bands].sort((a, b) => compareCuts(a[1].from, b[1].from) || compareCuts(a[1].to, b[1].to));
  const neighbours = sorted.slice(1).map((band, index) => [sorted[index]!, band] as const);
  const pairs = (test: (difference: number) => boolean) =>
    neighbours.filter(([a, b]) => test(compareCuts(b[1].from, a[1].to))).map(([a, b]) => [a[0], b[0]] as const);
  return { order: sorted.map(([name]) => name), overlaps: pairs((d) => d < 0), gaps: pairs((d) => d > 0) };
}
