import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFakeFlags, type FakeFlags } from '../../test/fakes/fake-flags.ts';
import { gateContract } from '../../test/support/gate-files.ts';
import { GateHarness, START } from '../../test/support/gate-harness.ts';
import { playChange, type Shop } from '../../test/support/gate-traffic.ts';
import type { Gate } from '../services/gate.ts';
import { runLook } from '../services/run-look.ts';
import { Scheduler } from './scheduler.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const LEASE_MS = 60_000;

let harness: GateHarness;
let flags: FakeFlags;
beforeEach(() => {
  flags = createFakeFlags();
  harness = new GateHarness({ flags });
});
afterEach(() => harness.close());

const view = (id: string, minute: number, variant: 'on' | 'off' = 'on', flag = 'short-form') => ({
  event: 'quote_viewed',
  event_id: id,
  user_id: id,
  status: 'success',
  timestamp: new Date(START + minute * MINUTE_MS).toISOString(),
  flags: { [flag]: variant },
});

/** What the watch keeps of a change; without the time of the last look. */
async function watched(changeId: string) {
  return harness.gate.store.transaction(async (tx) => ({
    state: await tx.watch.state(changeId),
    consumed: await tx.watch.consumed(changeId, 'errors'),
    ledger: (await tx.ledger.entries({ changeId })).map(({ type, payload }) => ({ type, payload })),
    phases: await tx.changes.phases(changeId),
  }));
}

describe('leases', () => {
  test('a task whose worker died is taken over when its lease runs out, not before', async () => {
    const changeId = await harness.stampAndActivate();
    harness.business.advance(MINUTE_MS);
    await harness.send([view('first', 0)]);
    harness.business.advance(10 * MINUTE_MS);
    const claim = (owner: string) =>
      harness.gate.store.transaction((tx) =>
        tx.schedule.claim({
          businessNow: harness.business.now(),
          realNow: harness.real.now(),
          leaseMs: LEASE_MS,
          owner,
          limit: 16,
        }),
      );
    expect(await claim('dead')).toMatchObject([{ kind: 'look', changeId }]);
    await harness.scheduler.drain();
    expect((await harness.show(changeId)).effective_at).toBeNull();
    harness.real.advance(LEASE_MS);
    await harness.scheduler.drain();
    expect((await harness.show(changeId)).effective_at).toBe(START / MINUTE_MS);
  });

  test('a worker that comes back after its lease cannot end the task of the next one', async () => {
    const changeId = await harness.stampAndActivate();
    harness.business.advance(10 * MINUTE_MS);
    const [task] = await harness.gate.store.transaction((tx) =>
      tx.schedule.claim({
        businessNow: harness.business.now(),
        realNow: harness.real.now(),
        leaseMs: LEASE_MS,
        owner: 'slow',
        limit: 1,
      }),
    );
    harness.real.advance(LEASE_MS);
    await harness.scheduler.drain();
    const late = await harness.gate.store.transaction((tx) => tx.schedule.release(task!, null));
    expect(late).toBe(false);
    harness.business.advance(MINUTE_MS);
    const due = await harness.gate.store.transaction((tx) => tx.schedule.nextDue());
    expect(due).toBeLessThanOrEqual(harness.business.now());
    expect((await harness.show(changeId)).state).toBe('watching');
  });

  test('two workers on one store do each task once', async () => {
    const other = new Scheduler({ ...harness.gate, options: { ...harness.gate.options, owner: 'worker-2' } });
    const changeId = await harness.stampAndActivate();
    harness.business.advance(MINUTE_MS);
    await harness.send([view('first', 0), view('second', 0, 'off')]);
    for (let n = 0; n < 30; n += 1) {
      harness.business.advance(MINUTE_MS);
      await Promise.all([harness.scheduler.drain(), other.drain()]);
    }
    const { ledger, consumed } = await watched(changeId);
    expect(ledger.filter(({ type }) => type === 'change.window_started')).toHaveLength(1);
    expect(consumed).toHaveLength(1);
  });
});

describe('looks', () => {
  test('one that is repeated changes nothing', async () => {
    const changeId = await harness.stampAndActivate();
    harness.business.set(START + 30 * MINUTE_MS);
    await harness.send(Array.from({ length: 40 }, (_, n) => view(`v${n}`, n % 20, n % 2 ? 'on' : 'off')));
    await harness.scheduler.drain();
    const before = await watched(changeId);
    for (let n = 0; n < 4; n += 1) await runLook(harness.gate, { changeId });
    expect(await watched(changeId)).toEqual(before);
  });

  test('one whose flag cannot be read in time goes on with what is known, and takes the answer in when it is there', async () => {
    const changeId = await harness.stampAndActivate();
    harness.business.advance(MINUTE_MS);
    await harness.send([view('first', 0)]);
    harness.business.advance(10 * MINUTE_MS);
    let answer = () => undefined as unknown;
    const hung = new Promise<void>((resolve) => {
      answer = () => resolve();
    });
    const read: Gate['flags']['read'] = (flag) => hung.then(() => flags.control.read(flag));
    const gate: Gate = { ...harness.gate, flags: { ...harness.gate.flags, read } };
    await runLook(gate, { changeId });
    expect((await harness.show(changeId)).effective_at).toBe(START / MINUTE_MS);
    await flags.personSets('short-form', { rollout: '20' });
    answer();
    await runLook(gate, { changeId });
    expect(await harness.ledgerTypes(changeId)).toContain('flag.edited_by_person');
  });

  test('missed ones lose nothing: one look after hours ends where a look every minute does', async () => {
    const states = [];
    for (const step of [1, 7, 180]) {
      const one = new GateHarness();
      const changeId = await one.stampAndActivate();
      one.business.set(START + 3 * 60 * MINUTE_MS);
      await one.send(Array.from({ length: 300 }, (_, n) => view(`v${n}`, n % 150, n % 2 ? 'on' : 'off')));
      one.business.set(START);
      await one.runTo(START + 180 * MINUTE_MS, step);
      const state = await one.gate.store.transaction(async (tx) => ({
        state: await tx.watch.state(changeId),
        consumed: await tx.watch.consumed(changeId, 'errors'),
      }));
      states.push({
        ...state,
        state: { ...state.state, monitors: state.state?.monitors.map(({ blindSince: _, ...rest }) => rest) },
      });
      await one.close();
    }
    expect(states[0]!.consumed.length).toBeGreaterThan(100);
    expect(states[1]).toEqual(states[0]);
    expect(states[2]).toEqual(states[0]);
  });

  test('a week without any look still gives one verdict, the one that looks would have led to', async () => {
    const shop: Shop = {
      visitsPerWeek: 300,
      control: { converts: 0.3, fails: 0.02 },
      treatment: { converts: 0.6, fails: 0.02 },
    };
    const often = new GateHarness();
    const rarely = new GateHarness();
    const [left, right] = [
      await playChange(often, 61, shop, { baselineWeeks: 0, stepMinutes: 120 }),
      await playChange(rarely, 61, shop, { baselineWeeks: 0, stepMinutes: (20 * 1_440) / 2 }),
    ];
    expect(left.verdicts.map(({ verdict, reasons, metrics }) => ({ verdict, reasons, metrics }))).toEqual(
      right.verdicts.map(({ verdict, reasons, metrics }) => ({ verdict, reasons, metrics })),
    );
    expect(left.verdicts).toHaveLength(1);
    await often.close();
    await rarely.close();
  });
});

describe('a poison change', () => {
  /** The gate as the scheduler sees it, with the flag of one change throwing instead of answering. */
  function withPoison(gate: Gate, flag: string): Gate {
    return {
      ...gate,
      flags: {
        ...gate.flags,
        read: (name) => (name === flag ? Promise.reject(new TypeError('poison')) : gate.flags.read(name)),
      },
    };
  }

  test('delays no other', async () => {
    const poison = await harness.stampAndActivate(1, gateContract({ flag: 'flag: poison' }));
    const sound = await Promise.all(
      Array.from({ length: 20 }, async (_, n) =>
        harness.stampAndActivate(n + 2, gateContract({ flag: `flag: sound-${n}` })),
      ),
    );
    harness.business.advance(MINUTE_MS);
    await harness.send(sound.map((_, n) => view(`v${n}`, 0, 'on', `sound-${n}`)));
    const scheduler = new Scheduler(withPoison(harness.gate, 'poison'));
    harness.business.advance(5 * MINUTE_MS);
    await scheduler.drain();
    const starts = await Promise.all(sound.map(async (changeId) => (await harness.show(changeId)).effective_at));
    expect(new Set(starts)).toEqual(new Set([START / MINUTE_MS]));
    const errors = harness.log.filter(({ level }) => level === 'error');
    expect(errors.map(({ fields }) => fields.change_id)).toEqual([poison]);
  });

  test('is tried again when its lease runs out, and goes on once it is healed', async () => {
    const changeId = await harness.stampAndActivate(1, gateContract({ flag: 'flag: poison' }));
    harness.business.advance(MINUTE_MS);
    await harness.send([view('first', 0, 'on', 'poison')]);
    const scheduler = new Scheduler(withPoison(harness.gate, 'poison'));
    harness.business.advance(5 * MINUTE_MS);
    await scheduler.drain();
    await scheduler.drain();
    expect(harness.log.filter(({ level }) => level === 'error')).toHaveLength(1);
    harness.real.advance(LEASE_MS);
    await scheduler.drain();
    expect(harness.log.filter(({ level }) => level === 'error')).toHaveLength(2);
    harness.real.advance(LEASE_MS);
    await harness.scheduler.drain();
    expect((await harness.show(changeId)).effective_at).toBe(START / MINUTE_MS);
  });
});

describe('the loop', () => {
  test('works by itself, and stops when it is told to', async () => {
    const changeId = await harness.stampAndActivate();
    harness.business.advance(MINUTE_MS);
    await harness.send([view('first', 0)]);
    harness.business.advance(10 * MINUTE_MS);
    let passes = 0;
    const real = {
      now: () => harness.real.now(),
      sleep: async (_: number, signal?: AbortSignal) => {
        passes += 1;
        await new Promise((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
      },
    };
    const scheduler = new Scheduler({ ...harness.gate, real });
    scheduler.start();
    scheduler.start();
    while (passes < 5) await new Promise((resolve) => setImmediate(resolve));
    await scheduler.stop();
    const after = passes;
    await new Promise((resolve) => setImmediate(resolve));
    expect(passes).toBe(after);
    expect((await harness.show(changeId)).effective_at).toBe(START / MINUTE_MS);
  });

  test('a change whose flag service hangs delays no other', async () => {
    await harness.stampAndActivate();
    const other = await harness.stampAndActivate(2, gateContract({ flag: 'flag: other' }));
    harness.business.advance(MINUTE_MS);
    let release = () => undefined as unknown;
    const hung = new Promise<void>((resolve) => {
      release = () => resolve();
    });
    const gate: Gate = {
      ...harness.gate,
      flags: {
        ...harness.gate.flags,
        read: (flag) => (flag === 'other' ? flags.control.read(flag) : hung.then(() => flags.control.read(flag))),
      },
      real: {
        now: () => harness.real.now(),
        sleep: (ms) => (ms >= 1_000 ? hung : new Promise((resolve) => setImmediate(resolve))),
      },
    };
    const scheduler = new Scheduler(gate);
    const turns = async (count: number) => {
      for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    scheduler.start();
    await turns(50);
    await harness.send([view('first', 1, 'on', 'other')]);
    harness.business.advance(10 * MINUTE_MS);
    await turns(50);
    expect((await harness.show(other)).effective_at).toBe(START / MINUTE_MS + 1);
    release();
    await scheduler.stop();
  });

  test('goes on after a pass that failed as a whole', async () => {
    let failures = 2;
    let passes = 0;
    const { store } = harness.gate;
    const gate: Gate = {
      ...harness.gate,
      store: {
        transaction: (work) => (failures-- > 0 ? Promise.reject(new Error('disk full')) : store.transaction(work)),
        probe: () => store.probe(),
        findToken: (tokenId) => store.findToken(tokenId),
        close: () => store.close(),
      },
      real: {
        now: () => harness.real.now(),
        sleep: async (_, signal) => {
          passes += 1;
          await new Promise((resolve) => setImmediate(resolve));
          signal?.throwIfAborted();
        },
      },
    };
    const scheduler = new Scheduler(gate);
    scheduler.start();
    while (passes < 6) await new Promise((resolve) => setImmediate(resolve));
    await scheduler.stop();
    expect(harness.log.filter(({ message }) => message === 'scheduler pass failed')).toHaveLength(2);
  });

  test('nothing is done before its time', async () => {
    const changeId = await harness.stampAndActivate();
    harness.business.set(START - DAY_MS);
    await harness.scheduler.drain();
    expect(await harness.ledgerTypes(changeId)).toEqual(
      expect.not.arrayContaining(['change.window_started', 'verdict.made']),
    );
  });
});
