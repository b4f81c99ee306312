import { candidateRate } from './candidates.ts';
import { clipRate } from './control-rate.ts';
import { isCount, isProbabilityLevel, isProportionArm } from './estimate.ts';
import { type ClusteringExponents, chooseExponents } from './largest-exponent.ts';
import { nullLine } from './null-line.ts';
import { referencePoint } from './reference-point.ts';

/** Clusters of the baseline that look alike: `count` user-minutes with `trials` requests each, `bad` of them bad. */
export interface ClusterGroup {
  readonly trials: number;
  readonly bad: number;
  readonly count: number;
}

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
 * @returns               exponents for the harm monitor's `tempering`; `insufficient` with fewer than 5000 clusters and
 *                        no design effect
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
  const growths = psi.map((multiplier) => treatmentShares.map((share) => clusterGrowth(groups, multiplier, share)));
  return chooseExponents(n, growths, designEffect);
}

/** (1-f) mean[exp(eta l(cluster in A))] + f mean[exp(eta l(cluster in B))], a function of eta (docs/statistics.md K5).
 *  */
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
