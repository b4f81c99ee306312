import { lnChoose } from './distributions.ts';
import type { ProportionArm } from './estimate.ts';

/** Tail probabilities of a 2 x 2 table given its margins. `greater` means: treatment has more events than control. */
export interface FisherTails {
  /** P(treatment events >= observed). */
  readonly pGreater: number;
  /** P(treatment events <= observed). */
  readonly pLess: number;
  /** Sum of all tables no more likely than the observed one (R's rule). */
  readonly pTwoSided: number;
  /** Probability of the observed table: half of it is what mid-p takes off a tail. */
  readonly pObserved: number;
}

/** R's relative slack when it compares table probabilities that are equal but for rounding. */
const TIE_SLACK = 1 + 1e-7;

/**
 * Fisher's exact test of equal proportions (used by docs/statistics.md B5 when an expected cell is below 5).
 * @param control   y events of n units, valid counts (the caller checks)
 * @param treatment y events of n units
 * @returns         tail probabilities, each in [0, 1]; all 1 when the table has a single possible value
 * @see             checked against R 4.2.2 fisher.test
 */
export function fisherExact(control: ProportionArm, treatment: ProportionArm): FisherTails {
  const events = control.y + treatment.y;
  const lnTotal = lnChoose(control.n + treatment.n, events);
  const least = Math.max(0, events - control.n);
  const most = Math.min(events, treatment.n);
  const probability = (x: number) => Math.exp(lnChoose(treatment.n, x) + lnChoose(control.n, events - x) - lnTotal);
  const pObserved = probability(treatment.y);
  let pGreater = 0;
  let pLess = 0;
  let pTwoSided = 0;
  for (let x = least; x <= most; x++) {
    const p = probability(x);
    if (x >= treatment.y) pGreater += p;
    if (x <= treatment.y) pLess += p;
    if (p <= pObserved * TIE_SLACK) pTwoSided += p;
  }
  return { pGreater: Math.min(1, pGreater), pLess: Math.min(1, pLess), pTwoSided: Math.min(1, pTwoSided), pObserved };
}
