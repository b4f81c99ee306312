import type { DECISIONS } from '../contract/api/requests.ts';
import { GateError } from '../contract/gate-error.ts';
import type { Change } from '../domain/model/change.ts';
import type { Gate } from './gate.ts';
import { record } from './record.ts';
import { findChange } from './stamp-change.ts';

export interface PeoplesDecision {
  readonly decision: (typeof DECISIONS)[number];
  /** The name that the caller gave; nothing proves it. */
  readonly by: string;
  readonly reason: string;
}

/** Records what the people chose after the verdict. A later decision stands beside the earlier ones. @throws GateError conflict before the verdict */
export async function decideChange(
  gate: Gate,
  changeId: string,
  repository: string | null,
  decision: PeoplesDecision,
  actor: string,
): Promise<void> {
  await findChange(gate, changeId, repository);
  await gate.store.transaction(async (tx) => {
    // Read here: a newer stamp may supersede the change at any moment before.
    const change = (await tx.changes.find(changeId))!;
    if ((await tx.verdicts.summaries(changeId)).length === 0) throw noVerdict(change);
    await tx.verdicts.insertDecision({ changeId, ...decision, at: gate.business.now() });
    if (change.state !== 'superseded') await tx.changes.update(changeId, { state: 'decided' });
    await record(gate, tx, change, 'decision.people', { ...decision }, actor);
  });
}

function noVerdict({ changeId, state }: Change): GateError {
  return new GateError(
    'conflict',
    `${changeId} is ${state}; a decision needs a verdict first.`,
    'Wait for the verdict, or turn the flag off in Unleash if it must stop now.',
  );
}
