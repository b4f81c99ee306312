import type { ChangeContract } from '../../contract/change-contract.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Forecast } from '../model/forecast.ts';

export type ForecastAdvice = Pick<Forecast, 'conclusion' | 'summary' | 'adjustments'>;

export function adjust(summary: string, adjustments: readonly string[]): ForecastAdvice {
  return { conclusion: 'adjust', summary, adjustments };
}

export function daysOf({ windowMinutes }: ChangeContract): number {
  return windowMinutes / 1440;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** "50400 units", `900 "visited" events`: what is expected, in words of the KPI's type. */
export function trialsOf({ measure }: Kpi, { units }: Pick<Forecast['primary'], 'units'>): string {
  const count = Math.round(units ?? 0);
  switch (measure.type) {
    case 'proportion':
    case 'mean':
    case 'ratio':
      return `${count} units`;
    case 'rate':
      return `${count} "${measure.of}" events`;
    case 'quantile':
      return `${count} trials`;
    case 'gauge':
      return `${count} samples`;
    default:
      return measure satisfies never;
  }
}

/** What else could be promised that the same traffic would show. */
export function denser({ measure }: Kpi): string {
  switch (measure.type) {
    case 'proportion':
      return 'Choose a denser primary KPI: an earlier step that more units reach, or one that more of them complete.';
    case 'mean':
    case 'ratio':
      return 'Choose a primary KPI that differs less from unit to unit, such as a conversion, or a lower `cap`: few large amounts make most of the noise.';
    case 'rate':
      return 'Choose a primary KPI whose events are more frequent.';
    case 'quantile':
      return 'Choose a quantile nearer to the middle, such as p75 or p50: more of the traffic tells about it.';
    case 'gauge':
      return 'Choose a primary KPI that is counted by unit.';
    default:
      return measure satisfies never;
  }
}
