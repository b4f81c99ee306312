/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;
/** Whole minutes since 1970-01-01T00:00:00Z: the size of every bucket. */
export type EpochMinute = number;

export const MINUTE_MS = 60_000;
export const HOUR_MINUTES = 60;
export const DAY_MINUTES = 1_440;
export const WEEK_MINUTES = 10_080;

export function minuteOf(at: EpochMs): EpochMinute {
  return Math.floor(at / MINUTE_MS);
}

export function startOfMinute(minute: EpochMinute): EpochMs {
  return minute * MINUTE_MS;
}

/** "2026-11-02T09:15Z": minutes are enough for people, UTC for everybody. */
export function formatMinute(minute: EpochMinute): string {
  return `${new Date(minute * MINUTE_MS).toISOString().slice(0, 16)}Z`;
}

/** RFC 3339 with milliseconds, UTC. */
export function formatInstant(at: EpochMs): string {
  return new Date(at).toISOString();
}

/** Hour of the week in UTC, 0 = Monday 00:00 (1970-01-01 was a Thursday). */
export function hourOfWeek(minute: EpochMinute): number {
  return Math.floor(((((minute + 3 * DAY_MINUTES) % WEEK_MINUTES) + WEEK_MINUTES) % WEEK_MINUTES) / HOUR_MINUTES);
}

/** Number of the UTC week (Monday to Sunday) that the minute is in. */
export function weekOf(minute: EpochMinute): number {
  return Math.floor((minute + 3 * DAY_MINUTES) / WEEK_MINUTES);
}

/** First minute of that UTC week. */
export function startOfWeek(week: number): EpochMinute {
  return week * WEEK_MINUTES - 3 * DAY_MINUTES;
}
