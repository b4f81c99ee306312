import { chiSquareSf } from './distributions.ts';
import type { Estimate } from './estimate.ts';

/** A test of "the effect is the same in all groups". All NaN with fewer than two usable groups. */
export interface Heterogeneity {
  /** Cochran's Q: squared distances from the pooled effect in units of each group's standard error. */
  readonly statistic: number;
  /** Usable groups - 1. */
  readonly df: number;
  readonly p: number;
}

/**
 * Whether independent groups have different effects: Cochran's Q against chi-square (docs/statistics.md section M).
 * @param groups estimates of the same effect, normal on their scale; those that are not `ok`, or without a standard error
 *               above 0, are left out
 */
export function heterogeneity(groups: readonly Estimate[]): Heterogeneity {
  const usable = groups.flatMap(({ status, estimate, se }) =>
    status === 'ok' && Number.isFinite(estimate) && se !== null && se > 0 ? [{ estimate, weight: 1 / se ** 2 }] : [],
  );
  const df = usable.length - 1;
  if (df < 1) return { statistic: Number.NaN, df: Number.NaN, p: Number.NaN };
  const total = usable.reduce((sum, { weight }) => sum + weight, 0);
  const pooled = usable.reduce((sum, { estimate, weight }) => sum + weight * estimate, 0) / total;
  const statistic = usable.reduce((sum, { estimate, weight }) => sum + weight * (estimate - pooled) ** 2, 0);
  return { statistic, df, p: chiSquareSf(statistic, df) };
}
