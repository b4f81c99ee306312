import { type ChangeView, ChangeViewSchema } from '../contract/api/change.ts';
import { GateError } from '../contract/gate-error.ts';
import { toWire } from '../contract/wire-case.ts';
import { type Change, type ChangeState, judgeDueAt, windowEnd } from '../domain/model/change.ts';
import type { StoreTransaction, VerdictSummary } from '../ports/store.ts';
import type { Gate } from './gate.ts';
import { readActivationLevels } from './settle-activation.ts';

/** One change as clients see it. */
export async function viewChange(gate: Gate, changeId: string): Promise<ChangeView> {
  const read = await gate.store.transaction((tx) => readView(tx, changeId));
  return ChangeViewSchema.parse(read);
}

export interface ChangePage {
  readonly changes: readonly ChangeView[];
  /** What to give as `before` for the next page; null when this is the last. */
  readonly next: string | null;
  /** Changes of this page that cannot be shown; asked for by itself, each says why. */
  readonly unreadable: readonly string[];
}

/**
 * A page of changes, the newest first. Each is read in a transaction of its own, so that looks and ingest go on in
 * between, and one that cannot be shown does not hide the others.
 */
export async function viewChanges(
  gate: Gate,
  filter: { repository?: string; states?: readonly ChangeState[]; before?: Change; limit: number },
): Promise<ChangePage> {
  const found = await gate.store.transaction((tx) => tx.changes.list({ ...filter, limit: filter.limit + 1 }));
  const page = found.slice(0, filter.limit).map(({ changeId }) => changeId);
  const changes: ChangeView[] = [];
  const unreadable: string[] = [];
  for (const changeId of page) {
    const read = ChangeViewSchema.safeParse(await gate.store.transaction((tx) => readView(tx, changeId)));
    if (read.success) changes.push(read.data);
    else {
      gate.log.error({ change_id: changeId, err: read.error }, 'change cannot be shown');
      unreadable.push(changeId);
    }
  }
  return { changes, next: found.length > page.length ? (page.at(-1) ?? null) : null, unreadable };
}

async function readView(tx: StoreTransaction, changeId: string): Promise<unknown> {
  const change = await tx.changes.find(changeId);
  if (!change)
    throw new GateError('internal', `Change ${changeId} has vanished.`, 'Run changegate verify on an export.');
  const { contract } = change;
  return toWire({
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
    verdicts: (await tx.verdicts.summaries(changeId)).map(viewVerdict),
    decisions: await tx.verdicts.decisions(changeId),
  });
}

function viewVerdict({ verdict, ...rest }: VerdictSummary): Record<string, unknown> {
  return { ...verdict, ...rest };
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
