import { z } from 'zod';

/** A change of a KPI: `relative` 0.05 is "+5%", `absolute` 0.005 is "+0.5pp". The sign is kept as written. */
export interface Effect {
  readonly kind: 'relative' | 'absolute';
  readonly value: number;
}

const EFFECT = /^([+-]?)(\d{1,6}(?:\.\d{1,9})?)\s?(%|pp)$/;
const LEVEL = /^(\d{1,12}(?:\.\d{1,9})?)\s?(%?)$/;
const DURATION = /^(\d{1,5})(m|h|d)$/;
const MINUTES = { m: 1, h: 60, d: 1440 } as const;

/** Decimal division by 100 that keeps what was written: "0.1%" is 0.001, never 0.0010000000000000002. */
function percentToRatio(digits: string): number {
  return Number(`${digits}e-2`);
}

/**
 * Reads an effect such as "+5%", "-20%", "0.5pp".
 * @returns null when the text is not an effect (no unit, no number)
 */
export function parseEffect(text: string): Effect | null {
  const match = EFFECT.exec(text.trim());
  if (!match) return null;
  const size = percentToRatio(match[2]!);
  return { kind: match[3] === '%' ? 'relative' : 'absolute', value: match[1] === '-' && size !== 0 ? -size : size };
}

/** Writes an effect the way people write it: "+5%", "-0.5pp". */
export function formatEffect(effect: Effect, options: { sign: boolean } = { sign: true }): string {
  const size = Number((Math.abs(effect.value) * 100).toPrecision(12));
  const sign = effect.value < 0 ? '-' : options.sign ? '+' : '';
  return `${sign}${size}${effect.kind === 'relative' ? '%' : 'pp'}`;
}

/** Reads a level such as "5%" (0.05) or "12" (12). Null when it is neither. */
export function parseLevel(text: string): number | null {
  const match = LEVEL.exec(text.trim());
  if (!match) return null;
  return match[2] === '%' ? percentToRatio(match[1]!) : Number(match[1]);
}

/** Reads "15m", "24h", "7d" as minutes. Null when it is none of these. */
export function parseDurationMinutes(text: string): number | null {
  const match = DURATION.exec(text.trim());
  return match ? Number(match[1]) * MINUTES[match[2] as keyof typeof MINUTES] : null;
}

/** Writes minutes as the largest whole unit: 10080 is "7d", 90 is "90m". */
export function formatDurationMinutes(minutes: number): string {
  if (minutes % 1440 === 0 && minutes > 0) return `${minutes / 1440}d`;
  if (minutes % 60 === 0 && minutes > 0) return `${minutes / 60}h`;
  return `${minutes}m`;
}

function textWith<T>(parse: (text: string) => T | null, pattern: RegExp, allowed: string) {
  return z
    .string({ error: `allowed: ${allowed}` })
    .regex(pattern, { error: `allowed: ${allowed}` })
    .transform((text, context): T => {
      const parsed = parse(text);
      if (parsed !== null) return parsed;
      context.addIssue({ code: 'custom', message: `allowed: ${allowed}` });
      return z.NEVER;
    });
}

export const EffectSchema = textWith(
  parseEffect,
  EFFECT,
  'a number with % (relative) or pp (absolute), such as +5% or -0.5pp',
);
export const LevelSchema = textWith(parseLevel, LEVEL, 'a level with %, such as 5%');
export const DurationMinutesSchema = textWith(
  parseDurationMinutes,
  DURATION,
  'a whole number of minutes, hours or days, such as 15m, 24h or 7d',
);
/** A share of traffic such as "50%", as a ratio in [0, 1]. */
export const ShareSchema = textWith(
  (text) => {
    const level = text.trim().endsWith('%') ? parseLevel(text) : null;
    return level !== null && level <= 1 ? level : null;
  },
  /^\d{1,3}(?:\.\d{1,9})?\s?%$/,
  'a percentage from 0% to 100%, such as 50%',
);
