import type { z } from 'zod';
import type { EvaluateRequestSchema } from '../contract/api/requests.ts';
import { GateError } from '../contract/gate-error.ts';
import { readChangeFiles, readNamedKpis } from '../contract/read-change-files.ts';
import { type Change, judgeDueAt } from '../domain/model/change.ts';
import { startOfMinute } from '../domain/model/time.ts';
import type { VerdictWord } from '../domain/model/verdict.ts';
import type { StoredVerdict } from '../ports/store.ts';
import { headKey } from './collect-evidence.ts';
import type { Gate } from './gate.ts';
import { contractHash, kpisHash } from './hashes.ts';
import { judgeIfDue } from './judge-change.ts';
import { runLook } from './run-look.ts';

type Head = z.output<typeof EvaluateRequestSchema>['head'];

/**
 * Evaluates a change again. Before its window is complete that is a look and the answer is `pending`: a
 * verdict is never made early, because judging until it passes would break its guarantee. Afterwards the
 * same window is judged under the same rule.
 * @param head the contract and registry at the default branch's head; null when the caller does not know them
 * @throws GateError conflict, for a change that was never activated
 */
export async function evaluateChange(
  gate: Gate,
  changeId: string,
  head: Head,
): Promise<{ verdict: VerdictWord | 'pending'; newRevision: boolean }> {
  const change = (await gate.store.transaction((tx) => tx.changes.find(changeId)))!;
  if (head !== null) await noteHead(gate, change, head);
  if (change.activatedAt === null) {
    if (change.state === 'stamped') return { verdict: 'pending', newRevision: false };
    throw new GateError(
      'conflict',
      `${changeId} is ${change.state} and was never activated.`,
      'There is nothing to evaluate.',
    );
  }
  const given = await verdictGivenEarly(gate, change);
  const judgement = given ?? (await judgeIfDue(gate, changeId));
  if (judgement === null || 'dueAt' in judgement) {
    await runLook(gate, { changeId });
    return { verdict: 'pending', newRevision: false };
  }
  return { verdict: judgement.stored.verdict.verdict, newRevision: judgement.isNew };
}

/** A change that ended early keeps its verdict until its window is over; only then is there more to judge. */
async function verdictGivenEarly(gate: Gate, change: Change): Promise<{ stored: StoredVerdict; isNew: false } | null> {
  const windowOver = judgeDueAt(change);
  if (windowOver === null || startOfMinute(windowOver) <= gate.business.now()) return null;
  const stored = (await gate.store.transaction((tx) => tx.verdicts.list(change.changeId))).at(-1);
  return stored ? { stored, isNew: false } : null;
}

/**
 * Remembers what the rule is now; a file that is gone or does not parse is another rule than the one stamped. Of the
 * registry only the KPIs that the contract names count: it is shared, and others' mistakes move no rule.
 */
async function noteHead(gate: Gate, change: Change, head: NonNullable<Head>): Promise<void> {
  const hashes = { contract: 'gone', kpis: 'gone' };
  if (head.contract !== null && head.registry !== null) {
    const { contract } = readChangeFiles({ contract: head.contract, registry: head.registry, policy: null });
    const kpis = readNamedKpis(
      head.registry,
      change.kpis.map(({ id }) => id),
    );
    hashes.contract = contract === null ? 'invalid' : contractHash(contract);
    hashes.kpis = kpis === null ? 'invalid' : kpisHash(kpis);
  }
  await gate.store.transaction((tx) => tx.settings.put(headKey(change.changeId), JSON.stringify(hashes)));
}
