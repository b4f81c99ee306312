import { afterEach, expect, test } from 'vitest';
import { REPOSITORY } from '../../test/support/gate-files.ts';
import { GateHarness } from '../../test/support/gate-harness.ts';
import type { Store } from '../ports/store.ts';
import { decideChange } from './decide-change.ts';

const harness = new GateHarness();
afterEach(() => harness.close());

test('a change that is superseded while it is decided stays superseded', async () => {
  const { gate } = harness;
  const { change_id: changeId } = await harness.stamp();
  await gate.store.transaction(async (tx) => {
    const made = { verdict: { verdict: 'pass' }, evidence: { ruleVersion: '1' } } as never as object;
    const ledgerHead = await tx.ledger.head();
    await tx.verdicts.insert({ ...made, changeId, revision: 1, madeAt: 1, ledgerHead } as never);
  });
  let transactions = 0;
  const store: Store = {
    findToken: (tokenId) => gate.store.findToken(tokenId),
    probe: () => gate.store.probe(),
    close: () => gate.store.close(),
    transaction: async (work) => {
      const result = await gate.store.transaction(work);
      transactions += 1;
      // A newer stamp comes in right after the change was found.
      if (transactions === 1)
        await gate.store.transaction((tx) => tx.changes.update(changeId, { state: 'superseded' }));
      return result;
    },
  };
  const decision = { decision: 'keep', by: 'pat', reason: 'it works' } as const;
  await decideChange({ ...gate, store }, changeId, REPOSITORY, decision, 'token:x');
  const after = await gate.store.transaction(async (tx) => ({
    change: await tx.changes.find(changeId),
    decisions: await tx.verdicts.decisions(changeId),
  }));
  expect(after).toMatchObject({ change: { state: 'superseded' }, decisions: [decision] });
});
