import { type ChangeView, ChangeViewSchema } from '../contract/api/change.ts';
import { GateError } from '../contract/gate-error.ts';
import { toWire } from '../contract/wire-case.ts';
import { type Change, type ChangeState, judgeDueAt, windowEnd } from '../domain/model/change.ts';
import type { StoredVerdict, StoreTransaction } from '../ports/store.ts';
import type { Gate } from './gate.ts';
import { readActivationLevels } from './settle-activation.ts';

/** One change as clients see it. */
export function viewChange(gate: Gate, changeId: string): Promise<ChangeView> {
  return gate.store.transaction(async (tx) => {
    const change = await tx.changes.find(changeId);
    if (!change)
      throw new GateError('internal', `Change ${changeId} has vanished.`, 'Run changegate verify on an export.');
    return view(tx, change);
  });
}

export function viewChanges(
  gate: Gate,
  filter: { repository?: string; states?: readonly ChangeState[]; limit: number },
): Promise<readonly ChangeView[]> {
  return gate.store.transaction(async (tx) => {
    const views: ChangeView[] = [];
    for (const change of await tx.changes.list(filter)) views.push(await view(tx, change));
    return views;
  });
}

async function view(tx: StoreTransaction, change: Change): Promise<ChangeView> {
  const { changeId, contract } = change;
  return ChangeViewSchema.parse(
    toWire({
      ...change,
      hypothesis: contract.hypothesis,
      observeOnly: contract.stop.adverse === 'observe',
      rolloutStart: contract.rollout.start,
      activation: { acceptedAt: change.activatedAt, ...(await readActivationLevels(tx, changeId)) },
      windowMinutes: contract.windowMinutes,
      windowEnd: windowEnd(change),
      judgeDueAt: judgeDueAt(change),
      phases: await tx.changes.phases(changeId),
      looks: await tx.watch.looks(changeId),
      interventions: await tx.interventions.listOf(changeId),
      verdicts: (await tx.verdicts.list(changeId)).map(viewVerdict),
      decisions: await tx.verdicts.decisions(changeId),
    }),
  );
}

function viewVerdict({ verdict, evidence, revision, madeAt, ledgerHead }: StoredVerdict): Record<string, unknown> {
  return { ...verdict, revision, madeAt, ruleVersion: evidence.ruleVersion, ledgerHead };
}

/** The evidence pack of one revision (null: the newest). @throws GateError not_found before the verdict */
export async function viewEvidence(gate: Gate, changeId: string, revision: number | null): Promise<unknown> {
  const verdicts = await gate.store.transaction((tx) => tx.verdicts.list(changeId));
  const stored = revision === null ? verdicts.at(-1) : verdicts.find((candidate) => candidate.revision === revision);
  if (!stored) {
    throw new GateError(
      'not_found',
      `${changeId} has no verdict${revision === null ? ' yet' : ` of revision ${revision}`}.`,
      'See its state with: changegate show',
    );
  }
  return {
    schema: 'changegate/evidence/v1',
    change_id: changeId,
    revision: stored.revision,
    evidence: toWire(stored.evidence),
    verdict: toWire(stored.verdict),
  };
}
