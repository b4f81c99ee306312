import { lnGamma } from './distributions.ts';
import {
  type Estimate,
  insufficientEstimate,
  invalidEstimate,
  isProbabilityLevel,
  isProportionArm,
  type ProportionArm,
} from './estimate.ts';

/** Parameters > 0 of the Beta mixture; 1/2 each is Jeffreys' (docs/statistics.md K13). */
export interface BetaMixture {
  readonly a: number;
  readonly b: number;
}

const METHOD = 'beta_binomial_sequence';
const JEFFREYS: BetaMixture = { a: 0.5, b: 0.5 };
/** Enough halvings for a limit as small as 1e-300. */
const HALVINGS = 1100;

/**
 * ln of the mixture likelihood ratio of an arm against rate p: an e-process under rate p (docs/statistics.md K13).
 * @returns >= ln(1/alpha) with probability at most alpha, ever; Infinity for a rate that the arm rules out
 */
export function proportionLogEvidence({ y, n }: ProportionArm, p: number, { a, b }: BetaMixture = JEFFREYS): number {
  const mixed = lnBeta(a + y, b + n - y) - lnBeta(a, b);
  const hits = y === 0 ? 0 : y * Math.log(p);
  const misses = y === n ? 0 : (n - y) * Math.log1p(-p);
  return mixed - hits - misses;
}

/**
 * A confidence sequence for one proportion: it holds at all times together, however often it is looked at
 * (docs/statistics.md K13).
 * @returns interval in [0, 1] with y/n inside; [0, 1] for an empty arm (`insufficient`); `invalid` for broken counts,
 *          level or mixture
 * @see     Robbins 1970; checked against confseq's beta-binomial mixture in R and Python
 */
export function proportionSequence(arm: ProportionArm, alpha: number, mixture: BetaMixture = JEFFREYS): Estimate {
  const isMixture = [mixture.a, mixture.b].every((value) => value > 0 && Number.isFinite(value));
  if (!isProportionArm(arm) || !isProbabilityLevel(alpha) || !isMixture) return invalidEstimate(METHOD);
  const { y, n } = arm;
  if (n === 0) return insufficientEstimate(METHOD, n, 0, 1);
  const estimate = y / n;
  const threshold = -Math.log(alpha);
  const isRuledOut = (p: number) => proportionLogEvidence(arm, p, mixture) >= threshold;
  return {
    status: 'ok',
    estimate,
    lo: y === 0 ? 0 : limit(isRuledOut, estimate, 0),
    hi: y === n ? 1 : limit(isRuledOut, estimate, 1),
    se: null,
    df: null,
    method: METHOD,
    n,
  };
}

/** The evidence is convex in p with its least value at y/n, where it is at most 0: each side has one crossing. */
function limit(isRuledOut: (p: number) => boolean, inside: number, outside: number): number {
  let [low, high] = [inside, outside];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) break;
    if (isRuledOut(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function lnBeta(a: number, b: number): number {
  return lnGamma(a) + lnGamma(b) - lnGamma(a + b);
}
