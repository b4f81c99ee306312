const UNKNOWN = 'unknown';
const MINUTE_MS = 60_000;

/** The two largest units that say something: "3 d 4 h", "2 h 5 min", "45 min", "8 s". */
function largestUnits(seconds: number): string {
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([size]) => size > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([size]) => size > 0)
    .map(([size, unit]) => `${size} ${unit}`)
    .join(' ');
}

/** Minutes as people say them: "3 h 12 min". */
export function formatMinutes(minutes: number | null): string {
  if (minutes === null || !Number.isFinite(minutes) || minutes < 0) return UNKNOWN;
  return minutes < 1 ? 'under a minute' : largestUnits(Math.round(minutes) * 60);
}

/** A window as people name it: "7 days", "1 day", "36 h". */
export function formatWindow(minutes: number): string {
  const days = minutes / 1_440;
  if (!Number.isInteger(days) || days < 1) return formatMinutes(minutes);
  return days === 1 ? '1 day' : `${days} days`;
}

/** Time between two instants: "8 s", "3 min 20 s". */
export function formatElapsed(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return UNKNOWN;
  return ms < 1_000 ? 'under 1 s' : largestUnits(Math.round(ms / 1_000));
}

/** A year or two of weeks needs no decimals, a few weeks do: "2.4 weeks", "31 weeks". */
export function formatWeeks(weeks: number): string {
  if (!Number.isFinite(weeks)) return UNKNOWN;
  const size = weeks >= 10 ? Math.ceil(weeks) : Math.ceil(weeks * 10) / 10;
  return `${size} ${size === 1 ? 'week' : 'weeks'}`;
}

function isoOf(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace('T', ' ');
}

/** "2026-11-02 09:15:04 UTC" from epoch milliseconds. */
export function formatInstant(ms: number | null): string {
  const iso = ms === null ? null : isoOf(ms);
  return iso === null ? UNKNOWN : `${iso.slice(0, -5)} UTC`;
}

/** "2026-11-02 09:15 UTC" from epoch minutes. */
export function formatMinute(minute: number | null): string {
  const iso = minute === null ? null : isoOf(minute * MINUTE_MS);
  return iso === null ? UNKNOWN : `${iso.slice(0, -8)} UTC`;
}
