import { twoSidedT } from './distributions.ts';
import { type Estimate, insufficientEstimate, intervalEstimate } from './estimate.ts';
import { ROUNDING } from './mean-arm.ts';

/** What one arm of one stratum says about a mean or ratio. */
export interface ArmSummary {
  readonly n: number;
  readonly value: number;
  /** Variance of `value` (not of the units), >= 0. */
  readonly variance: number;
  /** Degrees of freedom of that variance. */
  readonly df: number;
}

/** Both arms of a span of constant allocation, or of a cohort. */
export interface StratumSummary {
  readonly control: ArmSummary;
  readonly treatment: ArmSummary;
}

/** A stratum's share of an arm's weighted mean and of its variance. */
interface Part {
  readonly value: number;
  readonly variance: number;
  readonly df: number;
}

/** Fewer units have no variance. */
const FEWEST_UNITS = 2;
/**
 * A control mean closer to 0 than this many of its standard errors carries no relative effect (docs/statistics.md C2).
 */
export const CLEAR_BASELINE = 3;

/**
 * Difference treatment minus control over strata weighted by nA nB / (nA + nB) (docs/statistics.md section I), with a t
 * interval and Satterthwaite's degrees of freedom (C1). One stratum is Welch's interval.
 * @param strata     valid summaries; those with fewer than 2 units in an arm compare nothing and are left out
 * @param conf       two-sided confidence in (0, 1)
 * @param resolution smallest step the metric can show, > 0; null when not declared
 * @returns          `insufficient` without a stratum; without any variance: `degenerate`, 0 +- resolution / 2 for equal
 *                   values with a resolution, `insufficient` for equal values without, and the difference with an
 *                   infinite interval for unequal values, so that nothing passes or fails on it
 */
export function weightedDifference(
  method: string,
  strata: readonly StratumSummary[],
  conf: number,
  resolution: number | null,
): Estimate {
  const { n, control, treatment } = weighArms(strata);
  const everything = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
  if (n === 0) return insufficientEstimate(method, units(strata), ...everything);
  const estimate = treatment.value - control.value;
  const variance = control.variance + treatment.variance;
  if (variance === 0) {
    if (!areEqual(control.value, treatment.value)) return degenerate(method, n, estimate, ...everything);
    if (resolution === null) return insufficientEstimate(method, n, ...everything);
    return degenerate(method, n, 0, -resolution / 2, resolution / 2);
  }
  const df = satterthwaite([...control.parts, ...treatment.parts], variance);
  const se = Math.sqrt(variance);
  const half = twoSidedT(conf, df) * se;
  return { status: 'ok', estimate, lo: estimate - half, hi: estimate + half, se, df, method, n };
}

/**
 * Ratio treatment over control of the weighted means, with a t interval on the log scale (docs/statistics.md C2 and I).
 * The means are weighted, not the logs, so that a thin stratum with a mean of 0 does not void the rest.
 * @param strata     as for weightedDifference
 * @param resolution as there, in the unit of the metric
 * @returns          ratio B/A; `insufficient` when a mean is not above 0 or control's is not 3 standard errors above it
 *                   (fall back to the difference); without any variance as weightedDifference
 */
export function weightedRatio(
  method: string,
  strata: readonly StratumSummary[],
  conf: number,
  resolution: number | null,
): Estimate {
  const { n, control, treatment } = weighArms(strata);
  const everything = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
  const isClear = control.value > 0 && treatment.value > 0;
  if (n === 0 || !isClear || control.value < CLEAR_BASELINE * Math.sqrt(control.variance)) {
    return insufficientEstimate(method, n === 0 ? units(strata) : n, ...everything);
  }
  const estimate = treatment.value / control.value;
  const [shareA, shareB] = [control.value ** 2, treatment.value ** 2];
  const variance = control.variance / shareA + treatment.variance / shareB;
  if (variance === 0) {
    if (!areEqual(control.value, treatment.value)) return degenerate(method, n, estimate, ...everything);
    if (resolution === null) return insufficientEstimate(method, n, ...everything);
    const half = resolution / 2 / control.value;
    return degenerate(method, n, 1, 1 - half, 1 + half);
  }
  const scaled = (parts: readonly Part[], share: number) => parts.map((p) => ({ ...p, variance: p.variance / share }));
  const df = satterthwaite([...scaled(control.parts, shareA), ...scaled(treatment.parts, shareB)], variance);
  return logInterval(method, n, estimate, Math.sqrt(variance), twoSidedT(conf, df), df);
}

/** The answer exp(ln estimate +- critical x seLog) of a method on the log scale; estimate > 0, seLog > 0. */
export function logInterval(
  method: string,
  n: number,
  estimate: number,
  seLog: number,
  critical: number,
  df: number | null = null,
): Estimate {
  const factor = Math.exp(critical * seLog);
  const interval = { estimate, lo: estimate / factor, hi: estimate * factor };
  return { ...intervalEstimate(method, n, interval, critical), df };
}

/** Weighted means of both arms and what each stratum adds to their variance, over the strata that can be
 *  compared; n is 0 when there is none. */
export function weighArms(strata: readonly StratumSummary[]) {
  const usable = strata.filter(({ control, treatment }) => control.n >= FEWEST_UNITS && treatment.n >= FEWEST_UNITS);
  const weights = usable.map(({ control: a, treatment: b }) => (a.n * b.n) / (a.n + b.n));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const arm = (name: keyof StratumSummary) => {
    const shares = weights.map((weight) => weight / total);
    const parts = usable.map((stratum, i): Part => {
      const share = shares[i] ?? 0;
      return {
        value: share * stratum[name].value,
        variance: share ** 2 * stratum[name].variance,
        df: stratum[name].df,
      };
    });
    const sum = (field: 'value' | 'variance') => parts.reduce((running, part) => running + part[field], 0);
    return { value: sum('value'), variance: sum('variance'), parts };
  };
  return { n: units(usable), control: arm('control'), treatment: arm('treatment') };
}

/** Degrees of freedom of a sum of independent variances; shares of the total, so that tiny units do not underflow. */
function satterthwaite(parts: readonly Part[], total: number): number {
  return 1 / parts.reduce((sum, { variance, df }) => sum + (variance / total) ** 2 / df, 0);
}

function units(strata: readonly StratumSummary[]): number {
  return strata.reduce((total, { control, treatment }) => total + control.n + treatment.n, 0);
}

function areEqual(a: number, b: number): boolean {
  return Math.abs(a - b) <= ROUNDING * Math.max(Math.abs(a), Math.abs(b));
}

function degenerate(method: string, n: number, estimate: number, lo: number, hi: number): Estimate {
  return { status: 'degenerate', estimate, lo, hi, se: null, df: null, method, n };
}
