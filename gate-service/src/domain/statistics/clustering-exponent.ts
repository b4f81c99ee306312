import { candidateRate } from './candidates.ts';
import { clipRate } from './control-rate.ts';
import { isCount, isProbabilityLevel, isProportionArm } from './estimate.ts';
import { nullLine } from './null-line.ts';
import { referencePoint } from './reference-point.ts';

/** Clusters of the baseline that look alike: `count` user-minutes with `trials` requests each, `bad` of them bad. */
export interface ClusterGroup {
  readonly trials: number;
  readonly bad: number;
  readonly count: number;
}

/** Exponents for `tempering` of the harm monitor, one a candidate. */
export interface ClusteringExponents {
  /** `insufficient`: too few clusters and no design effect. Don't monitor single trials then. */
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
 * How far bets on single trials must be tempered where trials come in clusters, such as the requests of one user in a
 * minute: for each candidate the largest exponent eta <= 1 at which a cluster of the baseline, put in either arm by
 * chance, multiplies the wealth by at most 1 on average (docs/statistics.md K5). Untempered, the share of false alarms
 * was 8 to 42% in simulations.
 *
 * With fewer than 5000 clusters: 1 / design effect for all. Without that either, make the unit "user with at least one
 * error in the minute", which needs no exponent. The margin plays no part: the exponents depend on how bad events
 * clump, and the baseline shows that where the arms are equal.
 * @param groups          roll-up of the baseline's clusters
 * @param psi             the monitor's candidates
 * @param treatmentShares every share the ramp will go through, each in (0, 1): the smallest exponent holds for all
 * @param designEffect    var(R) / (R (1-R) / trials) of the baseline, or null (docs/statistics.md D1)
 */
export function clusteringExponents(
  groups: readonly ClusterGroup[],
  psi: readonly number[],
  treatmentShares: readonly number[],
  designEffect: number | null,
): ClusteringExponents {
  const n = groups.reduce((sum, { count }) => sum + count, 0);
  const isUsable =
    groups.every(({ trials, bad, count }) => isProportionArm({ y: bad, n: trials }) && isCount(count)) &&
    psi.length > 0 &&
    psi.every((multiplier) => multiplier > 1 && Number.isFinite(multiplier)) &&
    treatmentShares.length > 0 &&
    treatmentShares.every(isProbabilityLevel) &&
    (designEffect === null || (designEffect > 0 && Number.isFinite(designEffect)));
  if (!isUsable) return { status: 'invalid', exponents: [], method: 'none', n: 0 };
  if (n >= FEWEST_CLUSTERS) {
    const exponents = psi.map((multiplier) =>
      Math.min(...treatmentShares.map((share) => largestExponent(groups, multiplier, share))),
    );
    if (exponents.every((exponent) => exponent > 0)) {
      return { status: 'ok', exponents, method: 'baseline_clusters', n };
    }
  }
  if (designEffect === null) return { status: 'insufficient', exponents: [], method: 'none', n };
  const exponent = Math.min(1, 1 / designEffect);
  return { status: 'ok', exponents: psi.map(() => exponent), method: 'design_effect', n };
}

function largestExponent(groups: readonly ClusterGroup[], psi: number, share: number): number {
  const growth = clusterGrowth(groups, psi, share);
  if (growth(1) <= 1 + ROUNDING) return 1;
  // Convex in eta and 1 at eta = 0, so the exponents that will do are an interval from 0.
  let low = 0;
  let high = 1;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (growth(middle) <= 1) low = middle;
    else high = middle;
  }
  return low;
}

/** (1-f) mean[exp(eta l(cluster in A))] + f mean[exp(eta l(cluster in B))], a function of eta (docs/statistics.md K5). */
function clusterGrowth(groups: readonly ClusterGroup[], psi: number, f: number): (eta: number) => number {
  const line = nullLine('none', 0, 'increase');
  const [trials, bad, clusters] = groups.reduce(
    (sum, group) => [sum[0] + group.trials * group.count, sum[1] + group.bad * group.count, sum[2] + group.count],
    [0, 0, 0] as [number, number, number],
  );
  const thetaA = clipRate(trials === 0 ? 0 : bad / trials);
  const thetaB = candidateRate(psi, thetaA, line);
  const { a, b } = referencePoint(f, thetaA, thetaB, line);
  const [hitA, missA] = [Math.log(thetaA / a), Math.log((1 - thetaA) / (1 - a))];
  const [hitB, missB] = [Math.log(thetaB / b), Math.log((1 - thetaB) / (1 - b))];
  return (eta) =>
    groups.reduce((mean, group) => {
      const good = group.trials - group.bad;
      const inA = Math.exp(eta * (group.bad * hitA + good * missA));
      const inB = Math.exp(eta * (group.bad * hitB + good * missB));
      return mean + (group.count / clusters) * ((1 - f) * inA + f * inB);
    }, 0);
}
