import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Kpi } from '../../src/contract/kpi-registry.ts';
import type { Change } from '../../src/domain/model/change.ts';
import type { AcceptedEvent } from '../../src/domain/model/event.ts';
import { isKeptByCohort, isStatus } from '../../src/domain/model/measure.ts';
import type { Tally } from '../../src/domain/model/tally.ts';
import { MINUTE_MS } from '../../src/domain/model/time.ts';
import type { Store, StoreTransaction } from '../../src/ports/store.ts';
import { ALL_KPIS, exposedTo, MONDAY, makeChange, makeEvent, REPOSITORY } from '../support/store-fixtures.ts';
import { NaiveEvents } from '../support/store-naive.ts';
import { naivePieces, naiveUnits, talliesByArm, talliesByMinute, tallyOf } from '../support/store-naive-measures.ts';
import type { StoreUnderTest } from './store-suite.ts';

/** Two overlapping windows, of 5 and 3 minutes; the first begins in one UTC week and ends in the next. */
const FIRST = makeChange({ changeId: 'chg-1-0000000000', effectiveAt: MONDAY - 2, windowMinutes: 5, kpis: ALL_KPIS });
const SECOND = makeChange({
  changeId: 'chg-2-0000000000',
  effectiveAt: MONDAY,
  windowMinutes: 3,
  flag: 'other',
  kpis: ALL_KPIS,
});
const CHANGES = [FIRST, SECOND];
const FROM = MONDAY - 10;
const TO = MONDAY + 10;
const FOUR_WEEKS = 28 * 24 * 60;

/** Every KPI with the measure of the one after it: what is registered before the right ones. */
const MIXED_UP_KPIS = ALL_KPIS.map((kpi, index) => ({
  ...kpi,
  measure: ALL_KPIS[(index + 1) % ALL_KPIS.length]!.measure,
}));

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
  minute: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: -3, max: 4 }) },
    // Before a window by about as long as the covariate of a mean reaches back.
    { weight: 1, arbitrary: fc.integer({ min: -FOUR_WEEKS - 3, max: -FOUR_WEEKS + 4 }) },
  ),
  ms: fc.constantFrom(0, 0, 1, MINUTE_MS - 1),
  unit: fc.constantFrom('a'.repeat(32), 'b'.repeat(32), 'a'.repeat(32), 'b'.repeat(32), null),
  cohort: fc.constantFrom(null, 'eu', 'us'),
  status: fc.constantFrom('success' as const, 'error' as const, null),
  value: fc.constantFrom(null, 0, 1, 2.5, 3.0004, 7, 12, -1.5, -0.0001, 1e300, -1e300),
  latencyMs: fc.constantFrom(null, null, 0, 1, 80.5, 81, 400),
  exposures,
});

export interface Scenario {
  readonly events: readonly AcceptedEvent[];
  /** The same events in order of arrival, some of them several times, cut into batches. */
  readonly batches: readonly (readonly AcceptedEvent[])[];
  /** Before which batch each window starts and the KPIs are registered. */
  readonly startAt: readonly number[];
  readonly registerAt: number;
  /** Before which batch they are registered with each other's measures; nothing of that may remain. */
  readonly mixUpAt: number;
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
        mixUpAt: fc.integer({ min: 0, max: 8 }),
      })
      .map(({ arrivals: order, size, startAt, registerAt, mixUpAt }) => {
        const batches = Array.from({ length: Math.ceil(order.length / size) }, (_, index) =>
          order.slice(index * size, (index + 1) * size),
        );
        return { events, batches, startAt, registerAt, mixUpAt };
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
        for (const kpi of ALL_KPIS) {
          const { minutes, hours } = await readHistory(store, kpi);
          expect(minutes, kpi.id).toEqual(expectedHistory(naive, kpi, 'minute'));
          expect(hours, kpi.id).toEqual(expectedHistory(naive, kpi, 'hour'));
        }
      } finally {
        await dispose();
      }
    });
    await fc.assert(property, { numRuns: runs });
  }, 120_000);
}

async function play(store: Store, { batches, startAt, registerAt, mixUpAt }: Scenario): Promise<void> {
  const steps = Math.max(batches.length, registerAt + 1, ...startAt.map((at) => at + 1));
  await store.transaction(async (tx) => {
    for (const change of CHANGES) await tx.changes.insert({ ...change, effectiveAt: null });
  });
  for (let step = 0; step < steps; step += 1) {
    await store.transaction(async (tx) => {
      if (step === mixUpAt && mixUpAt < registerAt) await tx.kpis.register(REPOSITORY, MIXED_UP_KPIS, 'other');
      if (step === registerAt) await tx.kpis.register(REPOSITORY, ALL_KPIS, 'hash');
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

/** Only a status KPI has units behind it: one span shows that another has none. */
const unitSpans = (measure: Kpi['measure']) => (isStatus(measure) ? SPANS : SPANS.slice(0, 1));

function readChange(store: Store, { changeId }: Change) {
  return store.transaction(async (tx) => {
    const kpis = [];
    for (const { id, measure } of ALL_KPIS) {
      const units = [];
      for (const [from, to] of unitSpans(measure)) units.push(await tx.events.unitTotal(changeId, id, from, to));
      kpis.push({
        id,
        minutes: await tx.events.tallies(changeId, id, FROM, TO),
        total: await tx.events.total(changeId, id, FROM, TO),
        units,
        cohorts: await tx.events.cohortTotals(changeId, id, [COHORT, 'nobody'], MONDAY - 1, MONDAY + 2),
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
  const kpis = ALL_KPIS.map((kpi) => {
    const { type } = kpi.measure;
    const pieces = naivePieces(naive, REPOSITORY, change, kpi);
    const clusters = naiveUnits(naive, change, kpi);
    const units = unitSpans(kpi.measure).map(([from, to]) =>
      talliesByArm(
        clusters.filter(({ minute }) => minute >= from && minute < to),
        isStatus(kpi.measure) ? 'units' : 'proportion',
      ),
    );
    const total = talliesByArm(pieces, type);
    return { id: kpi.id, minutes: talliesByMinute(pieces, type), total, units, cohorts: cohortsOf(naive, change, kpi) };
  });
  const spans = SPANS.map(([from, to]) => {
    const exposed = { off: 0, on: 0 };
    for (const { minute, arm } of naive.exposures(change)) if (minute >= from && minute < to) exposed[arm!] += 1;
    return { exposed, multi: naive.multiExposed(change, from, to) };
  });
  return { kpis, spans, accepted: naive.count(change) };
}

/** The cohort that is told apart; the events have another one, and none. */
const COHORT = 'eu';

function cohortsOf(naive: NaiveEvents, change: Change, kpi: Kpi) {
  const isKept = isKeptByCohort(kpi.measure);
  return ['', COHORT].flatMap((name) => {
    const part = naive.only(change, (cohort) => (isKept && cohort === COHORT) === (name === COHORT));
    const pieces = naivePieces(part, REPOSITORY, change, kpi).filter(
      ({ minute, n, y, sums }) => minute >= MONDAY - 1 && minute < MONDAY + 2 && n + y + (sums?.missing ?? 0) > 0,
    );
    if (pieces.length === 0) return [];
    const { off, on } = talliesByArm(pieces, kpi.measure.type);
    // A histogram is not kept by cohort.
    const plain = ({ histogram: _left, ...tally }: Tally): Tally => tally;
    return [{ cohort: name, off: plain(off), on: plain(on) }];
  });
}

function readHistory(store: Store, { id }: Kpi) {
  const from = MONDAY - FOUR_WEEKS - 60;
  return store.transaction(async (tx) => ({
    minutes: await tx.events.historyMinutes(REPOSITORY, id, from, TO),
    hours: await tx.events.history(REPOSITORY, id, from, TO),
  }));
}

function expectedHistory(naive: NaiveEvents, kpi: Kpi, unit: 'minute' | 'hour') {
  const { type } = kpi.measure;
  const counted = naivePieces(naive, REPOSITORY, null, kpi).filter(
    ({ n, y, sums }) => n + y + (sums?.missing ?? 0) > 0,
  );
  const groups = Map.groupBy(counted, ({ minute }) => (unit === 'minute' ? minute : Math.floor(minute / 60)));
  return [...groups]
    .sort(([left], [right]) => left - right)
    .map(([time, pieces]) => ({ [unit]: time, ...tallyOf(pieces, type) }));
}
