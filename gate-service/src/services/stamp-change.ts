import type { z } from 'zod';
import type { StampRequestSchema } from '../contract/api/requests.ts';
import { GateError } from '../contract/gate-error.ts';
import { type Change, type ChangeState, WATCHED_STATES } from '../domain/model/change.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { supersededKey } from './collect-evidence.ts';
import type { Gate } from './gate.ts';
import { contractHash, kpisHash, makeChangeId } from './hashes.ts';
import { askedSources } from './pull-sources.ts';
import { readFilesForGate } from './read-files.ts';
import { GATE_ACTOR, record } from './record.ts';

export type StampRequest = z.output<typeof StampRequestSchema>;

/**
 * Binds a merge commit to its contract, flag and KPI definitions and locks them by hash. The same commit
 * and contract always make the same change, whether or not its pull request was known, so a re-run changes
 * nothing. A change of the same flag that was never activated becomes void. One that is watched goes on until
 * the new one is activated: until then its treatment is what the flag serves.
 * @throws GateError invalid_files, design_not_supported, conflict when another repository's open change has the flag
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
  return gate.store.transaction(async (tx) => {
    const same = await findSame(tx, change);
    if (same) return { created: false, changeId: same.changeId };
    await refuseForeignFlag(tx, change);
    await tx.changes.insert(change);
    // Only now: an old commit that is stamped again must not bring its old registry back.
    await tx.kpis.register(request.repository, allKpis, kpisHash(allKpis), askedSources(gate));
    const { contractHash: contract_hash, kpisHash: kpis_hash, commitSha, pullRequest, flag, contractPath } = change;
    await record(
      gate,
      tx,
      change,
      'change.stamped',
      { commitSha, pullRequest, flag, contractPath, contract_hash, kpis_hash, contract },
      request.actor,
    );
    for (const earlier of await othersOf(tx, change, ['stamped'])) {
      await tx.changes.update(earlier.changeId, { state: 'void' });
      await record(gate, tx, earlier, 'change.void', { by: changeId }, GATE_ACTOR);
      await tx.settings.put(supersededKey(earlier.changeId), changeId);
    }
    return { created: true, changeId };
  });
}

/** The change that this commit and contract made before; its id may differ, because the pull request was not known yet. */
async function findSame(tx: StoreTransaction, change: Change): Promise<Change | undefined> {
  const byId = await tx.changes.find(change.changeId);
  if (byId) return byId;
  const { repository, commitSha, contractPath } = change;
  const all = await tx.changes.list({ repository });
  return all.find((one) => one.commitSha === commitSha && one.contractPath === contractPath);
}

/**
 * The watch of one repository must not lower or read another's alteration: a flag belongs to the repository
 * whose change is open.
 * @throws GateError conflict
 */
export async function refuseForeignFlag(tx: StoreTransaction, { flag, repository }: Change): Promise<void> {
  const open = await tx.changes.list({ flag, states: ['stamped', ...WATCHED_STATES] });
  if (open.every((one) => one.repository === repository)) return;
  throw new GateError(
    'conflict',
    `Flag ${flag} belongs to an open change of another repository.`,
    'Name another flag in the contract, or wait until that change is judged.',
  );
}

/** Ends the watch of the changes that the flag served until this one: two alterations behind one flag cannot be told apart. */
export async function supersedeWatched(gate: Gate, tx: StoreTransaction, change: Change): Promise<void> {
  for (const earlier of await othersOf(tx, change, WATCHED_STATES)) {
    await tx.changes.update(earlier.changeId, { state: 'superseded' });
    await record(gate, tx, earlier, 'change.superseded', { by: change.changeId }, GATE_ACTOR);
    await tx.settings.put(supersededKey(earlier.changeId), change.changeId);
    await tx.schedule.put({ kind: 'judge', changeId: earlier.changeId, dueAt: gate.business.now() });
  }
}

async function othersOf(
  tx: StoreTransaction,
  { changeId, repository, flag }: Change,
  states: readonly ChangeState[],
): Promise<readonly Change[]> {
  const open = await tx.changes.list({ repository, flag, states });
  return open.filter((candidate) => candidate.changeId !== changeId);
}

/** Finds a change of a repository that the caller may see. The same answer for "not there" and "not yours". */
export async function findChange(gate: Gate, changeId: string, repository: string | null): Promise<Change> {
  const change = await gate.store.transaction((tx) => tx.changes.find(changeId));
  if (change && (repository === null || change.repository === repository)) return change;
  throw new GateError('not_found', `There is no change ${changeId}.`, 'List the changes with: changegate changes');
}
