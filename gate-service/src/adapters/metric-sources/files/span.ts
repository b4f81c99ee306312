import { DAY_MINUTES, MINUTE_MS } from '../../../domain/model/time.ts';
import type { SourceQuestion } from '../../../ports/metric-source.ts';

/** A mean's amounts of so long before the trial sharpen its comparison (docs/statistics.md H). */
export const BEFORE_MS = 28 * DAY_MINUTES * MINUTE_MS;

/** Milliseconds in which rows can matter for a question: [from, until). */
export function spanOf({ kpi: { measure }, from, to }: SourceQuestion): {
  readonly from: number;
  readonly until: number;
} {
  const before = measure.type === 'mean' ? BEFORE_MS : 0;
  return { from: from * MINUTE_MS - before, until: (to + measure.withinMinutes + 1) * MINUTE_MS };
}
