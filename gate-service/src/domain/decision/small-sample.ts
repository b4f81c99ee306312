import type { Metric } from '../model/metric.ts';
import type { TallyByVariant } from '../model/tally.ts';
import { addTallies, NO_TALLY } from '../model/tally.ts';
import { WEEK_MINUTES } from '../model/time.ts';
import type { Advice, KpiHistory } from '../model/verdict.ts';
import { smallSampleAdvice } from '../statistics/small-sample-advice.ts';

/** With this many trials in each arm the interval speaks for itself. */
const FEW_TRIALS = 200;
/** Older weeks say little about what would have been (docs/statistics.md J1). */
const WEEKS = 8;

/**
 * The better bet on a change whose few trials decide nothing (docs/statistics.md section J): against its KPI's last eight
 * weeks and the concurrent control. An opinion beside an inconclusive verdict, never one.
 * @param history of the KPI; null when there is none
 * @returns       null for other KPIs than proportions, with 200 trials or more in each arm, and where nothing can be said
 */
export function adviceOn(
  { kpi }: Pick<Metric, 'kpi'>,
  { off, on }: TallyByVariant,
  history: KpiHistory | null,
  windowMinutes: number,
): Advice | null {
  if (kpi.measure.type !== 'proportion' || Math.min(off.n, on.n) >= FEW_TRIALS) return null;
  const weeks = (history?.weeks ?? []).slice(-WEEKS).map(({ total }) => total);
  const { n, y } = [...weeks, off].reduce(addTallies, NO_TALLY);
  const { status, advice, pGain, lossKeepJobs, lossRevertJobs } = smallSampleAdvice({
    history: { n, y },
    treatment: { n: on.n, y: on.y },
    direction: kpi.direction === 'increase_is_good' ? 'up_is_good' : 'down_is_good',
    // Whoever keeps the change gives it to all: both arms.
    jobsPerWeek: ((off.n + on.n) * WEEK_MINUTES) / windowMinutes,
  });
  if (status !== 'ok' || advice === null || ![pGain, lossKeepJobs, lossRevertJobs].every(Number.isFinite)) return null;
  return {
    kpiId: kpi.id,
    advice,
    pGain: Math.min(1, Math.max(0, pGain)),
    lossKeep: lossKeepJobs,
    lossRevert: lossRevertJobs,
  };
}
