import type { Measure, ProportionMeasure } from '../../contract/kpi-measure.ts';

/** A proportion with a `success` event, counted once a unit. */
export function isConversion(measure: Measure): measure is ProportionMeasure & { readonly success: string } {
  return measure.type === 'proportion' && measure.success !== null;
}

/** A proportion whose events carry their outcome, counted once for each unit and minute. */
export function isStatus(
  measure: Measure,
): measure is ProportionMeasure & { readonly counts: NonNullable<ProportionMeasure['counts']> } {
  return measure.type === 'proportion' && measure.counts !== null;
}

/** Whether a KPI has one trial for each unit, so that trials are independent. */
export function isPerUnit(measure: Measure): boolean {
  return isConversion(measure) || measure.type === 'mean' || measure.type === 'ratio';
}

/** Whether a KPI's trials are kept by cohort: those of units and requests, not single events, latencies and samples. */
export function isKeptByCohort({ type }: Measure): boolean {
  return type === 'proportion' || type === 'mean' || type === 'ratio';
}

/** Names of the events that feed a KPI, each once, the trial first. */
export function eventsOf(measure: Measure): readonly string[] {
  return [...new Set([measure.of, ...otherEventsOf(measure)])];
}

function otherEventsOf(measure: Measure): readonly string[] {
  switch (measure.type) {
    case 'proportion':
      return measure.success === null ? [] : [measure.success];
    case 'mean':
      return [measure.amount.event];
    case 'ratio':
      return [measure.numerator.event, measure.denominator.event];
    case 'rate':
      return [measure.count];
    case 'quantile':
    case 'gauge':
      return [];
    default:
      return measure satisfies never;
  }
}
