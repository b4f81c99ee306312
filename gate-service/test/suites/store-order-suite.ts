import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Kpi } from '../../src/contract/kpi-registry.ts';
import type { Change } from '../../src/domain/model/change.ts';
import type { AcceptedEvent } from '../../src/domain/model/event.ts';
import { MINUTE_MS } from '../../src/domain/model/time.ts';
import type { Store, StoreTransaction } from '../../src/ports/store.ts';
import { exposedTo, KPIS, MONDAY, makeChange, makeEvent, REPOSITORY } from '../support/store-fixtures.ts';
import { NaiveEvents, tallyByMinute } from '../support/store-naive.ts';
import type { StoreUnderTest } from './store-suite.ts';

/** Two overlapping windows, of 5 and 3 minutes; the first begins in one UTC week and ends in the next. */
const FIRST = makeChange({ changeId: 'chg-1-0000000000', effectiveAt: MONDAY - 2, windowMinutes: 5 });
const SECOND = makeChange({ changeId: 'chg-2-0000000000', effectiveAt: MONDAY, windowMinutes: 3, flag: 'other' });
const CHANGES = [FIRST, SECOND];
const FROM = MONDAY - 10;
const TO = MONDAY + 10;

const exposures = fc.constantFrom<AcceptedEvent['exposures']>(
  [],
  [],
  exposedTo('off', FIRST.changeId),
  exposedTo('on', FIRST.changeId),
  exposedTo('on', SECOND.changeId),
  [...exposedTo('off', FIRST.changeId), ...exposedTo('on', SECOND.changeId)],
  [...exposedTo('on', FIRST.changeId), ...exposedTo('off', SECOND.changeId)],
);

/** A small world, so that ties, moves and both sides of every limit are frequent. */
const event = fc.record({
  event: fc.constantFrom('view', 'buy', 'view', 'buy', 'ping'),
  minute: fc.integer({ min: -3, max: 4 }),
  ms: fc.constantFrom(0, 0, 1, MINUTE_MS - 1),
  unit: fc.constantFrom('a'.repeat(32), 'b'.repeat(32), 'a'.repeat(32), 'b'.repeat(32), null),
  cohort: fc.constantFrom(null, 'eu', 'us'),
  status: fc.constantFrom('success' as const, 'error' as const, null),
  exposures,
});

export interface Scenario {
  readonly events: readonly AcceptedEvent[];
  /** The same events in order of arrival, some of them several times, cut into batches. */
  readonly batches: readonly (readonly AcceptedEvent[])[];
  /** Before which batch each window starts and the KPIs are registered. */
  readonly startAt: readonly number[];
  readonly registerAt: number;
}

export const scenario: fc.Arbitrary<Scenario> = fc
  .array(event, { minLength: 1, maxLength: 40, size: 'max' })
  .chain((list) => {
    const events = list.map(({ minute, ms, ...fields }, index) =>
      // Ids that do not follow the order of the list, one of them beyond ASCII: ties are broken by id.
      makeEvent({ ...fields, at: (MONDAY + minute) * MINUTE_MS + ms, eventId: `${'qgzrcké'[index % 7]}${index}` }),
    );
    const repeats = fc.subarray([...events]);
    const arrivals = repeats.chain((again) => {
      const all = [...events, ...again];
      return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
    });
    return fc
      .record({
        arrivals,
        size: fc.integer({ min: 1, max: 10 }),
        startAt: fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 8 })),
        registerAt: fc.integer({ min: 0, max: 8 }),
      })
      .map(({ arrivals: order, size, startAt, registerAt }) => {
        const batches = Array.from({ length: Math.ceil(order.length / size) }, (_, index) =>
          order.slice(index * size, (index + 1) * size),
        );
        return { events, batches, startAt, registerAt };
      });
  });

export function storeOrderSuite(open: () => Promise<StoreUnderTest>, runs: number): void {
  it('agrees with the definitions for every order, repetition, lateness and split', async () => {
    const property = fc.asyncProperty(scenario, async (given) => {
      const { store, dispose } = await open();
      try {
        await play(store, given);
        const naive = new NaiveEvents(given.events);
        for (const change of CHANGES) expect(await readChange(store, change)).toEqual(expectedOfChange(naive, change));
        for (const kpi of KPIS) {
          const minutes = await store.transaction((tx) => tx.events.historyMinutes(REPOSITORY, kpi.id, FROM, TO));
          expect(minutes).toEqual(expectedHistory(naive, kpi));
        }
      } finally {
        await dispose();
      }
    });
    await fc.assert(property, { numRuns: runs });
  }, 120_000);
}

async function play(store: Store, { batches, startAt, registerAt }: Scenario): Promise<void> {
  const steps = Math.max(batches.length, registerAt + 1, ...startAt.map((at) => at + 1));
  await store.transaction(async (tx) => {
    for (const change of CHANGES) await tx.changes.insert({ ...change, effectiveAt: null });
  });
  for (let step = 0; step < steps; step += 1) {
    await store.transaction(async (tx) => {
      if (step === registerAt) await tx.kpis.register(REPOSITORY, KPIS, 'hash');
      for (const [index, change] of CHANGES.entries()) if (startAt[index] === step) await start(tx, change);
      await tx.events.append(batches[step] ?? [], 1);
    });
  }
}

async function start(tx: StoreTransaction, change: Change): Promise<void> {
  await tx.changes.update(change.changeId, { effectiveAt: change.effectiveAt });
  await tx.events.startWindow(change);
}

/** Every [from, to) with both ends in reach of the window. */
const SPANS = Array.from({ length: 8 }, (_, from) =>
  Array.from({ length: 8 - from }, (_, length) => [MONDAY - 3 + from, MONDAY - 2 + from + length] as const),
).flat();

function readChange(store: Store, { changeId }: Change) {
  return store.transaction(async (tx) => {
    const kpis = [];
    for (const { id } of KPIS) {
      kpis.push({
        minutes: await tx.events.tallies(changeId, id, FROM, TO),
        total: await tx.events.total(changeId, id, FROM, TO),
      });
    }
    const spans = [];
    for (const [from, to] of SPANS) {
      spans.push({
        exposed: await tx.events.exposedUnits(changeId, from, to),
        multi: await tx.events.multiExposedUnits(changeId, from, to),
      });
    }
    return { kpis, spans, accepted: (await tx.events.counts(changeId)).accepted };
  });
}

function expectedOfChange(naive: NaiveEvents, change: Change) {
  const kpis = KPIS.map((kpi) => {
    const minutes = tallyByMinute(naive.trials(change, kpi));
    const sum = (side: 'off' | 'on', field: 'n' | 'y') =>
      minutes.reduce((total, minute) => total + minute[side][field], 0);
    const total = { off: { n: sum('off', 'n'), y: sum('off', 'y') }, on: { n: sum('on', 'n'), y: sum('on', 'y') } };
    return { minutes, total };
  });
  const spans = SPANS.map(([from, to]) => {
    const exposed = { off: 0, on: 0 };
    for (const { minute, arm } of naive.exposures(change)) if (minute >= from && minute < to) exposed[arm!] += 1;
    return { exposed, multi: naive.multiExposed(change, from, to) };
  });
  return { kpis, spans, accepted: naive.count(change) };
}

function expectedHistory(naive: NaiveEvents, kpi: Kpi) {
  return tallyByMinute(naive.history(REPOSITORY, kpi)).map(({ minute, off }) => ({ minute, ...off }));
}
