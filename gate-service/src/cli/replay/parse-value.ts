import type { EpochMs } from '../../domain/model/time.ts';
import type { Variant } from '../../domain/model/variant.ts';

const ISO = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(Z|z|[+-]\d\d(?::?\d\d)?))?$/;
/** 10 digits are seconds, 13 milliseconds, both of the years 2001 to 2286; anything else could be either. */
const SECONDS = /^\d{10}(?:\.\d{1,9})?$/;
const MILLISECONDS = /^\d{13}$/;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

export const TIME_ALLOWED =
  'RFC 3339 with an offset (2026-11-02T09:15:00Z), 10 digits (epoch seconds) or 13 digits (epoch milliseconds)';
export const ZONE_ALLOWED = 'an offset such as Z or +01:00, or --utc when all times are UTC';

/** A time, or why it is none: `zone` when only the time zone is missing. */
export function parseTime(text: string, utc: boolean): EpochMs | 'invalid' | 'zone' {
  const match = ISO.exec(text);
  if (match === null) {
    if (MILLISECONDS.test(text)) return Number(text) >= 1e12 ? Number(text) : 'invalid';
    return SECONDS.test(text) && Number(text) >= 1e9 ? Math.round(Number(text) * 1000) : 'invalid';
  }
  const [, year, month, day, hour, minute, second = '0', fraction = '0', zone] = match;
  const [y, m, d, h, min, s] = [Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second)];
  if (m < 1 || m > 12 || d < 1 || d > DAYS[m - 1]! || h > 23 || min > 59 || s > 59 || y < 1970) return 'invalid';
  if (d === 29 && m === 2 && !(y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0))) return 'invalid';
  const offset = zone === undefined ? (utc ? 0 : null) : offsetMinutes(zone);
  if (offset === null) return zone === undefined ? 'zone' : 'invalid';
  return Date.UTC(y, m - 1, d, h, min, s) + Math.floor(Number(`0.${fraction}`) * 1000) - offset * 60_000;
}

function offsetMinutes(zone: string): number | null {
  if (zone === 'Z' || zone === 'z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(':', '') || '0')];
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/** What values mean; `--value` adds the file's own words. All in lower case. */
export interface Vocabulary {
  readonly variants: ReadonlyMap<string, Variant>;
  /** Whether the trial ended well. */
  readonly outcomes: ReadonlyMap<string, boolean>;
  /** Whether an empty amount is 0, on the user's word. */
  readonly emptyIsZero: boolean;
}

const VARIANT_WORDS = {
  on: ['on', 'treatment', '1', 'true', 'b'],
  off: ['off', 'control', '0', 'false', 'a'],
} as const;
const OUTCOME_WORDS = { success: ['success', '1', 'true', 'yes'], error: ['error', '0', 'false', 'no'] } as const;

export const VARIANT_ALLOWED = 'on, treatment, 1, true, B / off, control, 0, false, A; empty: in no change';
export const OUTCOME_ALLOWED = 'success, 1, true, yes / error, 0, false, no';
/** What makes an empty outcome of a conversion a trial without success: nobody else can know that it is not a missing one. */
export const EMPTY_IS_ERROR = '--value =error';
/** What makes an empty amount 0, for the same reason. */
export const EMPTY_IS_ZERO = '--value =0';
export const VALUE_MEANINGS = ['on', 'off', 'success', 'error', '0'] as const;
export type ValueMeaning = (typeof VALUE_MEANINGS)[number];

/** The words that need no explanation, and the file's own. */
export function makeVocabulary(own: readonly { readonly text: string; readonly meaning: ValueMeaning }[]): Vocabulary {
  const variants = new Map<string, Variant>();
  const outcomes = new Map<string, boolean>();
  for (const arm of ['on', 'off'] as const) for (const word of VARIANT_WORDS[arm]) variants.set(word, arm);
  for (const word of OUTCOME_WORDS.success) outcomes.set(word, true);
  for (const word of OUTCOME_WORDS.error) outcomes.set(word, false);
  for (const { text, meaning } of own) {
    if (meaning === '0') continue;
    const word = text.trim().toLowerCase();
    if (meaning === 'on' || meaning === 'off') variants.set(word, meaning);
    else outcomes.set(word, meaning === 'success');
  }
  return { variants, outcomes, emptyIsZero: own.some(({ meaning }) => meaning === '0') };
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i;

export const NUMBER_ALLOWED = 'a number with a point, such as -12.50 or 1.5e3';
/** Nothing that is counted, added up or timed is larger. */
export const LARGEST_NUMBER = 1e12;

/** A number as every program writes it; null for anything else, such as "12,50", "NaN" and what is too large. */
export function parseNumber(text: string): number | null {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Math.abs(value) <= LARGEST_NUMBER ? value : null;
}
