import { compareBetas } from './beta-comparison.ts';
import { betaQuantile } from './distributions.ts';
import { type EstimateStatus, isProportionArm, type ProportionArm } from './estimate.ts';

/** The prior of the treatment is worth this many jobs: sceptical, it says "as before" (docs/statistics.md J1). */
const PRIOR_JOBS = 10;
/** `bayes_decides` passes above this probability of a gain and fails below its mirror (docs/statistics.md J). */
const SURE = 0.9;

/** Successes of jobs before and after a change, for traffic too thin for a verdict. */
export interface SmallSampleInput {
  /** The last 8 weeks before the change, and concurrent control jobs if any. */
  readonly history: ProportionArm;
  /** This week's jobs with the change. */
  readonly treatment: ProportionArm;
  readonly direction: 'up_is_good' | 'down_is_good';
  /** Jobs in a week, to say losses in jobs; the treatment's own when it ran for a week. */
  readonly jobsPerWeek: number;
}

/** An opinion, not a verdict: it says what is the better bet, however thin the evidence. */
export interface SmallSampleAdvice {
  readonly status: EstimateStatus;
  readonly advice: 'keep' | 'revert' | null;
  /** Probability that the change is a gain. */
  readonly pGain: number;
  /** Expected jobs lost a week by keeping a change that does harm. */
  readonly lossKeepJobs: number;
  /** Expected jobs lost a week by reverting a change that does good. */
  readonly lossRevertJobs: number;
  /** 90% credible interval of the rate with the change. */
  readonly lo: number;
  readonly hi: number;
}

/**
 * Advice for a handful of jobs (docs/statistics.md J1-J3). The prior of the changed rate is the history's rate, worth ten
 * jobs; the old rate is Beta(.5 + x, .5 + n - x) of the history.
 * @returns `ok`: keep when the expected loss of keeping is the smaller one; `insufficient` with NaN without history or
 *          without a job; `invalid` for broken counts
 */
export function smallSampleAdvice(input: SmallSampleInput): SmallSampleAdvice {
  const { history, treatment, direction, jobsPerWeek } = input;
  const valid = isProportionArm(history) && isProportionArm(treatment);
  if (!valid || !(jobsPerWeek >= 0 && Number.isFinite(jobsPerWeek))) return noAdvice('invalid');
  if (history.n === 0 || treatment.n === 0) return noAdvice('insufficient');
  const before = { a: 0.5 + history.y, b: 0.5 + history.n - history.y };
  // A history of nothing but failures, or successes, still leaves the other possible: half a job of it.
  const rate = Math.min(Math.max(history.y, 0.5), history.n - 0.5) / history.n;
  const after = {
    a: PRIOR_JOBS * rate + treatment.y,
    b: PRIOR_JOBS * (1 - rate) + treatment.n - treatment.y,
  };
  const { pGreater, lossOfA, lossOfB } = compareBetas(before, after);
  const isUp = direction === 'up_is_good';
  const [lossKeep, lossRevert] = isUp ? [lossOfB, lossOfA] : [lossOfA, lossOfB];
  return {
    status: 'ok',
    advice: lossKeep < lossRevert ? 'keep' : 'revert',
    pGain: isUp ? pGreater : 1 - pGreater,
    lossKeepJobs: lossKeep * jobsPerWeek,
    lossRevertJobs: lossRevert * jobsPerWeek,
    lo: betaQuantile(0.05, after.a, after.b),
    hi: betaQuantile(0.95, after.a, after.b),
  };
}

/**
 * The verdict of `small_n_mode: bayes_decides`, which has no error guarantee of its own: the forecast must print its
 * enumerated error rates (docs/statistics.md J).
 * @param toleranceJobs jobs a week that a kept change may be expected to cost, >= 0
 * @returns             `pass`: P(gain) > .90 and the loss of keeping is below the tolerance; `fail`: P(gain) < .10; else,
 *                      and without advice, `inconclusive`
 */
export function judgeSmallSample(advice: SmallSampleAdvice, toleranceJobs: number): 'pass' | 'fail' | 'inconclusive' {
  if (advice.status !== 'ok') return 'inconclusive';
  if (advice.pGain > SURE && advice.lossKeepJobs < toleranceJobs) return 'pass';
  return advice.pGain < 1 - SURE ? 'fail' : 'inconclusive';
}

function noAdvice(status: EstimateStatus): SmallSampleAdvice {
  const nan = Number.NaN;
  return { status, advice: null, pGain: nan, lossKeepJobs: nan, lossRevertJobs: nan, lo: nan, hi: nan };
}
