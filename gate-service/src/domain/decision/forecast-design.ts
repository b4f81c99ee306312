import type { ChangeContract } from '../../contract/change-contract.ts';
import type { Effect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { type EpochMinute, WEEK_MINUTES } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { minimumDetectableEffect } from '../statistics/power.ts';
import type { VerdictProbabilities } from '../statistics/verdict-probabilities.ts';
import { isPossible } from './amount-quality.ts';
import { isBeforeAfter } from './before-after-design.ts';
import { gainOf } from './effect-scale.ts';
import { historyProblem, type Obstacle } from './forecast-obstacle.ts';
import { type Design, oddsMethod, powerAtMinimum, verdictOdds, weeksNeeded } from './forecast-odds.ts';
import {
  type NormalDesign,
  normalDesignDetectable,
  normalDesignPower,
  normalDesignWeeks,
  normalOdds,
  VERDICT_ALPHA,
  WANTED_POWER,
} from './forecast-odds-normal.ts';
import { type TypeDesignInput, typeDesign } from './forecast-odds-types.ts';
import { weeksDesign } from './forecast-odds-weeks.ts';
import { expectedTrials, historyTotal } from './history.ts';
import { levelOf } from './metric-levels.ts';

/** What the window can show; null where there is nothing to detect or no gain would be enough. Effects are gains. */
export interface Outlook {
  readonly method: 'normal' | 'exact';
  readonly detectable: number | null;
  readonly powerAtMinimum: number | null;
  readonly weeksNeeded: number | null;
  /** Chance of each verdict when the true gain is `gain` give or take `spread`. */
  readonly odds: (gain: number, spread: number) => VerdictProbabilities;
}

/** What is known of the primary KPI before the deploy. */
export interface ForecastDesign {
  readonly scale: Effect['kind'];
  readonly minEffect: number;
  /** Level of the history in the KPI's unit; null without one. */
  readonly baseline: number | null;
  /** Trials that history expects in the window, of the KPI's whole traffic; null without history. */
  readonly units: number | null;
  /** Null when history or the rollout leave nothing to compute with. */
  readonly outlook: Outlook | null;
  /** Why there is no outlook though there is a history and something to compare with; null otherwise. */
  readonly obstacle: Obstacle | null;
}

type Solved = Pick<ForecastDesign, 'outlook' | 'obstacle'>;

/**
 * The forecast's design: the KPI's expected traffic and spread against the contract's rule, by the KPI's type and by what
 * the change is compared with (docs/statistics.md N1).
 * @param span the window ahead, in minutes since 1970
 */
export function forecastDesign(
  contract: ChangeContract,
  kpis: readonly Kpi[],
  kpi: Kpi,
  histories: readonly KpiHistory[],
  span: { readonly from: EpochMinute; readonly to: EpochMinute },
): ForecastDesign {
  const { primary, rule } = contract;
  const margin = rule === 'no_worse_than' ? primary.noWorseThan : null;
  const scale = (margin ?? primary.atLeast)?.kind ?? 'relative';
  const minEffect = primary.atLeast && rule !== 'no_worse_than' ? gainOf(primary.atLeast, kpi.direction) : 0;
  const history = histories.find(({ kpiId }) => kpiId === kpi.id) ?? null;
  const total = history && historyTotal(history);
  const baseline = total && levelOf(kpi, total);
  const units = history && expectedTrials(history, span.from, span.to);
  const known = { scale, minEffect, baseline, units };
  if (!history || !total || units === null || !(units > 0)) return { ...known, outlook: null, obstacle: null };
  const against = { direction: kpi.direction, rule, minEffect, margin: margin ? Math.abs(margin.value) : 0 };
  const isBroken = baseline === null || !isPossible(kpi.measure, total);
  if (isBroken) return { ...known, outlook: null, obstacle: { kind: 'broken' } };
  const problem = historyProblem(kpi, baseline, total);
  if (problem !== null) return { ...known, outlook: null, obstacle: problem };
  const solved = isBeforeAfter(contract)
    ? againstWeeks(weeksDesign({ contract, kpis, kpi, histories, scale, against }))
    : againstControl(contract, kpi, { scale, baseline, total, units, against, dispersion: history.dispersion ?? null });
  return { ...known, ...solved };
}

function againstControl(
  { rollout, windowMinutes }: ChangeContract,
  { measure }: Kpi,
  given: Omit<TypeDesignInput, 'nA' | 'nB' | 'windowMinutes'> & {
    readonly scale: Effect['kind'];
    readonly baseline: number;
    readonly units: number;
  },
): Solved {
  const { scale, baseline, units, against } = given;
  if (!(rollout.start > 0 && rollout.start < 1)) return { outlook: null, obstacle: null };
  const arms = { nA: units * (1 - rollout.start), nB: units * rollout.start };
  const weeks = windowMinutes / WEEK_MINUTES;
  if (measure.type === 'proportion') {
    return { outlook: proportionOutlook({ ...against, scale, baseline, ...arms }, weeks), obstacle: null };
  }
  if (scale !== 'relative') return { outlook: null, obstacle: { kind: 'relative_only' } };
  const design = typeDesign(measure, { ...given, ...arms, windowMinutes });
  if ('kind' in design) return { outlook: null, obstacle: design };
  return { outlook: { ...normalOutlook(design), weeksNeeded: normalDesignWeeks(design, weeks) }, obstacle: null };
}

function proportionOutlook(design: Design, weeks: number): Outlook {
  return {
    method: oddsMethod(design),
    detectable: detectable(design),
    powerAtMinimum: powerAtMinimum(design),
    weeksNeeded: weeksNeeded(design, weeks),
    odds: (gain, spread) => verdictOdds(design, gain, spread),
  };
}

/** Weeks differ by more than their trials, so no number of further weeks is promised. */
function againstWeeks(design: NormalDesign | Obstacle): Solved {
  if ('kind' in design) return { outlook: null, obstacle: design };
  return { outlook: { ...normalOutlook(design), weeksNeeded: null }, obstacle: null };
}

function normalOutlook(design: NormalDesign): Omit<Outlook, 'weeksNeeded'> {
  return {
    method: 'normal',
    detectable: normalDesignDetectable(design),
    powerAtMinimum: normalDesignPower(design),
    odds: (gain, spread) => normalOdds(design, gain, spread),
  };
}

/** The smallest gain of a proportion that the window shows with 80% power, on the contract's scale (docs/statistics.md N2). */
function detectable({ baseline, nA, nB, direction, scale }: Design): number | null {
  const { status, mde } = minimumDetectableEffect({
    pA: baseline,
    nA,
    nB,
    alpha: VERDICT_ALPHA,
    power: WANTED_POWER,
    direction: direction === 'increase_is_good' ? 'up_is_good' : 'down_is_good',
  });
  if (status !== 'ok') return null;
  return scale === 'relative' ? mde / baseline : mde;
}
