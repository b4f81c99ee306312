import type { ChangeContract } from '../../contract/change-contract.ts';
import { type Effect, formatEffect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Forecast } from '../model/forecast.ts';
import { eventsOf } from '../model/measure.ts';
import type { VerdictProbabilities } from '../statistics/verdict-probabilities.ts';
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
}

type Advice = Pick<Forecast, 'conclusion' | 'summary' | 'adjustments'>;

/**
 * What to make of a forecast (docs/statistics.md N8): `adjust` when there is nothing to compare with or to compute
 * from, when the author expects less than the minimum, or when the window will probably decide nothing; each with the
 * concrete change that would help. Otherwise `go`.
 */
export function adviseForecast(input: AdviceInput): Advice {
  return noControl(input) ?? noHistory(input) ?? underMinimum(input) ?? undecided(input) ?? go(input);
}

function noControl({ contract }: AdviceInput): Advice | null {
  const { start } = contract.rollout;
  if (contract.design !== 'before_after' && start > 0 && start < 1) return null;
  return adjust('There is no control group to compare with, so no effect can be shown.', [
    'Set rollout.start below 100% (50% is the fastest), with design: concurrent or auto.',
  ]);
}

function noHistory({ contract, kpi, primary }: AdviceInput): Advice | null {
  const { baseline, units } = primary;
  if (baseline === 0 || baseline === 1) {
    return adjust(`In its history "${kpi.title}" was always ${baseline * 100}%, so no effect on it can be forecast.`, [
      'Check the event names and the status or success of its measure, or choose a KPI that varies.',
    ]);
  }
  if (baseline !== null && units !== null && units > 0) return null;
  const events = eventsOf(kpi.measure)
    .map((name) => `"${name}"`)
    .join(' and ');
  return adjust(`There is no full week of history for "${contract.primary.kpi}", so the odds are unknown.`, [
    `Send the events ${events} of all users, with or without a change, for one whole week, and forecast again.`,
  ]);
}

function underMinimum({ contract, kpi, primary }: AdviceInput): Advice | null {
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

function undecided({ contract, kpi, primary, odds }: AdviceInput): Advice | null {
  const { powerAtMinimum: power, minimumDetectableEffect: least, weeksNeeded: weeks, scale } = primary;
  const enough = odds !== null ? odds.decisive >= DECISIVE_ENOUGH : power === null || power >= WANTED_POWER;
  if (enough) return null;
  const days = contract.windowMinutes / 1440;
  const chance =
    odds === null ? `only ${percent(power ?? 0)} power` : `a chance of ${percent(odds.decisive)} to decide anything`;
  const units = Math.round(primary.units ?? 0);
  const summary = `${days} days with about ${units} units have ${chance}. An inconclusive verdict is likely.`;
  const { start } = contract.rollout;
  const longer = weeks !== null && weeks * 7 > days && weeks <= LONGEST_WINDOW_WEEKS;
  return adjust(summary, [
    ...(longer ? [`Set window: ${weeks * 7}d; ${weeks} weeks of this traffic would decide.`] : []),
    ...(weeks !== null && weeks > LONGEST_WINDOW_WEEKS
      ? [`About ${weeks} weeks of this traffic would be needed, more than a window can have.`]
      : []),
    ...(least === null ? [] : [`Promise an effect that the window can show: at least ${written(least, scale, kpi)}.`]),
    ...(Math.abs(start - EVEN_SHARE) > UNEVEN
      ? ['Set rollout.start nearer to 50%, where the same traffic tells most.']
      : []),
    'Choose a denser primary KPI: an earlier step that more units reach, or one that more of them complete.',
  ]);
}

function go({ contract, kpi, primary, odds }: AdviceInput): Advice {
  const days = contract.windowMinutes / 1440;
  const units = Math.round(primary.units ?? 0);
  const { minimumDetectableEffect: mde, scale } = primary;
  const least = mde === null ? 'some size' : written(mde, scale, kpi);
  const chances =
    odds === null
      ? `can show an effect of ${least} or more. The contract has no prediction, so no odds are given.`
      : `will pass with a chance of ${percent(odds.pass)}, fail with ${percent(odds.fail)} and decide nothing with ${percent(odds.inconclusive)}, if the author is about right.`;
  return { conclusion: 'go', summary: `${days} days with about ${units} units ${chances}`, adjustments: [] };
}

function adjust(summary: string, adjustments: readonly string[]): Advice {
  return { conclusion: 'adjust', summary, adjustments };
}

function written(gain: number, scale: Effect['kind'], { direction }: Kpi): string {
  const value = direction === 'increase_is_good' ? gain : 0 - gain;
  return formatEffect({ kind: scale, value: Number(value.toPrecision(3)) });
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
