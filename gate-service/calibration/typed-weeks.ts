import type { FastRandom } from '../bench/detection/random.ts';
import { NO_SUMS, type Tally } from '../src/domain/model/tally.ts';
import { DAY_MINUTES, HOUR_MINUTES } from '../src/domain/model/time.ts';
import type { MetricEvidence } from '../src/domain/model/verdict.ts';
import { logHistogramOf } from '../src/domain/statistics/log-histogram.ts';
import { metricOf, START } from '../test/support/decision/evidence.ts';
import { tallyOfUnits } from '../test/support/decision/typed-evidence.ts';

/** The KPIs of the week: five types, and a proportion whose users come many times. */
export type WeekKpi = 'revenue' | 'basket' | 'calls' | 'latency' | 'queue' | 'served';

type Pair = readonly [y: number, d: number];

const HOURS = 168;
const DAYS = 7;
const STEPS_PER_EUR = 10;
/** Visitors who buy; the effect is in how many do, so that no cap takes part of it away. */
const BUYERS = 0.3;
const MEDIAN_STEPS = 30 * STEPS_PER_EUR;
const CAP_STEPS = 10_000;

/** Users (sessions, requests, samples) an arm. */
export interface ArmSizes {
  readonly off: number;
  readonly on: number;
}

/**
 * A week of so many users an arm, as hard as traffic gets: amounts lognormal and mostly nothing,
 * calls in clumps, levels that hang together within a day, users of very different diligence and luck.
 * @param factor level of the treatment over the control's, exactly
 */
export function typedWeek(kpi: WeekKpi, sizes: ArmSizes, factor: number, random: FastRandom): MetricEvidence {
  const arms = [
    [sizes.off, 1],
    [sizes.on, factor],
  ] as const;
  switch (kpi) {
    case 'revenue':
    case 'basket': {
      const [off, on] = arms.map(([n, times]) =>
        tallyOfUnits(Array.from({ length: n }, () => (kpi === 'revenue' ? buyer : orders)(times, random))),
      ) as [Tally, Tally];
      return metricOf(kpi, off, on);
    }
    case 'calls': {
      const hours = Array.from({ length: HOURS }, (_, i) => {
        const [off, on] = arms.map(([n, times]) => sessions(n / HOURS, times, random)) as [Tally, Tally];
        return { phaseIndex: 0, hour: START / HOUR_MINUTES + i, off, on };
      });
      return { ...metricOf(kpi, total(hours, 'off'), total(hours, 'on')), hours };
    }
    case 'latency': {
      const [off, on] = arms.map(([n, times]) => latencies(n, times, random)) as [Tally, Tally];
      return metricOf(kpi, off, on);
    }
    case 'queue': {
      const days = Array.from({ length: DAYS }, (_, i) => {
        const season = 800 + 300 * Math.sin(i);
        const [off, on] = arms.map(([n, times]) => samples(Math.ceil(n / DAYS), season * times, random)) as [
          Tally,
          Tally,
        ];
        return { phaseIndex: 0, day: START / DAY_MINUTES + i, off, on };
      });
      return { ...metricOf(kpi, total(days, 'off'), total(days, 'on')), days };
    }
    case 'served': {
      const [off, on] = arms.map(([n, times]) =>
        tallyOfUnits(Array.from({ length: n }, () => regular(times, random))),
      ) as [Tally, Tally];
      const trials = ({ y, sums }: Tally): Tally => ({ n: sums!.d, y });
      return { ...metricOf(kpi, trials(off), trials(on)), units: [{ phaseIndex: 0, off, on }] };
    }
    default:
      return kpi satisfies never;
  }
}

/**
 * A minute of `mean` users of one arm, as in `typedWeek`, for the KPIs that are watched.
 * @param level what the rate of events (or the latency) of all is multiplied by, in this minute
 */
export function typedMinute(
  kpi: Exclude<WeekKpi, 'queue' | 'served'>,
  mean: number,
  level: number,
  random: FastRandom,
): Tally {
  if (kpi === 'calls') return sessions(mean, level, random);
  const n = random.poisson(mean);
  if (kpi === 'latency') return latencies(n, level, random);
  return tallyOfUnits(Array.from({ length: n }, () => (kpi === 'revenue' ? buyer : orders)(level, random)));
}

/** What a visitor spends, mostly nothing, and spent before: the same habit shows in both. */
function buyer(factor: number, random: FastRandom): Pair {
  const habit = 0.7 * normal(random);
  const amount = (chance: number) => (random.next() < chance ? steps(habit + 0.7 * normal(random)) : 0);
  const before = amount(BUYERS);
  return [amount(BUYERS * factor), before];
}

/** What a visitor's orders bring in, and how many they are; who orders more pays less for each. */
function orders(factor: number, random: FastRandom): Pair {
  const count = random.poisson(0.6);
  const [whole, part] = [Math.floor(factor), factor % 1];
  let y = 0;
  // A factor of 1.1 is one more item in a tenth of the orders: the cap takes nothing away.
  for (let order = 0; order < count; order += 1) {
    const items = whole + (random.next() < part ? 1 : 0);
    for (let item = 0; item < items; item += 1) y += Math.round(steps(0.6 * normal(random)) / (1 + count));
  }
  return [Math.min(CAP_STEPS, y), count];
}

/** An hour's sessions and its calls, which come one, or five at a time. */
function sessions(mean: number, factor: number, random: FastRandom): Tally {
  const n = random.poisson(mean);
  return { n, y: random.poisson(0.3 * factor * n) + 5 * random.poisson(0.05 * factor * n) };
}

function latencies(n: number, factor: number, random: FastRandom): Tally {
  const values = Array.from({ length: n }, () => 100 * factor * Math.exp(0.6 * normal(random)));
  return { n, y: 0, sums: NO_SUMS, histogram: logHistogramOf(values)! };
}

/** A day's samples of a level that wanders about the day's own. */
function samples(count: number, level: number, random: FastRandom): Tally {
  let noise = normal(random);
  const shift = Math.exp(0.1 * normal(random));
  return tallyOfUnits(
    Array.from({ length: count }, (): Pair => {
      noise = 0.95 * noise + Math.sqrt(1 - 0.95 ** 2) * normal(random);
      return [Math.min(CAP_STEPS, Math.round(level * shift * Math.exp(0.2 * noise))), 0];
    }),
  );
}

/** A user's requests, lognormal in number, and how many of them went well, each user with a luck of its own. */
function regular(factor: number, random: FastRandom): Pair {
  const trials = 1 + Math.floor(Math.exp(1 + normal(random)));
  const luck = Math.min(1, 0.25 * factor * 2 * random.next());
  let y = 0;
  for (let trial = 0; trial < trials; trial += 1) if (random.next() < luck) y += 1;
  return [y, trials];
}

function steps(log: number): number {
  return Math.min(CAP_STEPS, Math.max(1, Math.round(MEDIAN_STEPS * Math.exp(log))));
}

function total(rows: readonly { readonly off: Tally; readonly on: Tally }[], arm: 'off' | 'on'): Tally {
  const all = rows.map((row) => row[arm]);
  const sum = (part: (tally: Tally) => number) => all.reduce((whole, tally) => whole + part(tally), 0);
  return {
    n: sum(({ n }) => n),
    y: sum(({ y }) => y),
    ...(all[0]?.sums && { sums: { ...NO_SUMS, yy: sum(({ sums }) => sums?.yy ?? 0) } }),
  };
}

/** A standard normal draw. */
function normal({ next }: FastRandom): number {
  return Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}
