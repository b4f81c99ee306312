import type { z } from 'zod';
import type { RegisterKpisRequestSchema } from '../contract/api/requests.ts';
import { GateError } from '../contract/gate-error.ts';
import type { Kpi } from '../contract/kpi-registry.ts';
import { readRegistry } from '../contract/read-change-files.ts';
import { toWire } from '../contract/wire-case.ts';
import type { Gate } from './gate.ts';
import { kpisHash } from './hashes.ts';
import { askedSources } from './pull-sources.ts';
import { recordForService } from './record.ts';

/** Registers a repository's KPIs, so that their history is kept from now on and made from what is stored. @throws GateError invalid_files */
export async function registerKpis(
  gate: Gate,
  request: z.output<typeof RegisterKpisRequestSchema>,
  actor: string,
): Promise<{ registered: readonly string[]; hash: string }> {
  const { value: kpis, findings } = readRegistry(request.registry);
  const error = findings.find(({ severity }) => severity === 'error');
  if (error || kpis === null) {
    throw new GateError(
      'invalid_files',
      error
        ? `${error.file}:${error.line}:${error.column} ${error.message}`
        : `${request.registry.path} cannot be read.`,
      error ? error.remedy : 'Run: changegate validate',
      { context: { findings: toWire(findings) } },
    );
  }
  const hash = kpisHash(kpis);
  const { repository } = request;
  const ids = kpis.map(({ id }) => id);
  await gate.store.transaction(async (tx) => {
    const previousHash = kpisHash(await tx.kpis.list(repository));
    await tx.kpis.register(repository, kpis, hash, askedSources(gate));
    if (hash === previousHash) return;
    await recordForService(gate, tx, { type: 'kpis.registered', actor, repository }, { kpis: ids, hash, previousHash });
  });
  return { registered: ids, hash };
}

export async function listKpis(gate: Gate, repository: string): Promise<readonly Kpi[]> {
  return gate.store.transaction((tx) => tx.kpis.list(repository));
}
