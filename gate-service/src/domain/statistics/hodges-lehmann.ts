import { brentRoot } from './brent-root.ts';
import { normalQuantile } from './distributions.ts';
import { type Estimate, insufficientEstimate, invalidEstimate, isProbabilityLevel } from './estimate.ts';
import { rankSumDeviation, tieSizes } from './mann-whitney.ts';

/**
 * Hodges-Lehmann shift, the median of all differences b - a, with the interval that inverts the test with continuity
 * and tie correction.
 * @param conf two-sided confidence in (0, 1)
 * @returns    treatment minus control in the unit of the values; an end that even the largest difference does not reach
 *             is infinite; samples too small or without spread are `insufficient` or `degenerate` (Kayenta puts
 *             noise on equal values instead, and its interval of that noise can have its ends the wrong way round);
 *             broken values are `invalid`
 * @see        Hodges and Lehmann 1963; R 4.2.2 wilcox.test(conf.int = TRUE, exact = FALSE), which searches the same step
 *             function by root finding
 */
export function hodgesLehmann(control: readonly number[], treatment: readonly number[], conf: number): Estimate {
  const method = 'hodges_lehmann';
  const n = control.length + treatment.length;
  if (![...control, ...treatment].every(Number.isFinite) || !isProbabilityLevel(conf)) return invalidEstimate(method);
  const everything = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
  if (control.length === 0 || treatment.length === 0) return insufficientEstimate(method, n, ...everything);
  const differences = treatment.flatMap((b) => control.map((a) => b - a)).toSorted((left, right) => left - right);
  const count = differences.length;
  const at = (rank: number) => differences[rank - 1] ?? (rank < 1 ? everything[0] : everything[1]);
  const estimate = (at(Math.floor((count + 1) / 2)) + at(Math.floor(count / 2) + 1)) / 2;
  // Shifted by anything but a difference, values of different arms are never equal: only ties within an arm count.
  const ties = [...tieSizes(control), ...tieSizes(treatment)];
  const critical = -normalQuantile((1 - conf) / 2) * rankSumDeviation(control.length, treatment.length, ties);
  // The shift is refused where more than this many differences lie beyond it.
  const rank = Math.floor(count / 2 - critical - 0.5) + 1;
  const [lo, hi] = [at(rank), at(count + 1 - rank)];
  if (lo === everything[0]) return { ...insufficientEstimate(method, n, ...everything), estimate };
  if (lo < hi) return { status: 'ok', estimate, lo, hi, se: null, df: null, method, n };
  return { status: 'degenerate', estimate, lo: everything[0], hi: everything[1], se: null, df: null, method, n };
}

/**
 * The same as R finds it, by root search on the steps of the statistic to a width of 1e-4. With an even number of
 * differences R may stop anywhere between the two middle ones, so hodgesLehmann is the answer and this one reproduces R.
 * @param control   values, finite, at least one
 * @param treatment values, finite, at least one
 * @param conf      two-sided confidence in (0, 1)
 * @see             R 4.2.2 wilcox.test(B, A, conf.int = TRUE, exact = FALSE, correct = TRUE)
 */
export function hodgesLehmannAsR(
  control: readonly number[],
  treatment: readonly number[],
  conf: number,
): { estimate: number; lo: number; hi: number } {
  const [from, to] = [Math.min(...treatment) - Math.max(...control), Math.max(...treatment) - Math.min(...control)];
  const root = (zq: number, correction: number) => {
    const excess = (d: number) => shiftedZ(control, treatment, d, correction) - zq;
    if (excess(from) <= 0) return from;
    return excess(to) >= 0 ? to : brentRoot(excess, from, to, 1e-4);
  };
  const z = -normalQuantile((1 - conf) / 2);
  return { estimate: root(0, 0), lo: root(z, 0.5), hi: root(-z, 0.5) };
}

/** z of the rank-sum test after taking d off the treatment. */
function shiftedZ(control: readonly number[], treatment: readonly number[], d: number, correction: number): number {
  const shifted = treatment.map((b) => b - d);
  const w = shifted.reduce((sum, b) => sum + control.reduce((wins, a) => wins + (b > a ? 1 : b === a ? 0.5 : 0), 0), 0);
  const excess = w - (control.length * treatment.length) / 2;
  const sd = rankSumDeviation(control.length, treatment.length, tieSizes([...shifted, ...control]));
  return (excess - correction * Math.sign(excess)) / sd;
}
