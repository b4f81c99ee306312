import type { Amount } from '../../../contract/kpi-measure.ts';
import type { Kpi } from '../../../contract/kpi-registry.ts';
import { isConversion } from '../../../domain/model/measure.ts';
import type { PrometheusConfig, PrometheusEvent } from './config.ts';
import { PrometheusFault } from './fault.ts';
import type { Matcher, Selector } from './promql.ts';

/** What a KPI needs from this server. `alive` is sampled whenever the KPI is: its first one has the KPI's labels. */
export type Plan = { readonly alive: readonly [Selector, ...Selector[]]; readonly expected: MetricType } & (
  | {
      readonly kind: 'counts';
      readonly n: Selector;
      readonly y: Selector;
      /** What `y` is: a part of n, the rest of n, or something else that is counted. */
      readonly role: 'part' | 'rest' | 'other';
    }
  | {
      readonly kind: 'amounts';
      readonly n: Selector;
      readonly sum: Selector;
      readonly squares: Selector;
      readonly amount: Amount;
    }
  | { readonly kind: 'classic' | 'native'; readonly histogram: Selector; readonly msPerUnit: number }
  | { readonly kind: 'gauge'; readonly gauge: Selector; readonly amount: Amount; readonly oneSeries: boolean }
);
export type MetricType = 'counter' | 'histogram' | 'gauge';

type EventOf<T extends PrometheusEvent['type']> = Extract<PrometheusEvent, { type: T }>;

const NO_UNITS =
  'Counters do not know who did what: without one value for each unit there is no variance. Send events, or use a source in PostgreSQL or files.';

/** @throws PrometheusFault `not_configured` or `refused`, with the reason */
export function planOf(config: PrometheusConfig, { id, measure }: Kpi): Plan {
  const event = <T extends PrometheusEvent['type']>(name: string, type: T) => eventOf(config, name, type);
  const counter = (name: string): Selector => event(name, 'counter');
  switch (measure.type) {
    case 'proportion': {
      if (isConversion(measure)) throw new PrometheusFault('refused', `${id} is a conversion. ${NO_UNITS}`);
      const { metric, matchers, errors } = event(measure.of, 'counter');
      if (errors === undefined) {
        throw new PrometheusFault(
          'not_configured',
          `events.${measure.of}.errors is missing: which of them ended in error.`,
        );
      }
      const n = { metric, matchers };
      const y = { metric, matchers: [...matchers, ...errors] };
      return {
        kind: 'counts',
        n,
        y,
        role: measure.counts === 'error' ? 'part' : 'rest',
        alive: [n],
        expected: 'counter',
      };
    }
    case 'rate': {
      const [n, y] = [counter(measure.of), counter(measure.count)];
      return { kind: 'counts', n, y, role: 'other', alive: [n, y], expected: 'counter' };
    }
    case 'mean': {
      const n = counter(measure.of);
      const { sum, squares, matchers } = event(measure.amount.event, 'amount');
      if (squares === undefined) {
        throw new PrometheusFault(
          'refused',
          `${id} is a mean: a sum and a count give it, and no variance. Name a counter of the squares in events.${measure.amount.event}.squares, or send events.`,
        );
      }
      const [total, squared] = [
        { metric: sum, matchers },
        { metric: squares, matchers },
      ];
      return {
        kind: 'amounts',
        n,
        sum: total,
        squares: squared,
        amount: measure.amount,
        alive: [n, total, squared],
        expected: 'counter',
      };
    }
    case 'ratio':
      throw new PrometheusFault('refused', `${id} is a ratio of two sums over units. ${NO_UNITS}`);
    case 'quantile': {
      const { metric, matchers, unit, native } = event(measure.of, 'histogram');
      const msPerUnit = unit === 'seconds' ? 1000 : 1;
      const count = { metric: native ? metric : `${metric}_count`, matchers };
      const histogram = { metric: native ? metric : `${metric}_bucket`, matchers };
      return { kind: native ? 'native' : 'classic', histogram, msPerUnit, alive: [count], expected: 'histogram' };
    }
    case 'gauge': {
      const { metric, matchers, series } = event(measure.of, 'gauge');
      const gauge = { metric, matchers };
      return {
        kind: 'gauge',
        gauge,
        amount: measure.amount,
        oneSeries: series === 'one',
        alive: [gauge],
        expected: 'gauge',
      };
    }
    default:
      return measure satisfies never;
  }
}

/**
 * The series of one change; null is everybody.
 * @throws PrometheusFault `bad_query` for an empty id
 */
export function ofChange({ metric, matchers }: Selector, config: PrometheusConfig, changeId: string | null): Selector {
  if (changeId === null) return { metric, matchers };
  // An empty value would match the series that lack the label.
  if (changeId === '') throw new PrometheusFault('bad_query', 'The change has no id.');
  const matcher: Matcher = { label: config.labels.change_id, op: '=', value: changeId };
  return { metric, matchers: [...matchers, matcher] };
}

function eventOf<T extends PrometheusEvent['type']>(config: PrometheusConfig, name: string, type: T): EventOf<T> {
  const event = config.events[name];
  if (event === undefined) {
    const known = Object.keys(config.events).join(', ') || 'none';
    throw new PrometheusFault(
      'not_configured',
      `events.${name} is missing in this source's configuration; there: ${known}.`,
    );
  }
  if (isType(event, type)) return event;
  if (event.type === 'summary') {
    throw new PrometheusFault(
      'refused',
      `events.${name} is a summary: its quantiles are computed in each process and cannot be added up. Use a histogram.`,
    );
  }
  throw new PrometheusFault('not_configured', `events.${name} is a ${event.type}; this KPI needs a ${type}.`);
}

function isType<T extends PrometheusEvent['type']>(event: PrometheusEvent, type: T): event is EventOf<T> {
  return event.type === type;
}
