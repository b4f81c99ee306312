import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import { createSqliteStore } from '../../src/adapters/store/sqlite/sqlite-store.ts';
import { GateError } from '../../src/contract/gate-error.ts';
import type { LedgerType } from '../../src/domain/model/ledger-entry.ts';
import type { Store, StoreTransaction } from '../../src/ports/store.ts';
import { runInterventions } from '../../src/services/run-interventions.ts';
import { Rig } from '../protocol/protocol-rig.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A store whose ledger takes no entry of some types, as a full disk would have it; everything else works. */
function withoutLedger(store: Store, refuses: (type: LedgerType) => boolean): Store {
  const full = () => Promise.reject(new GateError('store', 'The disk is full.', 'Make room.'));
  return {
    probe: () => store.probe(),
    findToken: (tokenId) => store.findToken(tokenId),
    close: () => store.close(),
    transaction: (work) =>
      store.transaction((tx) => {
        const ledger: StoreTransaction['ledger'] = {
          head: () => tx.ledger.head(),
          entries: (options) => tx.ledger.entries(options),
          append: (entry, ts) => (refuses(entry.type) ? full() : tx.ledger.append(entry, ts)),
        };
        return work({ ...tx, ledger });
      }),
  };
}

/** A store of which nothing can be written, or nothing read either. */
function failing(store: Store, fails: () => boolean): Store {
  return {
    probe: () => store.probe(),
    findToken: (tokenId) => store.findToken(tokenId),
    close: () => store.close(),
    transaction: (work) =>
      fails() ? Promise.reject(new GateError('store', 'The store is locked.', 'Wait.')) : store.transaction(work),
  };
}

describe('no record, no act', () => {
  test.each(['throttle', 'turn_off'] as const)(
    'a %s whose intent cannot be written is not done, and is done once it can',
    async (kind) => {
      const rig = await Rig.open();
      const id = await rig.decide(kind);
      const { gate } = rig.start();
      let isFull = true;
      const store = withoutLedger(rig.store, (type) => isFull && type === 'action.intent');
      for (let attempt = 0; attempt < 3; attempt += 1) {
        await runInterventions({ ...gate, store });
        rig.later();
      }
      expect([rig.writes(), await rig.share(), await rig.outcome(id)]).toEqual([[], 0.5, 'pending']);
      isFull = false;
      await runInterventions({ ...gate, store });
      expect(await rig.outcome(id)).toBe('accepted');
    },
  );

  test('an outcome that cannot be written is found by reading later; the act is not repeated', async () => {
    const rig = await Rig.open();
    const id = await rig.decide('throttle');
    const { gate } = rig.start();
    await runInterventions({ ...gate, store: withoutLedger(rig.store, (type) => type === 'action.accepted') });
    expect([rig.writes().length, await rig.outcome(id)]).toEqual([1, 'pending']);
    await rig.settle(2);
    expect([rig.writes().length, await rig.outcome(id)]).toEqual([1, 'accepted']);
  });

  test('a store that fails from any transaction on lets no call through without a committed intent', async () => {
    for (let n = 0; n < 6; n += 1) {
      const rig = await Rig.open();
      await rig.decide('turn_off');
      const { gate } = rig.start();
      let left = n;
      await runInterventions({ ...gate, store: failing(rig.store, () => left-- <= 0) }).catch(() => undefined);
      const intents = (await rig.entries('action.intent')).length;
      expect(rig.writes().length).toBeLessThanOrEqual(intents);
    }
  });

  test('a ledger table that refuses entries in the database itself stops the flag call', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'changegate-ledger-'));
    directories.push(directory);
    const path = join(directory, 'gate.db');
    const rig = await Rig.open({ store: createSqliteStore({ path }) });
    const id = await rig.decide('turn_off');
    const outside = new DatabaseSync(path);
    outside.exec("CREATE TRIGGER full BEFORE INSERT ON ledger_entries BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    await rig.run();
    expect([rig.writes(), await rig.share()]).toEqual([[], 0.5]);
    outside.exec('DROP TRIGGER full; BEGIN IMMEDIATE');
    rig.later();
    await rig.run().catch(() => undefined);
    expect([rig.writes(), await rig.share()]).toEqual([[], 0.5]);
    outside.exec('ROLLBACK');
    outside.close();
    await rig.settle(2);
    expect([await rig.outcome(id), await rig.share()]).toEqual(['accepted', 0]);
    await rig.store.close();
  });

  test('a decision that cannot be written is none', async () => {
    const rig = await Rig.open();
    await expect(
      rig.decide(
        'throttle',
        0.05,
        withoutLedger(rig.store, (type) => type === 'decision.made'),
      ),
    ).rejects.toThrow(/full/);
    await rig.settle(2);
    expect([rig.writes(), await rig.share()]).toEqual([[], 0.5]);
  });
});
