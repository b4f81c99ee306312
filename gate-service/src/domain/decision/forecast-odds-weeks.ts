import type { ChangeContract } from '../../contract/change-contract.ts';
import type { Effect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { WEEK_MINUTES } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { FEWEST_WEEKS } from '../statistics/backtest-week.ts';
import { twoSidedT } from '../statistics/distributions.ts';
import { excludedDays } from './before-after-design.ts';
import { type BeforeAfterSeries, beforeAfterEffect } from './before-after-effect.ts';
import { usableWeeks } from './before-after-weeks.ts';
import { VERDICT_CONFIDENCE } from './effect-scale.ts';
import type { Obstacle } from './forecast-obstacle.ts';
import type { NormalDesign, RuleOfDesign } from './forecast-odds-normal.ts';

/**
 * What a comparison with the weeks before can show (docs/statistics.md N1, L4): the verdict's own estimator is asked about
 * the newest week as if it were the window, and the width of its interval is taken. The placebo check, which may widen the
 * verdict's interval, needs days and is left out.
 */
export function weeksDesign(input: {
  readonly contract: ChangeContract;
  readonly kpis: readonly Kpi[];
  readonly kpi: Kpi;
  readonly histories: readonly KpiHistory[];
  readonly scale: Effect['kind'];
  readonly against: RuleOfDesign;
}): NormalDesign | Obstacle {
  const { contract, kpis, kpi, histories, scale, against } = input;
  if (scale === 'absolute' && kpi.measure.type !== 'proportion') return { kind: 'relative_only' };
  const excluded = excludedDays(contract);
  const comparedId = contract.beforeAfter?.comparison ?? null;
  const comparedKpi = kpis.find(({ id }) => id === comparedId);
  const [own, compared] = [seriesOf(kpi, histories), comparedKpi ? seriesOf(comparedKpi, histories) : null];
  if (own === null || (comparedId !== null && compared === null)) return { kind: 'weeks_unusable' };
  const weeks = usableWeeks(own.data.history.weeks, excluded).length;
  if (weeks < FEWEST_WEEKS) return { kind: 'few_weeks', weeks };
  const { gain } = beforeAfterEffect({
    ...own,
    direction: 'increase_is_good',
    scale,
    comparison: compared,
    excluded,
    windowWeeks: contract.windowMinutes / WEEK_MINUTES,
  });
  const { status, lo, hi, df } = gain;
  if (status !== 'ok' || df === null) return { kind: 'weeks_unusable' };
  const width = scale === 'relative' ? Math.log1p(hi) - Math.log1p(lo) : hi - lo;
  const se = width / (2 * twoSidedT(VERDICT_CONFIDENCE, df));
  if (!(se > 0 && Number.isFinite(se))) return { kind: 'weeks_unusable' };
  return { ...against, scale: scale === 'relative' ? 'log' : 'identity', df, se: () => se };
}

/** A KPI with its newest week standing in for the window. */
function seriesOf(kpi: Kpi, histories: readonly KpiHistory[]): BeforeAfterSeries | null {
  const history = histories.find(({ kpiId }) => kpiId === kpi.id);
  const newest = history?.weeks.at(-1);
  return history && newest ? { kpi, data: { history, own: newest.total } } : null;
}
