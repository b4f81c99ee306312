import { asymptoticHalfWidth } from '../../../src/domain/statistics/asymptotic-interval.ts';
import { ALPHA, onTotals, type Rule } from '../detector.ts';
import { MINUTES_PER_WEEK } from '../stream.ts';

/** Units at which GrowthBook's sequence is tuned unless someone changes it. */
const SHIPPED_TUNING = 5000;
const MINUTES_PER_DAY = MINUTES_PER_WEEK / 7;

/**
 * GrowthBook's sequential frequentist engine as it ships: relative effect, variance by the delta method, two-sided
 * asymptotic sequence, tuned to 5000 units; harm when the interval lies above 0. No result while an arm has no variance.
 * @see growthbook/growthbook 8f1db445, packages/stats/gbstats/frequentist/tests.py (MIT)
 */
export const growthBook: Rule = onTotals('GrowthBook sequence, as shipped', () => ({ nA, yA, nB, yB }) => {
  if (yA === 0 || yA === nA || yB === 0 || yB === nB) return false;
  const [mA, mB] = [yA / nA, yB / nB];
  const variance = (mB * (1 - mB)) / (nB * mA ** 2) + (mA * (1 - mA) * mB ** 2) / (nA * mA ** 4);
  const reach = { variance, n: nA + nB, tuningN: SHIPPED_TUNING, alpha: ALPHA, sides: 2 } as const;
  return mB > mA && (mB - mA) / mA > asymptoticHalfWidth(reach);
});

/** The same sequence at its best: one-sided, of the absolute difference, tuned to the day's traffic. */
export const tunedSequence: Rule = onTotals(
  'same sequence, one-sided, tuned to a day',
  ({ perMinute }) =>
    ({ nA, yA, nB, yB }) => {
      if (yA === 0 || yA === nA || yB === 0 || yB === nB) return false;
      const [mA, mB] = [yA / nA, yB / nB];
      const variance = (mA * (1 - mA)) / nA + (mB * (1 - mB)) / nB;
      const reach = { variance, n: nA + nB, tuningN: perMinute * MINUTES_PER_DAY, alpha: ALPHA, sides: 1 } as const;
      return mB > mA && mB - mA > asymptoticHalfWidth(reach);
    },
);
