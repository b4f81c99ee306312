import { expect, it } from 'vitest';
import type { StoreTransaction } from '../../src/ports/store.ts';
import { makeChange, makeEvent } from '../support/store-fixtures.ts';
import type { GetStore } from './store-suite.ts';

export function storeTransactionsSuite(getStore: GetStore): void {
  const put = (key: string, value: string) => getStore().transaction((tx) => tx.settings.put(key, value));
  const get = (key: string) => getStore().transaction((tx) => tx.settings.get(key));

  it('answers a probe', async () => {
    expect(await getStore().probe()).toBe(true);
  });

  it('keeps everything of a transaction, or nothing', async () => {
    await put('kept', 'yes');
    const failing = getStore().transaction(async (tx) => {
      await tx.settings.put('kept', 'no');
      await tx.changes.insert(makeChange());
      await tx.events.append([makeEvent({ eventId: 'e1', event: 'never_seen_before' })], 1);
      await tx.ledger.append({ type: 'alert.raised', actor: 'a', repository: 'r', changeId: null, payload: {} }, 1);
      throw new RangeError('on purpose');
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(await get('kept')).toBe('yes');
    const after = await getStore().transaction(async (tx) => ({
      change: await tx.changes.find(makeChange().changeId),
      head: await tx.ledger.head(),
      // The same event again: what was learnt of its names and unit in the failed transaction must be forgotten.
      outcomes: await tx.events.append([makeEvent({ eventId: 'e1', event: 'never_seen_before' })], 1),
    }));
    expect(after).toMatchObject({ change: null, head: { size: 0 }, outcomes: ['accepted'] });
  });

  it('never overlaps transactions', async () => {
    const steps: string[] = [];
    const slow = (name: string) =>
      getStore().transaction(async (tx) => {
        steps.push(`${name} begins`);
        for (let turn = 0; turn < 5; turn += 1) await tx.settings.put('turn', name);
        await new Promise((resolve) => setImmediate(resolve));
        steps.push(`${name} ends`);
        return tx.settings.get('turn');
      });
    expect(await Promise.all([slow('a'), slow('b'), slow('c')])).toEqual(['a', 'b', 'c']);
    expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('goes on after a failed transaction', async () => {
    const failing = getStore().transaction(async () => Promise.reject(new RangeError('on purpose')));
    const next = put('key', 'value');
    await expect(failing).rejects.toThrow('on purpose');
    await next;
    expect(await get('key')).toBe('value');
  });

  it('refuses a transaction inside another one instead of waiting for itself', async () => {
    const nested = getStore().transaction(() => getStore().transaction(async () => 1));
    await expect(nested).rejects.toMatchObject({ code: 'internal' });
    await expect(getStore().transaction(() => getStore().close())).rejects.toMatchObject({ code: 'internal' });
  });

  it('lets work that outlives its transaction begin another one', async () => {
    let later: Promise<void> = Promise.resolve();
    await getStore().transaction(async () => {
      later = new Promise((resolve) => setTimeout(resolve, 5)).then(() => put('later', 'yes'));
    });
    await later;
    expect(await get('later')).toBe('yes');
  });

  it('refuses records that are used after their transaction', async () => {
    let escaped: StoreTransaction | null = null;
    await getStore().transaction(async (tx) => {
      escaped = tx;
    });
    expect(() => escaped!.settings).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  it('gives an error of the database a code and a remedy', async () => {
    const broken = getStore().transaction((tx) => tx.watch.putState('chg-1-ffffffffff', { not: 'there' } as never));
    await expect(broken).rejects.toMatchObject({ name: 'GateError', code: 'internal' });
  });

  it('answers nothing once closed', async () => {
    await getStore().close();
    expect(await getStore().probe()).toBe(false);
    await expect(get('key')).rejects.toMatchObject({ code: 'store' });
  });
}
