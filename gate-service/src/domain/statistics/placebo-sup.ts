import type { HarmDirection } from './null-line.ts';

/** What past days show about the hours after one; computed once, before the deploy. Plain JSON. */
export interface PlaceboSupPlan {
  readonly status: 'ok' | 'insufficient' | 'invalid';
  readonly harm: HarmDirection;
  /** Expected total from the deploy to the end of each hour. */
  readonly expected: readonly number[];
  /** Root mean square of the relative deviation from it at each hour, over the placebos. */
  readonly scale: readonly number[];
  /** Alarm above this. */
  readonly threshold: number;
  readonly placebos: number;
}

/** The hours since the deploy against the plan. */
export interface PlaceboSupLook {
  /** First hour, from 0, whose deviation passed the threshold; null when none did, or nothing could be said. */
  readonly alarmHour: number | null;
  /** Largest deviation so far in units of its scale, above 0 for harm; null when there is none. */
  readonly largest: number | null;
}

const HOURS_PER_DAY = 24;
const HOURS_PER_WEEK = 168;
const EARLIER_WEEKS = 4;
const FEWEST_EARLIER_WEEKS = 2;
/** With fewer, the 95% point of the largest deviation is not known (docs/statistics.md L10). */
const FEWEST_PLACEBOS = 40;
const ALPHA = 0.05;

/**
 * Plans the online monitor for a change that is on for everybody (docs/statistics.md L10): the total since the deploy
 * against the mean of the same hours in the four weeks before, and how far the same total strayed after every past day
 * on which nothing was deployed. One false alarm in 20 windows, whatever the autocorrelation, as far as the past is
 * like now.
 * @param hourly       totals an hour up to the deploy, oldest first, NaN where missing or excluded; ten weeks for 72
 *        hours
 * @param horizonHours hours that will be watched, 1 to 168
 * @returns            `insufficient` with fewer than 40 complete placebo windows; `invalid` for negative totals or a
 *                     broken horizon
 */
export function planPlaceboSup(hourly: readonly number[], horizonHours: number, harm: HarmDirection): PlaceboSupPlan {
  const isHorizon = Number.isInteger(horizonHours) && horizonHours >= 1 && horizonHours <= HOURS_PER_WEEK;
  const nothing = { harm, expected: [], scale: [], threshold: Number.POSITIVE_INFINITY, placebos: 0 };
  if (!isHorizon || hourly.some((total) => total < 0 || total === Number.POSITIVE_INFINITY)) {
    return { status: 'invalid', ...nothing };
  }
  const windows: number[][] = [];
  for (let start = hourly.length - HOURS_PER_DAY; start >= EARLIER_WEEKS * HOURS_PER_WEEK; start -= HOURS_PER_DAY) {
    if (start + horizonHours > hourly.length) continue;
    const deviations = relativeDeviations(
      hourly.slice(start, start + horizonHours),
      cumulative(expectedHours(hourly, start, horizonHours)),
    );
    if (deviations.every(Number.isFinite)) windows.push(deviations);
  }
  const expected = cumulative(expectedHours(hourly, hourly.length, horizonHours));
  if (windows.length < FEWEST_PLACEBOS || expected.some(Number.isNaN)) {
    return { status: 'insufficient', ...nothing, placebos: windows.length };
  }
  const scale = expected.map((_, hour) => {
    const squares = windows.reduce((sum, window) => sum + (window[hour] ?? Number.NaN) ** 2, 0);
    return Math.sqrt(squares / windows.length);
  });
  const suprema = windows.map((window) => Math.max(...scaled(window, scale, harm)));
  const sorted = suprema.toSorted((left, right) => left - right);
  const threshold = sorted[Math.ceil((1 - ALPHA) * (sorted.length + 1)) - 1] ?? Number.POSITIVE_INFINITY;
  return { status: 'ok', harm, expected, scale, threshold, placebos: windows.length };
}

/**
 * Looks at the hours since the deploy (docs/statistics.md L10); as often as one likes, the first alarm counts.
 * @param hourly complete hours from the deploy on; those after a broken one (NaN, negative) can't be judged
 */
export function lookPlaceboSup(plan: PlaceboSupPlan, hourly: readonly number[]): PlaceboSupLook {
  if (plan.status !== 'ok') return { alarmHour: null, largest: null };
  const broken = hourly.findIndex((total) => !(total >= 0 && Number.isFinite(total)));
  const usable = hourly.slice(0, broken < 0 ? plan.expected.length : Math.min(broken, plan.expected.length));
  const statistics = scaled(relativeDeviations(usable, plan.expected), plan.scale, plan.harm);
  const alarmHour = statistics.findIndex((statistic) => statistic > plan.threshold);
  const largest = Math.max(...statistics);
  return { alarmHour: alarmHour < 0 ? null : alarmHour, largest: Number.isFinite(largest) ? largest : null };
}

/** Mean of the same hour in those of the four weeks before that have it; NaN with fewer than two. */
function expectedHours(hourly: readonly number[], start: number, hours: number): number[] {
  return Array.from({ length: hours }, (_, hour) => {
    let [sum, weeks] = [0, 0];
    for (let week = 1; week <= EARLIER_WEEKS; week++) {
      const total = hourly[start + hour - week * HOURS_PER_WEEK] ?? Number.NaN;
      if (Number.isNaN(total)) continue;
      sum += total;
      weeks += 1;
    }
    return weeks < FEWEST_EARLIER_WEEKS ? Number.NaN : sum / weeks;
  });
}

function cumulative(hourly: readonly number[]): number[] {
  let total = 0;
  return hourly.map((value) => {
    total += value;
    return total;
  });
}

/** dev_h = total / expected - 1; 0 while nothing is expected yet. */
function relativeDeviations(hourly: readonly number[], expected: readonly number[]): number[] {
  return cumulative(hourly).map((total, hour) => {
    const wanted = expected[hour] ?? Number.NaN;
    return wanted === 0 ? 0 : total / wanted - 1;
  });
}

function scaled(deviations: readonly number[], scale: readonly number[], harm: HarmDirection): number[] {
  const sign = harm === 'increase' ? 1 : -1;
  return deviations.map((deviation, hour) => {
    const unit = scale[hour] ?? 0;
    return unit > 0 ? (sign * deviation) / unit : 0;
  });
}
