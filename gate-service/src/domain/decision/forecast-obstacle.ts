import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Tally } from '../model/tally.ts';
import { amountChecks } from './amount-quality.ts';

/** Why nothing can be forecast of a KPI that has a history. */
export type Obstacle =
  /** The history is always the same, or 0: an effect of so many percent means nothing. */
  | { readonly kind: 'constant'; readonly level: number }
  /** Tallies that no data of this type can give. */
  | { readonly kind: 'broken' }
  /** Share of the amounts outside of [0, cap], above what a verdict accepts. */
  | { readonly kind: 'clipped'; readonly share: number }
  /** Events without the value that they should have. */
  | { readonly kind: 'missing' }
  /** An effect in points of a KPI that is no share. */
  | { readonly kind: 'relative_only' }
  /** Samples that hang together: how much they differ is known only from the window's own days. */
  | { readonly kind: 'gauge' }
  /** Too few trials for an estimate. */
  | { readonly kind: 'too_few' }
  /** A few large amounts carry the mean; whole weeks of the same traffic after which they would not, null when unknown. */
  | { readonly kind: 'skewed'; readonly weeks: number | null }
  /** Usable whole weeks, fewer than a comparison with them needs. */
  | { readonly kind: 'few_weeks'; readonly weeks: number }
  /** The weeks before cannot be compared with: no error between them, no level, or a comparison that moves otherwise. */
  | { readonly kind: 'weeks_unusable' };

/** The checks ask about phases of a change; history counts as one, the same in both variants. */
const PHASE = { index: 0, cause: 'activation', share: 0.5, startMinute: 0, endMinute: null } as const;

/**
 * What in a KPI's own history makes every verdict on it a non-answer: the verdict's own checks are asked about it.
 * @param total possible for this KPI (isPossible)
 * @returns     null when nothing does
 */
export function historyProblem(kpi: Kpi, baseline: number, total: Tally): Obstacle | null {
  const isConstant = baseline === 0 || (kpi.measure.type === 'proportion' && baseline === 1);
  if (isConstant) return { kind: 'constant', level: baseline };
  if (!(baseline > 0)) return { kind: 'broken' };
  const strata = [{ phaseIndex: PHASE.index, minutes: 1, off: total, on: total }];
  const asked = { kpi, roles: [], margin: null, mustBeNonInferior: false };
  const checks = amountChecks((check, status, detail) => ({ check, status, detail }), { strata }, asked, [PHASE]);
  const failed = checks.find(({ status }) => status !== 'ok');
  if (!failed) return null;
  return failed.check === 'clipped'
    ? { kind: 'clipped', share: (total.sums?.clipped ?? 0) / total.n }
    : { kind: 'missing' };
}
