import type { z } from 'zod';
import type { RepositoryFileSchema } from '../contract/api/requests.ts';
import type { ChangeContract } from '../contract/change-contract.ts';
import type { Finding } from '../contract/finding.ts';
import { GateError } from '../contract/gate-error.ts';
import type { Kpi } from '../contract/kpi-registry.ts';
import { readChangeFiles } from '../contract/read-change-files.ts';
import { toWire } from '../contract/wire-case.ts';
import { metricIds } from '../domain/model/metric.ts';
import type { Gate } from './gate.ts';

type RepositoryFile = z.output<typeof RepositoryFileSchema>;

export interface ReadFiles {
  readonly contract: ChangeContract;
  /** The KPIs that the contract names, in the registry's order. */
  readonly kpis: readonly Kpi[];
  readonly allKpis: readonly Kpi[];
  /** Warnings; errors are thrown. */
  readonly findings: readonly Finding[];
}

/**
 * @throws GateError invalid_files with every finding in `context.findings`; design_not_supported when all that is wrong
 *         is that no control group is left
 */
export function readFilesOrThrow(files: {
  contract: RepositoryFile;
  registry: RepositoryFile;
  policy: RepositoryFile | null;
}): ReadFiles {
  const { findings, contract, kpis } = readChangeFiles(files);
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0 || contract === null || kpis === null) {
    const first = errors[0];
    throw new GateError(
      errors.length > 0 && errors.every(({ code }) => code === 'no_control') ? 'design_not_supported' : 'invalid_files',
      first ? `${first.file}:${first.line}:${first.column} ${first.message}` : `${files.contract.path} cannot be read.`,
      first ? first.remedy : 'Run: changegate validate',
      { context: { findings: toWire(findings) } },
    );
  }
  const ids = metricIds(contract);
  return { contract, kpis: kpis.filter(({ id }) => ids.has(id)), allKpis: kpis, findings };
}

/** Reads the files of a change for this gate service: its KPIs' sources must be configured here. @throws GateError invalid_files */
export function readFilesForGate(
  gate: Pick<Gate, 'options' | 'sources'>,
  files: Parameters<typeof readFilesOrThrow>[0],
): ReadFiles {
  const read = readFilesOrThrow(files);
  for (const kpi of read.kpis) assertSource(gate, kpi, files.registry.path);
  return read;
}

/** The registry names a source; only this service's own configuration says which there are. */
function assertSource(
  { options, sources }: Pick<Gate, 'options' | 'sources'>,
  { id, measure }: Kpi,
  path: string,
): void {
  const known = [...options.eventSources, ...sources.keys()];
  if (known.includes(measure.source)) return;
  throw new GateError(
    'invalid_files',
    `KPI ${id} in ${path} names the source ${measure.source}; this gate service has ${known.join(', ')}.`,
    'Name one of these, or add the source to the gate service’s configuration file.',
    { context: { findings: [] } },
  );
}
