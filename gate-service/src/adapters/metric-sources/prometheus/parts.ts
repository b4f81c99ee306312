import type { PrometheusConfig } from './config.ts';
import { ofChange, type Plan } from './plan.ts';
import type { Quote, Selector } from './promql.ts';
import {
  clippedQuery,
  growthQuery,
  levelsQuery,
  nativeGrowthQuery,
  type Shape,
  samplesQuery,
  squaresQuery,
} from './queries.ts';

/** A query with its values still to be filled in. */
export type Template = (quote: Quote) => string;

/** The queries that a plan's numbers are made of, by the names that tallies.ts knows. */
export function partsOf(
  plan: Plan,
  config: PrometheusConfig,
  changeId: string | null,
  shape: Shape,
): Readonly<Record<string, Template>> {
  const mine = (selector: Selector) => ofChange(selector, config, changeId);
  const growth =
    (selector: Selector, more: readonly string[] = []): Template =>
    (quote) =>
      growthQuery(mine(selector), { ...shape, by: [...shape.by, ...more] }, quote);
  switch (plan.kind) {
    case 'counts':
      return { n: growth(plan.n), y: growth(plan.y) };
    case 'amounts':
      return { n: growth(plan.n), sum: growth(plan.sum), squares: growth(plan.squares) };
    case 'classic':
      return { histogram: growth(plan.histogram, ['le']) };
    case 'native':
      return { histogram: (quote) => nativeGrowthQuery(mine(plan.histogram), shape, quote) };
    case 'gauge': {
      const [gauge, { cap }] = [mine(plan.gauge), plan.amount];
      return {
        n: (quote) => samplesQuery(gauge, shape, quote),
        sum: (quote) => levelsQuery(gauge, shape, cap, quote),
        squares: (quote) => squaresQuery(gauge, shape, cap, quote),
        clipped: (quote) => clippedQuery(gauge, shape, cap, quote),
      };
    }
    default:
      return plan satisfies never;
  }
}
