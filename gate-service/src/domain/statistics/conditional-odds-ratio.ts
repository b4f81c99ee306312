import { brentRoot } from './brent-root.ts';
import { lnChoose } from './distributions.ts';
import type { ProportionArm } from './estimate.ts';

/** Terms this much below the largest change nothing. */
const NEGLIGIBLE_LOG = -60;
/** Width to which R searches: its answer has four or five digits, and this one has the same. */
const TOLERANCE = Number.EPSILON ** 0.25;

/**
 * Odds ratio of a 2 x 2 table, treatment over control, by conditional maximum likelihood: the one under which the
 * expected count of treatment events, given all margins, is the one observed. Not used in a verdict: here so that a table
 * can be compared with R, whose search it follows.
 * @param control   y events of n units, valid counts (the caller checks); the sum runs over the possible tables
 * @param treatment y events of n units
 * @returns         0 when treatment has the fewest events it can have, Infinity when the most
 * @see             R 4.2.2 fisher.test(...)$estimate
 */
export function conditionalOddsRatio(control: ProportionArm, treatment: ProportionArm): number {
  const events = control.y + treatment.y;
  const least = Math.max(0, events - control.n);
  const most = Math.min(events, treatment.n);
  if (treatment.y === least) return 0;
  if (treatment.y === most) return Number.POSITIVE_INFINITY;
  const logWeights = Array.from({ length: most - least + 1 }, (_, i) => {
    const x = least + i;
    return lnChoose(treatment.n, x) + lnChoose(control.n, events - x);
  });
  const excess = (odds: number) => meanEvents(odds) - treatment.y;
  const meanEvents = (odds: number) => {
    if (odds === 0) return least;
    // Closed form: R's search takes another way when the mean is off by a rounding.
    if (odds === 1) return (events * treatment.n) / (control.n + treatment.n);
    return least + expectedSteps(logWeights, Math.log(odds));
  };
  const atOne = excess(1);
  if (atOne === 0) return 1;
  if (atOne > 0) return brentRoot(excess, 0, 1, TOLERANCE);
  return 1 / brentRoot((inverse) => excess(1 / inverse), Number.EPSILON, 1, TOLERANCE);
}

/** Mean of i under weights exp(log_i + i logOdds). */
function expectedSteps(logWeights: readonly number[], logOdds: number): number {
  const logs = logWeights.map((log, i) => log + i * logOdds);
  const largest = logs.reduce((max, log) => Math.max(max, log), Number.NEGATIVE_INFINITY);
  let [total, weighted] = [0, 0];
  for (const [i, log] of logs.entries()) {
    if (log - largest < NEGLIGIBLE_LOG) continue;
    const weight = Math.exp(log - largest);
    total += weight;
    weighted += i * weight;
  }
  return weighted / total;
}
