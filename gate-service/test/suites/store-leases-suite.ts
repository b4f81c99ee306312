import { beforeEach, describe, expect, it } from 'vitest';
import type { Intervention } from '../../src/domain/model/intervention.ts';
import { CHANGE_ID, makeChange } from '../support/store-fixtures.ts';
import type { GetStore } from './store-suite.ts';

const LEASE = 60_000;

export function storeLeasesSuite(getStore: GetStore): void {
  describe('schedule', () => storeScheduleSuite(getStore));
  describe('interventions', () => storeInterventionsSuite(getStore));
}

function storeScheduleSuite(getStore: GetStore): void {
  const schedule = <T>(
    work: (records: Parameters<Parameters<ReturnType<GetStore>['transaction']>[0]>[0]['schedule']) => Promise<T>,
  ) => getStore().transaction((tx) => work(tx.schedule));
  const claim = (businessNow: number, realNow: number, limit = 10) =>
    schedule((s) => s.claim({ businessNow, realNow, leaseMs: LEASE, owner: 'me', limit }));
  const look = (changeId: string) => ({ kind: 'look' as const, changeId });

  it('claims what is due in business time, once, in order of due time and change', async () => {
    await schedule(async (s) => {
      await s.put({ ...look('chg-b'), dueAt: 200 });
      await s.put({ ...look('chg-a'), dueAt: 200 });
      await s.put({ ...look('chg-c'), dueAt: 100 });
      await s.put({ ...look('chg-d'), dueAt: 201 });
    });
    expect(await schedule((s) => s.nextDue())).toBe(100);
    expect((await claim(200, 1)).map(({ changeId }) => changeId)).toEqual(['chg-c', 'chg-a', 'chg-b']);
    expect(await claim(200, 1)).toEqual([]);
  });

  it('claims at most as many as asked for', async () => {
    for (const id of ['chg-a', 'chg-b', 'chg-c']) await schedule((s) => s.put({ ...look(id), dueAt: 1 }));
    expect(await claim(1, 1, 2)).toHaveLength(2);
    expect(await claim(1, 1, 2)).toHaveLength(1);
  });

  it('leases in real time: business time may jump as it likes', async () => {
    await schedule((s) => s.put({ ...look('chg-a'), dueAt: 100 }));
    const [first] = await claim(100, 1_000);
    expect(await claim(100 + 1e9, 1_000 + LEASE - 1)).toEqual([]);
    const [second] = await claim(100, 1_000 + LEASE);
    expect(second!.fence).toBeGreaterThan(first!.fence);
    expect(await schedule((s) => s.release({ ...look('chg-a'), fence: first!.fence }, 500))).toBe(false);
    expect(await schedule((s) => s.release({ ...look('chg-a'), fence: second!.fence }, 500))).toBe(true);
    expect(await schedule((s) => s.nextDue())).toBe(500);
    expect(await claim(499, 1_000 + LEASE)).toEqual([]);
    expect(await claim(500, 1_000 + LEASE)).toHaveLength(1);
  });

  it('ends with a release to nothing', async () => {
    await schedule((s) => s.put({ ...look('chg-a'), dueAt: 1 }));
    const [task] = await claim(1, 1);
    await schedule((s) => s.release(task!, null));
    expect(await schedule((s) => s.nextDue())).toBeNull();
    expect(await claim(1e15, 1e15)).toEqual([]);
  });

  it.each([
    ['to nothing', null, 7],
    ['to a later time', 900, 7],
    ['to an earlier time', 5, 5],
  ])('does not lose a put that comes during the claim when released %s', async (_name, released, expected) => {
    await schedule((s) => s.put({ ...look('chg-a'), dueAt: 1 }));
    const [task] = await claim(1, 1);
    await schedule((s) => s.put({ ...look('chg-a'), dueAt: 7 }));
    await schedule((s) => s.release(task!, released));
    expect(await schedule((s) => s.nextDue())).toBe(expected);
  });

  it('keeps a lease when its task is moved', async () => {
    await schedule((s) => s.put({ ...look('chg-a'), dueAt: 5 }));
    await claim(5, 1);
    await schedule((s) => s.put({ ...look('chg-a'), dueAt: 1 }));
    expect(await claim(5, 2)).toEqual([]);
  });

  it('refuses the holder of before when a finished task is put again and claimed', async () => {
    await schedule((s) => s.put({ ...look('chg-a'), dueAt: 1 }));
    const [task] = await claim(1, 1);
    expect(await schedule((s) => s.release(task!, null))).toBe(true);
    expect(await schedule((s) => s.nextDue())).toBeNull();
    await schedule((s) => s.put({ ...look('chg-a'), dueAt: 9 }));
    await claim(9, 2);
    expect(await schedule((s) => s.release(task!, null))).toBe(false);
    expect(await schedule((s) => s.nextDue())).toBe(9);
  });

  it('keeps look and judge of one change apart', async () => {
    await schedule((s) => s.put({ ...look('chg-a'), dueAt: 3 }));
    await schedule((s) => s.put({ kind: 'judge', changeId: 'chg-a', dueAt: 2 }));
    expect(await claim(2, 1)).toMatchObject([{ kind: 'judge', dueAt: 2 }]);
    expect(await claim(3, 1)).toMatchObject([{ kind: 'look', dueAt: 3 }]);
  });
}

function storeInterventionsSuite(getStore: GetStore): void {
  const decided: Intervention = {
    interventionId: 'int-1',
    changeId: CHANGE_ID,
    kind: 'throttle',
    epoch: 1,
    targetShare: 0.05,
    reason: 'adverse: purchase',
    decidedAt: 1_000,
    intentAt: null,
    outcome: 'pending',
    acceptedAt: null,
    publishedAt: null,
    effectiveAt: null,
    notEffectiveAt: null,
  };
  beforeEach(() => getStore().transaction((tx) => tx.changes.insert(makeChange())));
  const insert = (intervention: Intervention, due = 10) =>
    getStore().transaction((tx) => tx.interventions.insert(intervention, due));
  const claim = (now: number) => getStore().transaction((tx) => tx.interventions.claimDue(now, LEASE, 'me'));

  it('takes one decision for a change, kind and epoch', async () => {
    expect(await insert(decided)).toBe(true);
    expect(await insert({ ...decided, interventionId: 'int-2' })).toBe(false);
    const { found, list, next, other } = await getStore().transaction(async (tx) => ({
      found: await tx.interventions.find('int-1'),
      list: await tx.interventions.listOf(CHANGE_ID),
      next: await tx.interventions.nextEpoch(CHANGE_ID, 'throttle'),
      other: await tx.interventions.nextEpoch(CHANGE_ID, 'turn_off'),
    }));
    expect(found).toEqual(decided);
    expect(list).toEqual([decided]);
    expect([next, other]).toEqual([2, 1]);
  });

  it('refuses a stale fence, and gives the row again when the lease runs out', async () => {
    await insert(decided);
    expect(await claim(9)).toEqual([]);
    const [first] = await claim(10);
    expect(first).toMatchObject({ ...decided, memo: null });
    expect(await claim(10 + LEASE - 1)).toEqual([]);
    const [second] = await claim(10 + LEASE);
    expect(second!.fence).toBeGreaterThan(first!.fence);
    const save = (fence: number, outcome: Intervention['outcome']) =>
      getStore().transaction((tx) =>
        tx.interventions.save('int-1', fence, { outcome, acceptedAt: 5 }, { dueAt: null, memo: '{"a":1}' }),
      );
    expect(await save(first!.fence, 'failed:deadline')).toBe(false);
    expect(await save(second!.fence, 'accepted')).toBe(true);
    expect(await claim(1e15)).toEqual([]);
    expect(await getStore().transaction((tx) => tx.interventions.find('int-1'))).toEqual({
      ...decided,
      outcome: 'accepted',
      acceptedAt: 5,
    });
  });

  it('ends the claim when progress is saved: the row is free from its due time on', async () => {
    await insert(decided);
    const [claimed] = await claim(10);
    await getStore().transaction((tx) =>
      tx.interventions.save('int-1', claimed!.fence, { intentAt: 11 }, { dueAt: 500, memo: '{}' }),
    );
    expect(await claim(499)).toEqual([]);
    expect(await claim(500)).toMatchObject([{ intentAt: 11, memo: '{}' }]);
    const late = getStore().transaction((tx) =>
      tx.interventions.save('int-1', claimed!.fence, {}, { dueAt: null, memo: null }),
    );
    expect(await late).toBe(false);
  });

  it('notes what looks saw, without a fence and without touching the claim', async () => {
    await insert(decided);
    const [claimed] = await claim(10);
    await getStore().transaction((tx) => tx.interventions.note('int-1', { effectiveAt: 99 }));
    await getStore().transaction((tx) => tx.interventions.note('int-1', {}));
    expect(await getStore().transaction((tx) => tx.interventions.find('int-1'))).toEqual({
      ...decided,
      effectiveAt: 99,
    });
    expect(await claim(11)).toEqual([]);
    const saved = await getStore().transaction((tx) =>
      tx.interventions.save('int-1', claimed!.fence, {}, { dueAt: null, memo: null }),
    );
    expect(saved).toBe(true);
  });
}
