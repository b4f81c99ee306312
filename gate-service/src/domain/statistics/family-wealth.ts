import type { EstimateStatus } from './estimate.ts';
import { logSumExp } from './log-sum-exp.ts';

/** The parts a KPI can play in a contract. */
export type MetricRole = 'leading' | 'primary' | 'guardrail';

/** The harm wealth of one metric of a change. */
export interface MetricWealth {
  readonly name: string;
  /** One or more; weights of several roles add. */
  readonly roles: readonly MetricRole[];
  /** Conversion time of the KPI in ms, 0 for status trials: only metrics that share it may be summed. */
  readonly withinMs: number;
  /** ln of its wealth; 0 while it has no data. */
  readonly logWealth: number;
}

/** The merged wealth of a change. Compare logWealth with ln(1/alpha). */
export interface FamilyWealth {
  readonly status: EstimateStatus;
  /** ln of the family wealth; NaN unless the status is `ok`. */
  readonly logWealth: number;
  /** Largest u_m W_m; null when there is none. */
  readonly culprit: string | null;
  /** Metrics with u_m W_m >= 1/alpha on their own. */
  readonly blamed: readonly string[];
  /** Weight u_m per metric, summing to 1, in the order given. */
  readonly weights: readonly { readonly name: string; readonly weight: number }[];
}

/** Shares of the error budget (docs/statistics.md K14); guardrails divide theirs equally. */
const LEADING_WEIGHT = 0.35;
const PRIMARY_WEIGHT = 0.25;
const GUARDRAILS_WEIGHT = 0.4;

/**
 * Weights u_m of the metrics a contract declares (docs/statistics.md K14), renormalised over the roles present.
 * Declared, not "has data by now": weights are fixed before the first block.
 * @param metrics each with at least one role
 * @returns       weights in the order given, summing to 1; empty for no metrics
 */
export function familyWeights(metrics: readonly Pick<MetricWealth, 'roles'>[]): number[] {
  const guardrails = metrics.filter(({ roles }) => roles.includes('guardrail')).length;
  const raw = metrics.map(({ roles }) => {
    const leading = roles.includes('leading') ? LEADING_WEIGHT : 0;
    const primary = roles.includes('primary') ? PRIMARY_WEIGHT : 0;
    return leading + primary + (roles.includes('guardrail') ? GUARDRAILS_WEIGHT / guardrails : 0);
  });
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  return raw.map((weight) => weight / total);
}

/**
 * Merges the wealths of a change's metrics (docs/statistics.md K14). Metrics with one `within` live in one filtration,
 * so the weighted sum of their wealths is an e-process under any dependence. Across different `within` that fails, so
 * the groups are compared by e-Bonferroni: with group total U_g, the group's e-process sum(u_m W_m) / U_g is tested at
 * alpha U_g, that is sum(u_m W_m) >= 1/alpha, and the errors add up to alpha. The family wealth is therefore the largest
 * group sum of u_m W_m: the plain sum when all share one `within`, and below 1 at the start otherwise.
 * @param metrics declared metrics with their ln wealth; order is irrelevant
 * @param alpha   error budget of individual blame, e.g. 0.05
 * @returns       alarm when logWealth >= ln(1/alpha); no metrics is `insufficient`; a NaN, a metric without a role or a
 *                repeated name is `invalid`: neither may alarm or reassure
 */
export function familyWealth(metrics: readonly MetricWealth[], alpha: number): FamilyWealth {
  if (metrics.length === 0) return noWealth('insufficient');
  const names = new Set(metrics.map(({ name }) => name));
  const usable = metrics.every((metric) => metric.roles.length > 0 && isWealth(metric));
  if (!usable || names.size < metrics.length || !(alpha > 0 && alpha < 1)) return noWealth('invalid');
  const weights = familyWeights(metrics);
  const shares = metrics
    .map(({ name, withinMs, logWealth }, i) => ({
      name,
      withinMs,
      log: Math.log(weights[i] ?? Number.NaN) + logWealth,
    }))
    .toSorted((left, right) => right.log - left.log || (left.name < right.name ? -1 : 1));
  const groups = [...new Set(shares.map(({ withinMs }) => withinMs))];
  const sums = groups.map((within) =>
    logSumExp(shares.flatMap((share) => (share.withinMs === within ? [share.log] : []))),
  );
  return {
    status: 'ok',
    logWealth: Math.max(...sums),
    culprit: shares[0]?.name ?? null,
    blamed: shares.filter(({ log }) => log >= -Math.log(alpha)).map(({ name }) => name),
    weights: metrics.map(({ name }, i) => ({ name, weight: weights[i] ?? Number.NaN })),
  };
}

function isWealth({ withinMs, logWealth }: MetricWealth): boolean {
  return Number.isFinite(logWealth) && Number.isFinite(withinMs) && withinMs >= 0;
}

function noWealth(status: EstimateStatus): FamilyWealth {
  return { status, logWealth: Number.NaN, culprit: null, blamed: [], weights: [] };
}
