/** What clusters of the baseline say about how far bets must be tempered: one exponent a candidate. */
export interface ClusteringExponents {
  /** `insufficient`: too few clusters and no fallback. Don't monitor single events then. */
  readonly status: 'ok' | 'insufficient' | 'invalid';
  /** In (0, 1]; empty unless the status is `ok`. */
  readonly exponents: readonly number[];
  readonly method: 'baseline_clusters' | 'design_effect' | 'none';
  /** Clusters of the baseline. */
  readonly n: number;
}

/** Fewer clusters show too little of the tail that decides (docs/statistics.md K5). */
const FEWEST_CLUSTERS = 5000;
/** Bisection down to this is finer than 5000 clusters can tell. */
const HALVINGS = 30;
const ROUNDING = 1e-12;

/**
 * The exponents from enough clusters, else 1 / design effect for all, else none (docs/statistics.md K5).
 * @param n         clusters of the baseline
 * @param growths   for each candidate: the mean of a cluster's factor on the wealth as a function of its exponent, one
 *                  function a traffic share; the smallest exponent holds for all
 * @param inflation how many times the variance is what independent events would have, > 0; null when unknown
 */
export function chooseExponents(
  n: number,
  growths: readonly (readonly ((eta: number) => number)[])[],
  inflation: number | null,
): ClusteringExponents {
  if (n >= FEWEST_CLUSTERS) {
    const exponents = growths.map((shares) => Math.min(...shares.map(largestExponent)));
    if (exponents.every((exponent) => exponent > 0)) {
      return { status: 'ok', exponents, method: 'baseline_clusters', n };
    }
  }
  if (inflation === null) return { status: 'insufficient', exponents: [], method: 'none', n };
  return { status: 'ok', exponents: growths.map(() => Math.min(1, 1 / inflation)), method: 'design_effect', n };
}

/** Convex in eta and 1 at eta = 0, so the exponents that will do are an interval from 0. */
function largestExponent(growth: (eta: number) => number): number {
  if (growth(1) <= 1 + ROUNDING) return 1;
  let low = 0;
  let high = 1;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (growth(middle) <= 1) low = middle;
    else high = middle;
  }
  return low;
}
