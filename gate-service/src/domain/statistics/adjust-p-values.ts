/** How p-values are adjusted. `holm`: guardrail harm claims; `bh`: cohort slices (docs/statistics.md M). */
export type AdjustMethod = 'bonferroni' | 'holm' | 'hommel' | 'bh';

/**
 * p-values adjusted for being several (docs/statistics.md section M); compare them with the family's alpha.
 * @param pValues each in [0, 1], in any order
 * @param method  `bonferroni`, `holm` and `hommel` (independent or positively dependent tests) bound the chance of any
 *                false claim, `bh` the expected share of false ones
 * @returns       adjusted p-values in the order given, each >= its own; all NaN when any is NaN or outside [0, 1], since a
 *                family with a hole in it supports no claim
 * @see           checked against R 4.2.2 p.adjust
 */
export function adjustPValues(pValues: readonly number[], method: AdjustMethod): number[] {
  if (!pValues.every((p) => p >= 0 && p <= 1)) return pValues.map(() => Number.NaN);
  const order = [...pValues.keys()].toSorted((i, j) => (pValues[i] ?? 0) - (pValues[j] ?? 0));
  const sorted = order.map((i) => pValues[i] ?? Number.NaN);
  const adjusted = adjustSorted(sorted, method);
  const back: number[] = [];
  for (const [rank, i] of order.entries()) back[i] = Math.min(1, adjusted[rank] ?? Number.NaN);
  return back;
}

function adjustSorted(sorted: readonly number[], method: AdjustMethod): number[] {
  const m = sorted.length;
  switch (method) {
    case 'bonferroni':
      return sorted.map((p) => m * p);
    case 'holm':
      return runningMax(sorted.map((p, i) => (m - i) * p));
    case 'bh':
      return runningMin(sorted.map((p, i) => (m / (i + 1)) * p).toReversed()).toReversed();
    case 'hommel':
      return hommel(sorted);
    default:
      return method satisfies never;
  }
}

/** Hommel's closed test on ascending p-values, after Wright's algorithm (R's p.adjust). */
function hommel(sorted: readonly number[]): number[] {
  const m = sorted.length;
  const simes = (from: number, to: number, size: number) =>
    Math.min(...sorted.slice(from, to).map((p, i) => (size * p) / (i + 1 + size - (to - from))));
  let adjusted = sorted.map(() => simes(0, m, m));
  let bound = [...adjusted];
  for (let size = m - 1; size >= 2; size--) {
    // The largest size - 1 p-values count from rank 2 on; the first m - size + 1 each stand for rank 1.
    const tail = simes(m - size + 1, m, size);
    bound = sorted.map((p, i) => (i <= m - size ? Math.min(size * p, tail) : Number.NaN));
    const last = bound[m - size] ?? Number.NaN;
    bound = bound.map((value) => (Number.isNaN(value) ? last : value));
    adjusted = adjusted.map((value, i) => Math.max(value, bound[i] ?? 0));
  }
  return adjusted.map((value, i) => Math.max(value, sorted[i] ?? 0));
}

function runningMax(values: readonly number[]): number[] {
  let largest = Number.NEGATIVE_INFINITY;
  return values.map((value) => {
    largest = Math.max(largest, value);
    return largest;
  });
}

function runningMin(values: readonly number[]): number[] {
  return runningMax(values.map((value) => -value)).map((value) => -value);
}
