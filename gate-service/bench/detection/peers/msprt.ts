import { twoSidedZ } from '../../../src/domain/statistics/distributions.ts';
import { ALPHA, onTotals, type Rule, type Totals } from '../detector.ts';

const Z = twoSidedZ(1 - ALPHA);

/**
 * Statsig's sequential test as documented: interval delta +- Z* sqrt(V) with Z*^2 = (V + tau)/tau (-2 ln(alpha/2) -
 * ln(V/(V + tau))), tau = z^2 (var_t + var_c)/(N_t + N_c). Harm when the interval lies above 0.
 * @see statsig-io/docs 19d11656, after Zhao et al. 2019
 */
export const statsig: Rule = onTotals('Statsig mSPRT, as documented', () => ({ nA, yA, nB, yB }) => {
  const spreadA = spread(yA, nA);
  const spreadB = spread(yB, nB);
  if (spreadA === 0 || spreadB === 0) return false;
  const variance = spreadA / nA + spreadB / nB;
  const tau = (Z ** 2 * (spreadA + spreadB)) / (nA + nB);
  const reach = Math.sqrt(
    ((variance + tau) / tau) * (-2 * Math.log(ALPHA / 2) - Math.log(variance / (variance + tau))),
  );
  return yB / nB - yA / nA > reach * Math.sqrt(variance);
});

/**
 * The mixture sequential probability ratio test told the true effect in advance, which nobody knows: two-sided at alpha,
 * harm when it rejects and the treatment is worse.
 * @see Johari, Pekelis, Walsh 2015, "Always valid inference"
 */
export const tunedMsprt: Rule = onTotals('mSPRT told the true effect', ({ pA, pB }) => (totals) => {
  const { difference, variance } = pooled(totals);
  if (!(variance > 0) || difference <= 0) return false;
  const tau2 = (pB - pA) ** 2;
  const log =
    0.5 * Math.log(variance / (variance + tau2)) + (tau2 * difference ** 2) / (2 * variance * (variance + tau2));
  return log >= Math.log(1 / ALPHA);
});

/** Units an arm must hold before people look at a z statistic. */
const FEWEST_UNITS = 30;

/** The fixed-horizon test, peeked at every minute from 30 units an arm on. */
export const peekedZ: Rule = onTotals('z at 5%, peeked each minute', () => (totals) => {
  if (totals.nA < FEWEST_UNITS || totals.nB < FEWEST_UNITS) return false;
  const { difference, variance } = pooled(totals);
  return variance > 0 && difference / Math.sqrt(variance) > twoSidedZ(1 - 2 * ALPHA);
});

function spread(y: number, n: number): number {
  return n === 0 ? 0 : (y / n) * (1 - y / n);
}

function pooled({ nA, yA, nB, yB }: Totals) {
  const p = (yA + yB) / (nA + nB);
  return { difference: yB / nB - yA / nA, variance: nA * nB > 0 ? p * (1 - p) * (1 / nA + 1 / nB) : 0 };
}
