import type { Effect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Change } from './change.ts';

export type MetricRole = 'primary' | 'leading' | 'guardrail';

/** One KPI of a change with every role that the contract gives it. */
export interface Metric {
  readonly kpi: Kpi;
  readonly roles: readonly MetricRole[];
  /** The guardrail's margin; null when the KPI is no guardrail. Positive; its kind tells the scale. */
  readonly margin: Effect | null;
  readonly mustBeNonInferior: boolean;
}

/** The KPIs that the harm monitor watches, in a fixed order: primary, leading, guardrails as written. */
export function metricsOf(change: Pick<Change, 'contract' | 'kpis'>): readonly Metric[] {
  const { primary, leading, guardrails } = change.contract;
  const roles = new Map<string, MetricRole[]>();
  const add = (id: string, role: MetricRole) => roles.set(id, [...(roles.get(id) ?? []), role]);
  add(primary.kpi, 'primary');
  if (leading) add(leading.kpi, 'leading');
  for (const guardrail of guardrails) add(guardrail.kpi, 'guardrail');
  return [...roles].flatMap(([id, list]) => {
    const kpi = change.kpis.find((candidate) => candidate.id === id);
    const guardrail = guardrails.find((candidate) => candidate.kpi === id);
    return kpi
      ? [
          {
            kpi,
            roles: list,
            margin: guardrail?.noWorseThan ?? null,
            mustBeNonInferior: guardrail?.mustBeNonInferior ?? false,
          },
        ]
      : [];
  });
}

/** Every KPI that a look reads: those of `metricsOf`, then the ones that only a fast rule names (no role, no margin). */
export function watchedMetricsOf(change: Pick<Change, 'contract' | 'kpis'>): readonly Metric[] {
  const metrics = metricsOf(change);
  const known = new Set(metrics.map(({ kpi }) => kpi.id));
  const named = new Set(change.contract.fast.map(({ kpi }) => kpi));
  const others = change.kpis.filter(({ id }) => named.has(id) && !known.has(id));
  return [...metrics, ...others.map((kpi): Metric => ({ kpi, roles: [], margin: null, mustBeNonInferior: false }))];
}

/**
 * The KPI that takes out what moves everything, of a comparison with the weeks before: judged with, not watched, since the
 * change does not touch it. None when a look reads it anyway.
 */
export function comparisonMetricsOf(change: Pick<Change, 'contract' | 'kpis'>): readonly Metric[] {
  const watched = new Set(watchedMetricsOf(change).map(({ kpi }) => kpi.id));
  return change.kpis
    .filter(({ id }) => id === change.contract.beforeAfter?.comparison && !watched.has(id))
    .map((kpi): Metric => ({ kpi, roles: [], margin: null, mustBeNonInferior: false }));
}

/** Whether more counted outcomes are worse: errors, or a KPI that should decrease. */
export function harmDirection(kpi: Kpi): 'increase' | 'decrease' {
  return kpi.direction === 'decrease_is_good' ? 'increase' : 'decrease';
}

/** Ids of every KPI that the contract names, fast rules included. */
export function metricIds(contract: Change['contract']): ReadonlySet<string> {
  return new Set([
    contract.primary.kpi,
    ...(contract.leading ? [contract.leading.kpi] : []),
    ...contract.guardrails.map(({ kpi }) => kpi),
    ...contract.fast.map(({ kpi }) => kpi),
    ...(contract.beforeAfter?.comparison ? [contract.beforeAfter.comparison] : []),
  ]);
}
