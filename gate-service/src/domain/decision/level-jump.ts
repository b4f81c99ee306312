import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Metric } from '../model/metric.ts';
import { addTallies, NO_SUMS, NO_TALLY, type Tally } from '../model/tally.ts';
import { VARIANTS } from '../model/variant.ts';
import type { MetricEvidence, QualityCheck } from '../model/verdict.ts';
import { logHistogramCount } from '../statistics/log-histogram.ts';
import { levelOf } from './metric-levels.ts';

/** How many times its level in the first two days a KPI may have in the last three, in both arms alike. */
const MOST_IN_WINDOW = 10;
/** The same between the weeks before and the last three days: seasons and growth are wide, units are wider. */
const MOST_SINCE_HISTORY = 100;
/** Effective trials, (sum y)^2 / sum y^2, or latencies, under which a level tells nothing. */
const FEWEST = 20;

type Check = (name: string, status: QualityCheck['status'], detail: string) => QualityCheck;

/**
 * Whether the numbers changed their unit, such as from seconds to milliseconds (docs/statistics.md section Q): the control
 * group cannot know of the change, so a jump of both arms is the source's. Shares and rates have no unit that could change.
 * @returns the failed check, else none: few amounts, or a jump of one arm, say nothing of a unit
 */
export function levelChecks(
  check: Check,
  { novelty, history }: Pick<MetricEvidence, 'novelty' | 'history'>,
  { kpi }: Pick<Metric, 'kpi'>,
): readonly QualityCheck[] {
  const { type } = kpi.measure;
  if (novelty === undefined || type === 'proportion' || type === 'rate') return [];
  const { firstDays, lastDays } = novelty;
  const before = history.weeks.map(({ total }) => total).reduce(addTallies, NO_TALLY);
  const inWindow = VARIANTS.map((arm) => jump(kpi, firstDays[arm], lastDays[arm]));
  const sinceHistory = VARIANTS.map((arm) => jump(kpi, before, lastDays[arm]));
  if (isCommon(inWindow, MOST_IN_WINDOW)) return [failed('the first two days of the window', inWindow)];
  if (isCommon(sinceHistory, MOST_SINCE_HISTORY)) return [failed('the weeks before it', sinceHistory)];
  return [];

  function failed(than: string, jumps: readonly number[]): QualityCheck {
    const times = VARIANTS.map((arm, i) => `${jumps[i]!.toPrecision(2)} times with it ${arm}`);
    return check('level', 'failed', `The level of the last three days is that of ${than}, ${times.join(' and ')}.`);
  }
}

/** Both arms jumped by that much, in the same direction. */
function isCommon(jumps: readonly number[], most: number): boolean {
  return jumps.every((times) => times >= most) || jumps.every((times) => times <= 1 / most);
}

/** How many times its level before a KPI has now; NaN when either cannot be told. */
function jump(kpi: Kpi, before: Tally, now: Tally): number {
  const [was, is] = [before, now].map((tally) => (carriers(kpi, tally) >= FEWEST ? levelOf(kpi, tally) : null));
  return was != null && is != null && was > 0 && is > 0 ? is / was : Number.NaN;
}

function carriers({ measure }: Kpi, { y, sums = NO_SUMS, histogram }: Tally): number {
  if (measure.type === 'quantile') return histogram === undefined ? 0 : logHistogramCount(histogram);
  return sums.yy > 0 ? (y * y) / sums.yy : 0;
}
