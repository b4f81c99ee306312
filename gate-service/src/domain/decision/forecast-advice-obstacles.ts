import type { ChangeContract } from '../../contract/change-contract.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Forecast } from '../model/forecast.ts';
import { eventsOf } from '../model/measure.ts';
import { FEWEST_WEEKS } from '../statistics/backtest-week.ts';
import { adjust, daysOf, denser, type ForecastAdvice, percent, trialsOf } from './forecast-advice-words.ts';
import type { Obstacle } from './forecast-obstacle.ts';

const CONTROL_GROUP = 'Keep a control group instead: rollout.start 50%, with design: concurrent or auto.';

/** Why a KPI's history allows no forecast, and what would. */
export function adviseObstacle(
  obstacle: Obstacle,
  contract: ChangeContract,
  kpi: Kpi,
  primary: Pick<Forecast['primary'], 'units'>,
): ForecastAdvice {
  const [name, days] = [`"${kpi.title}"`, daysOf(contract)];
  switch (obstacle.kind) {
    case 'constant': {
      const level = kpi.measure.type === 'proportion' ? `${obstacle.level * 100}%` : String(obstacle.level);
      const what = kpi.measure.type === 'proportion' ? 'the status or success of its measure' : 'its measure';
      return adjust(`In its history ${name} was always ${level}, so no effect on it can be forecast.`, [
        `Check the event names and ${what}, or choose a KPI that varies.`,
      ]);
    }
    case 'broken':
      return adjust(`The history of ${name} holds sums that cannot be, so nothing can be forecast from it.`, [
        `Check what the source sends as ${eventList(kpi)}, and forecast again after a whole week of it.`,
      ]);
    case 'clipped':
      return adjust(
        `In its history ${percent(obstacle.share)} of the amounts of ${name} lay outside of 0 to its cap, so a verdict on it would be inconclusive.`,
        ['Raise `cap` in the registry to about the largest amount that is normal for one unit.'],
      );
    case 'missing':
      return adjust(
        `In its history events of ${name} had no value too often, so a verdict on it would be inconclusive.`,
        [`Send \`${kpi.measure.type === 'quantile' ? 'latency_ms' : 'value'}\` with each of its events.`],
      );
    case 'relative_only':
      return adjust(`An effect in percentage points means nothing for ${name}, which is no share.`, [
        'Write the effects of the contract in %, relative to the level without the change.',
      ]);
    case 'gauge':
      return adjust(
        `${name} is a gauge: its samples hang together, so what ${days} days can show is known only from those days.`,
        [
          'Choose a primary KPI that is counted by unit, and keep the gauge as a guardrail.',
          'Or accept that no odds are given: the verdict compares the days of the window, three at least.',
        ],
      );
    case 'too_few':
      return adjust(`${days} days with about ${trialsOf(kpi, primary)} are too few for any estimate of ${name}.`, [
        'Set a longer window, up to 28d.',
        denser(kpi),
      ]);
    case 'skewed':
      return adjust(
        `A few large amounts carry ${name}: with about ${trialsOf(kpi, primary)} in ${days} days a pass could not be trusted.`,
        [
          'Set rollout.start nearer to 50%: in arms of one size their skewness cancels.',
          ...(obstacle.weeks !== null && obstacle.weeks <= 4 ? [`Set window: ${obstacle.weeks * 7}d.`] : []),
          'Lower `cap` in the registry to about the largest amount that is normal for one unit.',
          'Choose a primary KPI that differs less from unit to unit, such as a conversion.',
        ],
      );
    case 'few_weeks':
      return adjust(
        `A comparison with the weeks before needs ${FEWEST_WEEKS} whole weeks of history, and ${name} has ${obstacle.weeks} that count.`,
        [
          CONTROL_GROUP,
          `Or wait: ${FEWEST_WEEKS - obstacle.weeks} more weeks of the events ${eventList(kpi)} are needed.`,
        ],
      );
    case 'weeks_unusable':
      return adjust(`The weeks before cannot be compared with for ${name}, so the odds are unknown.`, [
        CONTROL_GROUP,
        ...(contract.beforeAfter?.comparison
          ? ['Or choose another before_after.comparison: a KPI with the same weeks, which moves as this one does.']
          : []),
      ]);
    default:
      return obstacle satisfies never;
  }
}

function eventList({ measure }: Kpi): string {
  return eventsOf(measure)
    .map((event) => `"${event}"`)
    .join(' and ');
}
