import { fastRandom } from '../bench/detection/random.ts';
import { MINUTES_PER_WEEK, type Week } from '../bench/detection/stream.ts';
import type { ClusterGroup } from '../src/domain/statistics/clustering-exponent.ts';

/** User-minutes per minute, both arms; each sends one request and on average two more. */
const USERS_PER_MINUTE = 60;
const MORE_REQUESTS = 2;
/** One user-minute in 25 has trouble, and then a quarter of its requests fail: 1% of all, intra-cluster correlation .24. */
const TROUBLED = 0.04;
const FAILING = 0.25;

/** An A/A week of requests whose errors come in clumps, a user at a time. */
export function clusteredWeek(seed: readonly number[]): Week {
  const random = fastRandom(...seed);
  const [nA, yA, nB, yB] = Array.from({ length: 4 }, () => new Int32Array(MINUTES_PER_WEEK)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const fill = (n: Int32Array, y: Int32Array, minute: number) => {
    const calm = random.poisson((USERS_PER_MINUTE / 2) * (1 - TROUBLED));
    n[minute] = calm + random.poisson(MORE_REQUESTS * calm);
    for (let user = random.poisson((USERS_PER_MINUTE / 2) * TROUBLED); user > 0; user -= 1) {
      const bad = failures(1 + random.poisson(MORE_REQUESTS), random.next);
      n[minute] = n[minute]! + bad.trials;
      y[minute] = y[minute]! + bad.bad;
    }
  };
  let drawn = 0;
  const ensure = (minute: number) => {
    for (; drawn <= minute; drawn += 1) {
      fill(nA, yA, drawn);
      fill(nB, yB, drawn);
    }
  };
  return { nA, yA, nB, yB, share: () => 0.5, ensure };
}

/** The baseline's user-minutes by size and errors, as the store rolls them up. */
export function baselineClusters(count: number, seed: readonly number[]): readonly ClusterGroup[] {
  const { next, poisson } = fastRandom(...seed);
  const groups = new Map<string, { trials: number; bad: number; count: number }>();
  for (let i = 0; i < count; i += 1) {
    const trials = 1 + poisson(MORE_REQUESTS);
    const { bad } = next() < TROUBLED ? failures(trials, next) : { bad: 0 };
    const key = `${trials}/${bad}`;
    const group = groups.get(key) ?? { trials, bad, count: 0 };
    group.count += 1;
    groups.set(key, group);
  }
  return [...groups.values()];
}

function failures(trials: number, next: () => number): { trials: number; bad: number } {
  let bad = 0;
  for (let i = 0; i < trials; i += 1) if (next() < FAILING) bad += 1;
  return { trials, bad };
}
