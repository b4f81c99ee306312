import { twoSidedT, twoSidedZ } from './distributions.ts';
import { type Estimate, insufficientEstimate, invalidEstimate, isProbabilityLevel } from './estimate.ts';
import { logStandardError } from './estimate-test.ts';
import { logInterval } from './weighted-arms.ts';

/** Fewer pairs have no usable variance. */
const FEWEST_PAIRS = 3;

/**
 * One ratio from those of several strata: the mean of their logarithms, each weighted by the inverse of its variance
 * (docs/statistics.md section I).
 * @param ratios normal on the log scale, made with confidence `conf`; those without an answer are left out
 * @param method name of the answer when several are pooled
 * @returns      the only ratio there is as it stands; `insufficient` with none; `invalid` when any is
 */
export function poolLogRatios(ratios: readonly Estimate[], conf: number, method: string): Estimate {
  const broken = ratios.find(({ status }) => status === 'invalid');
  if (broken || !isProbabilityLevel(conf)) return invalidEstimate(method);
  const usable = ratios.filter((ratio) => logStandardError(ratio, conf) > 0);
  const n = usable.reduce((sum, ratio) => sum + ratio.n, 0);
  if (usable.length < 2) return usable[0] ?? ratios[0] ?? insufficientEstimate(method, n, 0, Number.POSITIVE_INFINITY);
  const weights = usable.map((ratio) => 1 / logStandardError(ratio, conf) ** 2);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const log = usable.reduce((sum, ratio, i) => sum + (weights[i] ?? 0) * Math.log(ratio.estimate), 0) / total;
  return logInterval(method, n, Math.exp(log), Math.sqrt(1 / total), twoSidedZ(conf));
}

/**
 * Ratio of two levels from paired spans, such as days: t interval of the mean of ln(treatment / control) (docs/statistics.md
 * C1 on pairs). What both levels share in a span, its season, cancels.
 * @param logRatios one for each span
 * @param n         samples behind them, as the answer's n
 * @returns         ratio B/A, df is pairs - 1; fewer than 3 pairs, or pairs without any variance, are `insufficient`; a
 *                  pair that is not finite is `invalid`
 */
export function pairedLogRatio(logRatios: readonly number[], n: number, conf: number): Estimate {
  const method = 'paired_log_ratio';
  if (!logRatios.every(Number.isFinite) || !isProbabilityLevel(conf)) return invalidEstimate(method);
  const pairs = logRatios.length;
  const mean = logRatios.reduce((sum, value) => sum + value, 0) / pairs;
  const squares = logRatios.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const seLog = Math.sqrt(squares / (pairs - 1) / pairs);
  // Equal pairs differ by rounding only, which is no variance to judge by.
  if (pairs < FEWEST_PAIRS || !(seLog > Number.EPSILON * 16)) {
    return insufficientEstimate(method, n, 0, Number.POSITIVE_INFINITY);
  }
  return logInterval(method, n, Math.exp(mean), seLog, twoSidedT(conf, pairs - 1), pairs - 1);
}
