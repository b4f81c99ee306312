import type { ChangeContract } from '../../contract/change-contract.ts';
import { GateError } from '../../contract/gate-error.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { metricIds } from '../../domain/model/metric.ts';

export interface SelectedKpis {
  readonly contract: ChangeContract;
  readonly kpis: readonly Kpi[];
  /** Ids of the KPIs that the user left out of the contract. */
  readonly leftOut: readonly string[];
}

/**
 * Keeps the KPIs that the user wants replayed. A contract without one of its guardrails is a weaker promise, so nothing
 * is left out that the user did not leave out.
 * @param only the ids to keep; null keeps all
 * @throws     GateError invalid_input: an id that the contract does not name, or the primary is left out
 */
export function selectKpis(
  contract: ChangeContract,
  kpis: readonly Kpi[],
  only: readonly string[] | null,
): SelectedKpis {
  if (only === null) return { contract, kpis, leftOut: [] };
  for (const id of only) kpiPosition(kpis, id, '--only');
  if (!only.includes(contract.primary.kpi)) {
    throw new GateError(
      'invalid_input',
      `--only ${only.join(',')} leaves out ${contract.primary.kpi}, which decides the verdict.`,
      `Add it: --only ${[contract.primary.kpi, ...only].join(',')}`,
    );
  }
  const keeps = ({ kpi }: { readonly kpi: string }) => only.includes(kpi);
  const kept: ChangeContract = {
    ...contract,
    leading: contract.leading && keeps(contract.leading) ? contract.leading : null,
    guardrails: contract.guardrails.filter(keeps),
    fast: contract.fast.filter(keeps),
  };
  const ids = metricIds(kept);
  return {
    contract: kept,
    kpis: kpis.filter(({ id }) => ids.has(id)),
    leftOut: kpis.map(({ id }) => id).filter((id) => !ids.has(id)),
  };
}

/** Where a KPI stands among those of the contract. @throws GateError invalid_input, when it is none of them */
export function kpiPosition(kpis: readonly Kpi[], id: string, option: string): number {
  const position = kpis.findIndex((kpi) => kpi.id === id);
  if (position >= 0) return position;
  const known = kpis.map((kpi) => kpi.id).join(', ');
  throw new GateError(
    'invalid_input',
    `${option} names ${id}; the KPIs of the contract are ${known}.`,
    'Correct the id.',
  );
}
