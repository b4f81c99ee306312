import type { z } from 'zod';
import type { StampRequestSchema } from '../contract/api/requests.ts';
import { GateError } from '../contract/gate-error.ts';
import { type Change, WATCHED_STATES } from '../domain/model/change.ts';
import { supersededKey } from './collect-evidence.ts';
import type { Gate } from './gate.ts';
import { contractHash, kpisHash, makeChangeId } from './hashes.ts';
import { readFilesForGate } from './read-files.ts';
import { GATE_ACTOR, record } from './record.ts';

export type StampRequest = z.output<typeof StampRequestSchema>;

/**
 * Binds a merge commit to its contract, flag and KPI definitions and locks them by hash. The same commit
 * and contract always make the same change, so a re-run changes nothing. A change of the same flag that is
 * still open is superseded: two alterations behind one flag cannot be told apart.
 * @throws GateError invalid_files, design_not_supported
 */
export async function stampChange(gate: Gate, request: StampRequest): Promise<{ created: boolean; changeId: string }> {
  const { contract, kpis, allKpis } = readFilesForGate(gate, request);
  const changeId = makeChangeId(request.repository, request.pull_request, request.commit_sha, request.contract.path);
  const now = gate.business.now();
  const change: Change = {
    changeId,
    repository: request.repository,
    pullRequest: request.pull_request,
    commitSha: request.commit_sha,
    contractPath: request.contract.path,
    flag: contract.flag,
    state: 'stamped',
    contract,
    contractHash: contractHash(contract),
    kpis,
    kpisHash: kpisHash(kpis),
    stampedAt: now,
    activatedAt: null,
    effectiveAt: null,
    treatmentHash: null,
    flagCreatedAt: null,
  };
  const created = await gate.store.transaction(async (tx) => {
    if (!(await tx.changes.insert(change))) return false;
    // Only now: an old commit that is stamped again must not bring its old registry back.
    await tx.kpis.register(request.repository, allKpis, kpisHash(allKpis));
    const { contractHash: contract_hash, kpisHash: kpis_hash, commitSha, pullRequest, flag, contractPath } = change;
    await record(
      gate,
      tx,
      change,
      'change.stamped',
      { commitSha, pullRequest, flag, contractPath, contract_hash, kpis_hash, contract },
      request.actor,
    );
    const open = await tx.changes.list({
      repository: request.repository,
      flag,
      states: ['stamped', ...WATCHED_STATES],
    });
    for (const earlier of open.filter((candidate) => candidate.changeId !== changeId)) {
      await tx.changes.update(earlier.changeId, { state: earlier.activatedAt === null ? 'void' : 'superseded' });
      const type = earlier.activatedAt === null ? 'change.void' : 'change.superseded';
      await record(gate, tx, earlier, type, { by: changeId }, GATE_ACTOR);
      await tx.settings.put(supersededKey(earlier.changeId), changeId);
      if (earlier.activatedAt !== null)
        await tx.schedule.put({ kind: 'judge', changeId: earlier.changeId, dueAt: now });
    }
    return true;
  });
  return { created, changeId };
}

/** Finds a change of a repository that the caller may see. The same answer for "not there" and "not yours". */
export async function findChange(gate: Gate, changeId: string, repository: string | null): Promise<Change> {
  const change = await gate.store.transaction((tx) => tx.changes.find(changeId));
  if (change && (repository === null || change.repository === repository)) return change;
  throw new GateError('not_found', `There is no change ${changeId}.`, 'List the changes with: changegate changes');
}
