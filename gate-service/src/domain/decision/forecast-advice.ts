import type { ChangeContract } from '../../contract/change-contract.ts';
import { type Effect, formatEffect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Forecast } from '../model/forecast.ts';
import { eventsOf } from '../model/measure.ts';
import type { VerdictProbabilities } from '../statistics/verdict-probabilities.ts';
import { isBeforeAfter } from './before-after-design.ts';
import { adviseObstacle } from './forecast-advice-obstacles.ts';
import { adjust, daysOf, denser, type ForecastAdvice, percent, trialsOf } from './forecast-advice-words.ts';
import type { Obstacle } from './forecast-obstacle.ts';
import { WANTED_POWER } from './forecast-odds-normal.ts';

/** Under this chance of a pass or a fail the window is not worth its wait (docs/statistics.md N8). */
const DECISIVE_ENOUGH = 0.5;
/** The longest window that a contract may ask for. */
const LONGEST_WINDOW_WEEKS = 4;
/** A split this much from half and half costs noticeable time. */
const EVEN_SHARE = 0.5;
const UNEVEN = 0.15;

export interface AdviceInput {
  readonly contract: ChangeContract;
  readonly kpi: Kpi;
  readonly primary: Forecast['primary'];
  readonly odds: VerdictProbabilities | null;
  readonly obstacle: Obstacle | null;
}

/**
 * What to make of a forecast (docs/statistics.md N8): `adjust` when there is nothing to compare with or to compute
 * from, when the author expects less than the minimum, or when the window will probably decide nothing; each with the
 * concrete change that would help. Otherwise `go`, and never with a number missing that the rule depends on.
 */
export function adviseForecast(input: AdviceInput): ForecastAdvice {
  return (
    noControl(input) ??
    blocked(input) ??
    noHistory(input) ??
    underMinimum(input) ??
    incomplete(input) ??
    undecided(input) ??
    go(input)
  );
}

function noControl({ contract }: AdviceInput): ForecastAdvice | null {
  const { start } = contract.rollout;
  if (isBeforeAfter(contract) || (start > 0 && start < 1)) return null;
  return adjust('There is no control group to compare with, so no effect can be shown.', [
    'Set rollout.start below 100% (50% is the fastest), with design: concurrent or auto.',
  ]);
}

function blocked({ contract, kpi, primary, obstacle }: AdviceInput): ForecastAdvice | null {
  return obstacle && adviseObstacle(obstacle, contract, kpi, primary);
}

function noHistory({ contract, kpi, primary }: AdviceInput): ForecastAdvice | null {
  const { baseline, units } = primary;
  if (baseline !== null && units !== null && units > 0) return null;
  const events = eventsOf(kpi.measure)
    .map((name) => `"${name}"`)
    .join(' and ');
  return adjust(`There is no full week of history for "${contract.primary.kpi}", so the odds are unknown.`, [
    `Send the events ${events} of all users, with or without a change, for one whole week, or let their source reach back that far, and forecast again.`,
  ]);
}

function underMinimum({ contract, kpi, primary }: AdviceInput): ForecastAdvice | null {
  const { predictedEffect, minimumEffect, scale } = primary;
  const limit =
    contract.rule === 'no_worse_than' ? 0 - Math.abs(contract.primary.noWorseThan?.value ?? 0) : minimumEffect;
  if (predictedEffect === null || predictedEffect >= limit) return null;
  const [predicted, least] = [predictedEffect, limit].map((gain) => written(gain, scale, kpi));
  return adjust(
    `The predicted effect of ${predicted} is under the minimum of ${least}: if the author is right, this will not pass.`,
    [
      `Set primary.at_least to what is worth having at ${predicted} or less, or change the design until more can be expected.`,
    ],
  );
}

/** A prediction without odds, or a rule without its power, is no answer: it must not look like one. */
function incomplete({ contract, primary, odds }: AdviceInput): ForecastAdvice | null {
  const { powerAtMinimum: power, minimumDetectableEffect: least, minimumEffect } = primary;
  const isNamed = contract.rule === 'no_worse_than' || minimumEffect > 0;
  const isKnown = isNamed ? power !== null : least !== null;
  if (isKnown && (odds !== null || contract.prediction === null)) return null;
  return adjust('What this window can show cannot be computed, so the odds are unknown.', [
    'Check the effects of the contract: `at_least` and `prediction.delta` need the unit of the KPI and a size that it can reach.',
  ]);
}

function undecided({ contract, kpi, primary, odds }: AdviceInput): ForecastAdvice | null {
  const { powerAtMinimum: power, minimumDetectableEffect: least, weeksNeeded: weeks, scale } = primary;
  const enough = odds !== null ? odds.decisive >= DECISIVE_ENOUGH : power === null || power >= WANTED_POWER;
  if (enough) return null;
  const days = daysOf(contract);
  const chance =
    odds === null ? `only ${percent(power ?? 0)} power` : `a chance of ${percent(odds.decisive)} to decide anything`;
  const summary = `${days} days with about ${trialsOf(kpi, primary)} have ${chance}. An inconclusive verdict is likely.`;
  const { start } = contract.rollout;
  const longer = weeks !== null && weeks * 7 > days && weeks <= LONGEST_WINDOW_WEEKS;
  const wholeTraffic = isBeforeAfter(contract);
  return adjust(summary, [
    ...(longer ? [`Set window: ${weeks * 7}d; ${weeks} weeks of this traffic would decide.`] : []),
    ...(weeks !== null && weeks > LONGEST_WINDOW_WEEKS
      ? [`About ${weeks} weeks of this traffic would be needed, more than a window can have.`]
      : []),
    ...(least === null ? [] : [`Promise an effect that the window can show: at least ${written(least, scale, kpi)}.`]),
    ...(wholeTraffic
      ? ['Keep a control group: rollout.start 50% shows far smaller effects than a comparison with the weeks before.']
      : []),
    ...(!wholeTraffic && Math.abs(start - EVEN_SHARE) > UNEVEN
      ? ['Set rollout.start nearer to 50%, where the same traffic tells most.']
      : []),
    denser(kpi),
  ]);
}

function go({ contract, kpi, primary, odds }: AdviceInput): ForecastAdvice {
  const { minimumDetectableEffect: mde, scale } = primary;
  const least = mde === null ? 'some size' : written(mde, scale, kpi);
  const chances =
    odds === null
      ? `can show an effect of ${least} or more. The contract has no prediction, so no odds are given.`
      : `will pass with a chance of ${percent(odds.pass)}, fail with ${percent(odds.fail)} and decide nothing with ${percent(odds.inconclusive)}, if the author is about right.`;
  return {
    conclusion: 'go',
    summary: `${daysOf(contract)} days with about ${trialsOf(kpi, primary)} ${chances}`,
    adjustments: [],
  };
}

function written(gain: number, scale: Effect['kind'], { direction }: Kpi): string {
  const value = direction === 'increase_is_good' ? gain : 0 - gain;
  return formatEffect({ kind: scale, value: Number(value.toPrecision(3)) });
}
