import type { DECISIONS } from '../contract/api/requests.ts';
import { GateError } from '../contract/gate-error.ts';
import type { Gate } from './gate.ts';
import { record } from './record.ts';
import { findChange } from './stamp-change.ts';

export interface PeoplesDecision {
  readonly decision: (typeof DECISIONS)[number];
  readonly by: string;
  readonly reason: string;
}

/** Records what the people chose after the verdict. A later decision stands beside the earlier ones. @throws GateError conflict before the verdict */
export async function decideChange(
  gate: Gate,
  changeId: string,
  repository: string | null,
  decision: PeoplesDecision,
): Promise<void> {
  const change = await findChange(gate, changeId, repository);
  const verdicts = await gate.store.transaction((tx) => tx.verdicts.list(changeId));
  if (verdicts.length === 0) {
    throw new GateError(
      'conflict',
      `${changeId} is ${change.state}; a decision needs a verdict first.`,
      'Wait for the verdict, or turn the flag off in Unleash if it must stop now.',
    );
  }
  await gate.store.transaction(async (tx) => {
    await tx.verdicts.insertDecision({ changeId, ...decision, at: gate.business.now() });
    if (change.state !== 'superseded') await tx.changes.update(changeId, { state: 'decided' });
    await record(gate, tx, change, 'decision.people', { ...decision }, decision.by);
  });
}
