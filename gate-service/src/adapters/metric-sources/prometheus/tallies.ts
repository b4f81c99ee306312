import type { Amount } from '../../../contract/kpi-measure.ts';
import { NO_SUMS, type Tally } from '../../../domain/model/tally.ts';
import { logHistogramCount } from '../../../domain/statistics/log-histogram.ts';
import type { SourceBucket } from '../../../ports/metric-source.ts';
import { type Cell, type Place, placeKey } from './cells.ts';
import { PrometheusFault } from './fault.ts';
import { fromClassic, fromNative } from './histogram.ts';
import type { Plan } from './plan.ts';

/** The answers that a plan's numbers are made of, by name. */
export type Parts = Readonly<Record<string, readonly Cell[]>>;

export interface ReadTallies {
  readonly buckets: readonly SourceBucket[];
  /** Buckets of a group that had a number which is not finite: they are left out. */
  readonly notFinite: number;
}

/** More outcomes than trials by so little is the rounding of an estimate after a reset. */
const PART_SLACK = 2;

/** @throws PrometheusFault `bad_value` for numbers that cannot be */
export function toTallies(plan: Plan, parts: Parts): ReadTallies {
  const all = Object.entries(parts).flatMap(([name, cells]) => cells.map((cell) => ({ name, cell })));
  const groups = Map.groupBy(all, ({ cell }) => placeKey(cell));
  let notFinite = 0;
  const buckets = [...groups.values()].flatMap((group) => {
    const place = placeOf(group[0]!.cell);
    const found = Map.groupBy(group, ({ name }) => name);
    const tally = tallyOf(plan, (name) => found.get(name)?.map(({ cell }) => cell) ?? []);
    if (tally === null) notFinite += 1;
    return tally === null || (tally.n === 0 && tally.y === 0) ? [] : [{ ...place, tally }];
  });
  return { buckets, notFinite };
}

function placeOf({ minute, variant, cohort }: Place): Place {
  return { minute, variant, cohort };
}

/** Null where a number is not finite. */
function tallyOf(plan: Plan, cellsOf: (name: string) => readonly Cell[]): Tally | null {
  // A group without a part has no series of it: the part itself is alive, or the question had ended before.
  const raw = (name: string) => cellsOf(name)[0]?.value ?? 0;
  switch (plan.kind) {
    case 'counts':
      return counts(raw('n'), raw('y'), plan.role);
    case 'amounts':
      return amounts(raw('n'), raw('sum'), raw('squares'), plan.amount, 0);
    case 'gauge':
      return amounts(raw('n'), raw('sum'), raw('squares'), plan.amount, raw('clipped'));
    case 'classic':
    case 'native': {
      const cells = cellsOf('histogram');
      const histogram =
        plan.kind === 'classic' ? fromClassic(cells, plan.msPerUnit) : fromNative(cells[0]!, plan.msPerUnit);
      return histogram && { n: logHistogramCount(histogram), y: 0, histogram };
    }
    default:
      return plan satisfies never;
  }
}

function counts(n: number, y: number, role: 'part' | 'rest' | 'other'): Tally | null {
  if (Number.isNaN(n + y)) return null;
  const [all, counted] = [Math.round(n), Math.round(y)];
  if (role === 'other') return { n: all, y: counted };
  if (counted > all + PART_SLACK) {
    throw new PrometheusFault('bad_value', `There are more errors (${counted}) than events (${all}) in one bucket.`);
  }
  const part = Math.min(all, counted);
  return { n: all, y: role === 'part' ? part : all - part };
}

function amounts(n: number, sum: number, squares: number, { step, cap }: Amount, clipped: number): Tally | null {
  if (Number.isNaN(n + sum + squares + clipped)) return null;
  const all = Math.round(n);
  const y = Math.round(sum / step);
  if (sum < 0 || sum > all * cap * (1 + 1e-9) || (all === 0 && y !== 0)) {
    throw new PrometheusFault(
      'bad_value',
      `The amounts of ${all} trials add up to ${sum}; allowed: 0 to ${all * cap} (cap).`,
    );
  }
  // Whole steps round the sum and the squares apart; squares can never be less than equal amounts would have.
  const yy = all === 0 ? 0 : Math.max(Math.round(squares / step ** 2), Math.ceil(y ** 2 / all));
  return { n: all, y, sums: { ...NO_SUMS, yy, clipped: Math.round(clipped) } };
}
