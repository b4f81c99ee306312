import { describe, expect, it } from 'vitest';
import type { Phase } from '../../src/domain/model/change.ts';
import { EMPTY_LEDGER, verifyLedger } from '../../src/domain/model/ledger-chain.ts';
import type { NewLedgerEntry } from '../../src/domain/model/ledger-entry.ts';
import type { ConsumedMinute, MetricLook, WatchState } from '../../src/domain/model/look.ts';
import type { StoredVerdict, StoreTransaction } from '../../src/ports/store.ts';
import { CHANGE_ID, KPIS, makeChange, REPOSITORY } from '../support/store-fixtures.ts';
import type { GetStore } from './store-suite.ts';

export function storeRecordsSuite(getStore: GetStore): void {
  const inTx = <T>(work: (tx: StoreTransaction) => Promise<T>) => getStore().transaction(work);

  describe('changes', () => {
    it('gives back what was put in', async () => {
      const change = makeChange({ effectiveAt: null });
      expect(await inTx((tx) => tx.changes.insert(change))).toBe(true);
      expect(await inTx((tx) => tx.changes.find(CHANGE_ID))).toEqual(change);
      expect(await inTx((tx) => tx.changes.find('chg-9-ffffffffff'))).toBeNull();
    });

    it('alters nothing when the id is there already', async () => {
      await inTx((tx) => tx.changes.insert(makeChange()));
      expect(await inTx((tx) => tx.changes.insert(makeChange({ flag: 'another' })))).toBe(false);
      expect(await inTx((tx) => tx.changes.find(CHANGE_ID))).toEqual(makeChange());
    });

    it('lists the newest stamp first, by every filter', async () => {
      const changes = [
        makeChange({ changeId: 'chg-1-0000000000', stampedAt: 1, flag: 'one' }),
        makeChange({ changeId: 'chg-2-0000000000', stampedAt: 3, flag: 'two', state: 'judged' }),
        makeChange({ changeId: 'chg-3-0000000000', stampedAt: 2, flag: 'one', repository: 'acme/other' }),
      ];
      for (const change of changes) await inTx((tx) => tx.changes.insert(change));
      const ids = (filter: Parameters<StoreTransaction['changes']['list']>[0]) =>
        inTx(async (tx) => (await tx.changes.list(filter)).map(({ changeId }) => changeId[4]));
      expect(await ids({})).toEqual(['2', '3', '1']);
      expect(await ids({ limit: 1 })).toEqual(['2']);
      expect(await ids({ repository: REPOSITORY })).toEqual(['2', '1']);
      expect(await ids({ flag: 'one' })).toEqual(['3', '1']);
      expect(await ids({ states: ['judged', 'void'] })).toEqual(['2']);
      expect(await ids({ states: [] })).toEqual([]);
      expect(await ids({ before: changes[2]! })).toEqual(['1']);
      await inTx((tx) => tx.changes.insert(makeChange({ changeId: 'chg-4-0000000000', stampedAt: 2 })));
      expect(await ids({ before: changes[2]! })).toEqual(['4', '1']);
    });

    it('updates the fields given, and only those', async () => {
      await inTx((tx) => tx.changes.insert(makeChange({ effectiveAt: null })));
      await inTx((tx) => tx.changes.update(CHANGE_ID, { state: 'off', effectiveAt: 9, treatmentHash: 'hash' }));
      await inTx((tx) => tx.changes.update(CHANGE_ID, {}));
      const expected = { ...makeChange(), state: 'off', effectiveAt: 9, treatmentHash: 'hash' };
      expect(await inTx((tx) => tx.changes.find(CHANGE_ID))).toEqual(expected);
      await expect(inTx((tx) => tx.changes.update('chg-9-ffffffffff', { state: 'off' }))).rejects.toMatchObject({
        code: 'not_found',
      });
    });

    it('never moves a window that has started', async () => {
      await inTx((tx) => tx.changes.insert(makeChange()));
      await expect(inTx((tx) => tx.changes.update(CHANGE_ID, { effectiveAt: 1 }))).rejects.toMatchObject({
        code: 'internal',
      });
      await expect(inTx((tx) => tx.changes.update(CHANGE_ID, { effectiveAt: null }))).rejects.toMatchObject({
        code: 'internal',
      });
    });

    it('keeps phases by index', async () => {
      const first: Phase = { index: 0, cause: 'activation', share: 0.5, startMinute: 10, endMinute: null };
      const second: Phase = { index: 1, cause: 'throttle', share: 0.05, startMinute: 20, endMinute: null };
      await inTx((tx) => tx.changes.insert(makeChange()));
      for (const phase of [second, first, { ...first, endMinute: 20 }])
        await inTx((tx) => tx.changes.putPhase(CHANGE_ID, phase));
      expect(await inTx((tx) => tx.changes.phases(CHANGE_ID))).toEqual([{ ...first, endMinute: 20 }, second]);
    });
  });

  it('lists the KPIs registered last', async () => {
    expect(await inTx((tx) => tx.kpis.list(REPOSITORY))).toEqual([]);
    await inTx((tx) => tx.kpis.register(REPOSITORY, KPIS, 'one'));
    await inTx((tx) => tx.kpis.register(REPOSITORY, KPIS.slice(1), 'two'));
    expect(await inTx((tx) => tx.kpis.list(REPOSITORY))).toEqual(KPIS.slice(1));
    expect(await inTx((tx) => tx.kpis.list('acme/other'))).toEqual([]);
  });

  describe('watch', () => {
    const minute = (at: number): ConsumedMinute => ({
      minute: at,
      phaseIndex: 0,
      off: { n: 4, y: 1 },
      on: { n: 3, y: 2 },
    });

    it('keeps the state', async () => {
      const state = {
        monitors: [],
        familyLogWealth: -0.25,
        freshLogWealth: null,
        blamed: ['a'],
      } as unknown as WatchState;
      await inTx((tx) => tx.changes.insert(makeChange()));
      expect(await inTx((tx) => tx.watch.state(CHANGE_ID))).toBeNull();
      await inTx((tx) => tx.watch.putState(CHANGE_ID, { ...state, familyLogWealth: 1 }));
      await inTx((tx) => tx.watch.putState(CHANGE_ID, state));
      expect(await inTx((tx) => tx.watch.state(CHANGE_ID))).toEqual(state);
    });

    it('appends consumed minutes and refuses to repeat one', async () => {
      await inTx((tx) => tx.watch.appendConsumed(CHANGE_ID, 'purchase', [minute(12), minute(11)]));
      await inTx((tx) => tx.watch.appendConsumed(CHANGE_ID, 'other', [minute(11)]));
      await expect(
        inTx((tx) => tx.watch.appendConsumed(CHANGE_ID, 'purchase', [minute(13), minute(12)])),
      ).rejects.toMatchObject({ code: 'internal' });
      expect(await inTx((tx) => tx.watch.consumed(CHANGE_ID, 'purchase'))).toEqual([minute(11), minute(12)]);
      expect(await inTx((tx) => tx.watch.consumedTotal(CHANGE_ID, 'purchase'))).toEqual({
        off: { n: 8, y: 2 },
        on: { n: 6, y: 4 },
      });
      expect(await inTx((tx) => tx.watch.consumedTotal(CHANGE_ID, 'none'))).toEqual({
        off: { n: 0, y: 0 },
        on: { n: 0, y: 0 },
      });
    });

    it('keeps the sums and histograms of consumed minutes, and adds them up', async () => {
      const sums = { yy: 9, d: 2, dd: 4, yd: 6, clipped: 1, missing: 1 };
      const mean = { n: 2, y: 3, sums };
      const histogram = { zeros: 1, buckets: [[-3, 2] as const, [400, 1] as const] };
      const quantile = { n: 4, y: 0, sums: { ...sums, yy: 0 }, histogram };
      const kept: ConsumedMinute[] = [
        { minute: 11, phaseIndex: 0, off: mean, on: { n: 0, y: 0 } },
        { minute: 12, phaseIndex: 1, off: mean, on: quantile },
        { minute: 13, phaseIndex: 1, off: { n: 1, y: 1 }, on: quantile },
      ];
      await inTx((tx) => tx.watch.appendConsumed(CHANGE_ID, 'spend', kept));
      expect(await inTx((tx) => tx.watch.consumed(CHANGE_ID, 'spend'))).toEqual(kept);
      expect(await inTx((tx) => tx.watch.consumedTotal(CHANGE_ID, 'spend'))).toEqual({
        off: { n: 5, y: 7, sums: { yy: 18, d: 4, dd: 8, yd: 12, clipped: 2, missing: 2 } },
        on: {
          n: 8,
          y: 0,
          sums: { yy: 0, d: 4, dd: 8, yd: 12, clipped: 2, missing: 2 },
          histogram: {
            zeros: 2,
            buckets: [
              [-3, 4],
              [400, 2],
            ],
          },
        },
      });
    });

    it('keeps the last look of each metric and one row for each change of signal', async () => {
      const look = (kpiId: string, signal: MetricLook['signal'], at: number): MetricLook => ({
        kpiId,
        signal,
        detail: `at ${at}`,
        at,
        logWealth: at / 10,
        totals: { off: { n: 1, y: 0 }, on: { n: 2, y: 1 } },
      });
      await inTx((tx) => tx.watch.putLooks(CHANGE_ID, [look('a', 'ok', 1), look('b', 'no_data', 1)]));
      await inTx((tx) => tx.watch.putLooks(CHANGE_ID, [look('a', 'ok', 2), look('b', 'ok', 2)]));
      await inTx((tx) => tx.watch.putLooks(CHANGE_ID, [look('a', 'adverse', 3)]));
      expect(await inTx((tx) => tx.watch.looks(CHANGE_ID))).toEqual([look('a', 'adverse', 3), look('b', 'ok', 2)]);
      expect(await inTx((tx) => tx.watch.signalChanges(CHANGE_ID))).toEqual([
        { kpiId: 'a', signal: 'ok', at: 1 },
        { kpiId: 'b', signal: 'no_data', at: 1 },
        { kpiId: 'b', signal: 'ok', at: 2 },
        { kpiId: 'a', signal: 'adverse', at: 3 },
      ]);
    });
  });

  it('keeps every revision of a verdict and every decision, and refuses to repeat a revision', async () => {
    const verdict = (revision: number) =>
      ({
        changeId: CHANGE_ID,
        revision,
        verdict: { verdict: 'inconclusive', reasons: ['no_data'], summary: 'Nothing came — "quoted", ünïcode.' },
        evidence: { ruleVersion: '1', numbers: [0.1, 1e-12, null] },
        madeAt: revision,
        ledgerHead: { size: revision, hash: 'f'.repeat(64) },
      }) as unknown as StoredVerdict;
    const decision = { decision: 'keep', by: 'octocat', reason: 'fine', at: 7 };
    await inTx((tx) => tx.changes.insert(makeChange()));
    for (const revision of [2, 1]) await inTx((tx) => tx.verdicts.insert(verdict(revision)));
    await expect(inTx((tx) => tx.verdicts.insert(verdict(2)))).rejects.toMatchObject({ code: 'internal' });
    await inTx((tx) => tx.verdicts.insertDecision({ changeId: CHANGE_ID, ...decision }));
    await inTx((tx) => tx.verdicts.insertDecision({ changeId: CHANGE_ID, ...decision, decision: 'rollback', at: 6 }));
    expect(await inTx((tx) => tx.verdicts.list(CHANGE_ID))).toEqual([verdict(1), verdict(2)]);
    expect(await inTx((tx) => tx.verdicts.summaries(CHANGE_ID))).toEqual(
      [verdict(1), verdict(2)].map(({ evidence, ...rest }) => ({ ...rest, ruleVersion: evidence.ruleVersion })),
    );
    expect(await inTx((tx) => tx.verdicts.decisions(CHANGE_ID))).toEqual([
      decision,
      { ...decision, decision: 'rollback', at: 6 },
    ]);
  });

  describe('ledger', () => {
    const entry = (index: number): NewLedgerEntry => ({
      type: 'alert.raised',
      actor: 'changegate',
      repository: REPOSITORY,
      changeId: index % 2 ? CHANGE_ID : null,
      payload: { index, text: 'ünïcode "quoted"', nested: { z: [1.5, null], a: true } },
    });

    it('is empty at first', async () => {
      expect(await inTx((tx) => tx.ledger.head())).toEqual(EMPTY_LEDGER);
      expect(await inTx((tx) => tx.ledger.entries({}))).toEqual([]);
    });

    it('chains entries that verify, over transactions and within one', async () => {
      await inTx((tx) => tx.ledger.append(entry(1), 10));
      const head = await inTx(async (tx) => {
        await tx.ledger.append(entry(2), 20);
        return tx.ledger.append(entry(3), 30);
      });
      const entries = await inTx((tx) => tx.ledger.entries({}));
      expect(await inTx((tx) => tx.ledger.head())).toEqual(head);
      expect(verifyLedger(entries, { anchors: [head] })).toEqual({ status: 'ok', head });
      expect(entries.map(({ seq, ts, payload }) => ({ seq, ts, payload }))).toEqual(
        [1, 2, 3].map((seq) => ({ seq, ts: seq * 10, payload: entry(seq).payload })),
      );
      expect(new Set(entries.map(({ salt }) => salt)).size).toBe(3);
    });

    it('reads parts', async () => {
      for (const index of [1, 2, 3, 4, 5]) await inTx((tx) => tx.ledger.append(entry(index), index));
      const seqs = (options: Parameters<StoreTransaction['ledger']['entries']>[0]) =>
        inTx(async (tx) => (await tx.ledger.entries(options)).map(({ seq }) => seq));
      expect(await seqs({ after: 2 })).toEqual([3, 4, 5]);
      expect(await seqs({ after: 1, limit: 2 })).toEqual([2, 3]);
      expect(await seqs({ changeId: CHANGE_ID, after: 1 })).toEqual([3, 5]);
      expect(await seqs({ changeId: null })).toEqual([2, 4]);
      expect(await seqs({ types: ['watch.paused'] })).toEqual([]);
      expect(await seqs({ types: [entry(1).type], limit: 2 })).toEqual([1, 2]);
    });

    it('refuses a payload that has no canonical form, with the whole transaction', async () => {
      const broken = inTx(async (tx) => {
        await tx.settings.put('key', 'value');
        await tx.ledger.append({ ...entry(1), payload: { share: Number.NaN } }, 1);
      });
      await expect(broken).rejects.toMatchObject({ code: 'internal' });
      expect(await inTx((tx) => tx.settings.get('key'))).toBeNull();
    });
  });

  it('keeps tokens and revokes one once', async () => {
    const token = {
      tokenId: 't1',
      hash: 'h',
      scopes: ['ingest'],
      repository: null,
      createdAt: 1,
      expiresAt: 9,
      revokedAt: null,
    };
    await inTx((tx) => tx.tokens.insert(token));
    expect(await inTx((tx) => tx.tokens.find('t1'))).toEqual(token);
    expect(await inTx((tx) => tx.tokens.revoke('t1', 5))).toBe(true);
    expect(await inTx((tx) => tx.tokens.revoke('t1', 6))).toBe(false);
    expect(await inTx((tx) => tx.tokens.revoke('t2', 6))).toBe(false);
    expect(await inTx((tx) => tx.tokens.list())).toEqual([{ ...token, revokedAt: 5 }]);
    expect(await inTx((tx) => tx.tokens.find('t2'))).toBeNull();
  });

  it('keeps settings', async () => {
    expect(await inTx((tx) => tx.settings.get('key'))).toBeNull();
    for (const value of ['one', 'two']) await inTx((tx) => tx.settings.put('key', value));
    expect(await inTx((tx) => tx.settings.get('key'))).toBe('two');
  });
}
