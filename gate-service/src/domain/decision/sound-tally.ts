import type { Measure } from '../../contract/kpi-measure.ts';
import type { Tally } from '../model/tally.ts';
import { isCount, isProportionArm } from '../statistics/estimate.ts';
import { isLogHistogram, logHistogramCount } from '../statistics/log-histogram.ts';
import { isMeanArm } from '../statistics/mean-arm.ts';
import { isRatioArm } from '../statistics/ratio-of-sums.ts';

/** Whether a tally can be one of this KPI: every sum that its type keeps is there, and no sum contradicts another. */
export function isSoundTally(measure: Measure, tally: Tally): boolean {
  const { n, y, sums, histogram } = tally;
  switch (measure.type) {
    case 'proportion':
      return isProportionArm(tally);
    case 'mean':
    case 'gauge':
      return isEmpty(tally) || (sums !== undefined && isAmount(y) && isMeanArm({ n, sum: y, sumSq: sums.yy }));
    case 'ratio':
      return (
        isEmpty(tally) ||
        (sums !== undefined &&
          isAmount(y) &&
          isRatioArm({ n, sumX: y, sumD: sums.d, sumXX: sums.yy, sumDD: sums.dd, sumXD: sums.yd }))
      );
    case 'rate':
      return isCount(n) && isCount(y);
    case 'quantile':
      return (
        isEmpty(tally) ||
        (isCount(n) && histogram !== undefined && isLogHistogram(histogram) && logHistogramCount(histogram) <= n)
      );
    default:
      return measure satisfies never;
  }
}

/** Amounts are whole steps of 0 or more. */
function isAmount(y: number): boolean {
  return Number.isInteger(y) && y >= 0;
}

function isEmpty({ n, y }: Tally): boolean {
  return n === 0 && y === 0;
}
