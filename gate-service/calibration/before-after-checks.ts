import { type FastRandom, fastRandom } from '../bench/detection/random.ts';
import { backtestWeek } from '../src/domain/statistics/backtest-week.ts';
import type { Check, Size } from './check.ts';

const LIMIT = 0.07;
const CONFIDENCE = 0.95;
const DAYS = 7;
const HISTORY_WEEKS = [8, 12] as const;
/** Days before the first week, for memory to fill. */
const WARM_UP = 50;
const STANDARD_ERRORS = 4;

/** How a metric without any change moves from day to day; standard deviations in units of the daily noise. */
interface Regime {
  readonly name: string;
  /** Of each day on the one before. */
  readonly memory: number;
  /** Standard deviation of the level's daily step. */
  readonly walk: number;
  /** Standard deviation of what a whole week has in common. */
  readonly week: number;
}

const REGIMES: readonly Regime[] = [
  ['independent days', 0, 0, 0],
  ['days remember .3', 0.3, 0, 0],
  ['days remember .6', 0.6, 0, 0],
  ['days remember .8', 0.8, 0, 0],
  ['level walks .1 a day', 0, 0.1, 0],
  ['level walks .3 a day', 0, 0.3, 0],
  ['week effect .5', 0, 0, 0.5],
  ['week effect 1', 0, 0, 1],
].map(([name, memory, walk, week]) => ({ name, memory, walk, week }) as Regime);

/** (f) How often the before/after test finds a change where there is none. */
export function beforeAfterChecks({ histories, tail }: Size, seed: number): readonly Check[] {
  return REGIMES.flatMap((regime, index) =>
    HISTORY_WEEKS.map((weeks): Check => {
      const random = fastRandom(seed, 17, index, weeks);
      let found = 0;
      for (let i = 0; i < histories; i += 1) {
        const values = weeklyMeans(regime, weeks + 1, random);
        const { status, lo, hi } = backtestWeek(values.slice(0, -1), values.at(-1)!, { conf: CONFIDENCE });
        if (status === 'ok' && (lo > 0 || hi < 0)) found += 1;
      }
      const slack = tail < 0.01 ? STANDARD_ERRORS * Math.sqrt((LIMIT * (1 - LIMIT)) / histories) : 0;
      return {
        part: 'f',
        what: `${regime.name}, ${weeks} weeks of history`,
        measured: found / histories,
        limit: LIMIT + slack,
        basis: `${histories} histories`,
      };
    }),
  );
}

function weeklyMeans({ memory, walk, week }: Regime, weeks: number, random: FastRandom): readonly number[] {
  let noise = 0;
  let level = 0;
  const day = () => {
    noise = memory * noise + Math.sqrt(1 - memory ** 2) * normal(random);
    level += walk * normal(random);
    return noise + level;
  };
  for (let i = 0; i < WARM_UP; i += 1) day();
  return Array.from({ length: weeks }, () => {
    let sum = 0;
    for (let i = 0; i < DAYS; i += 1) sum += day();
    return sum / DAYS + week * normal(random);
  });
}

function normal({ next }: FastRandom): number {
  return Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}
