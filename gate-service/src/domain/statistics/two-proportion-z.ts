import { normalSf } from './distributions.ts';
import { type EstimateStatus, isProportionArm, type ProportionArm } from './estimate.ts';
import { fisherExact } from './fisher-exact.ts';

/** Result of a test of equal proportions. z and p are NaN unless the status is `ok`. */
export interface TwoProportionTest {
  readonly status: EstimateStatus;
  /** Pooled score statistic, treatment minus control. */
  readonly z: number;
  readonly pTwoSided: number;
  /** Against "the treatment rate is higher". */
  readonly pGreater: number;
  /** Against "the treatment rate is lower". */
  readonly pLess: number;
  readonly method: 'pooled_score_z' | 'fisher_mid_p' | 'none';
  readonly n: number;
}

/** Below this expected count in any cell the normal approximation is replaced by the exact test. */
const SMALL_EXPECTED_CELL = 5;

/**
 * Test of equal proportions: pooled score z, or Fisher's mid-p when any expected cell is below 5 (docs/statistics.md
 * B5). A p-value only where one is asked for: verdicts use intervals.
 * @param control   y events of n units with the flag off
 * @param treatment y events of n units with the flag on
 * @returns         p in [0, 1]; all p = 1 when no unit or every unit had the event (nothing can differ); an empty arm
 *                  is `insufficient`, broken counts are `invalid`
 * @see             z checked against R 4.2.2 prop.test(correct = FALSE)
 */
export function twoProportionZ(control: ProportionArm, treatment: ProportionArm): TwoProportionTest {
  if (!isProportionArm(control) || !isProportionArm(treatment)) return noTest('invalid', 0);
  const n = control.n + treatment.n;
  if (control.n === 0 || treatment.n === 0) return noTest('insufficient', n);
  const events = control.y + treatment.y;
  if (events === 0 || events === n) {
    return { status: 'ok', z: 0, pTwoSided: 1, pGreater: 1, pLess: 1, method: 'pooled_score_z', n };
  }
  const pooled = events / n;
  const se = Math.sqrt(pooled * (1 - pooled) * (1 / control.n + 1 / treatment.n));
  const z = (treatment.y / treatment.n - control.y / control.n) / se;
  const smallestCell = (Math.min(control.n, treatment.n) * Math.min(events, n - events)) / n;
  if (smallestCell < SMALL_EXPECTED_CELL) {
    const exact = fisherExact(control, treatment);
    const half = exact.pObserved / 2;
    const tails = { pTwoSided: exact.pTwoSided - half, pGreater: exact.pGreater - half, pLess: exact.pLess - half };
    return { status: 'ok', z, ...tails, method: 'fisher_mid_p', n };
  }
  const pTwoSided = Math.min(1, 2 * normalSf(Math.abs(z)));
  return { status: 'ok', z, pTwoSided, pGreater: normalSf(z), pLess: normalSf(-z), method: 'pooled_score_z', n };
}

function noTest(status: EstimateStatus, n: number): TwoProportionTest {
  return { status, z: Number.NaN, pTwoSided: Number.NaN, pGreater: Number.NaN, pLess: Number.NaN, method: 'none', n };
}
