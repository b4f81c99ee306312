import { beforeEach, describe, expect, it } from 'vitest';
import type { AcceptedEvent } from '../../src/domain/model/event.ts';
import { MINUTE_MS, WEEK_MINUTES } from '../../src/domain/model/time.ts';
import type { StoreTransaction } from '../../src/ports/store.ts';
import { CHANGE_ID, exposedTo, KPIS, MONDAY, makeChange, makeEvent, REPOSITORY } from '../support/store-fixtures.ts';
import type { GetStore } from './store-suite.ts';

const T = MONDAY * MINUTE_MS;
const END = MONDAY + WEEK_MINUTES;

/** Examples that show each rule alone; the order suite checks all of them together against a slow model. */
export function storeEventsSuite(getStore: GetStore): void {
  const inTx = <R>(work: (tx: StoreTransaction) => Promise<R>) => getStore().transaction(work);
  let count = 0;
  const append = (...events: Partial<AcceptedEvent>[]) =>
    inTx((tx) =>
      tx.events.append(
        events.map((event) => makeEvent({ eventId: `e${++count}`, ...event })),
        T,
      ),
    );
  const tallies = (kpiId: string) => inTx((tx) => tx.events.tallies(CHANGE_ID, kpiId, MONDAY, END));
  const off = (n: number, y: number) => ({ off: { n, y }, on: { n: 0, y: 0 } });
  const on = (n: number, y: number) => ({ off: { n: 0, y: 0 }, on: { n, y } });

  beforeEach(async () => {
    count = 0;
    await inTx(async (tx) => {
      await tx.changes.insert(makeChange());
      await tx.kpis.register(REPOSITORY, KPIS, 'hash');
      await tx.events.startWindow(makeChange());
    });
  });

  describe('a conversion', () => {
    it('counts a unit once, at its first trial, in the arm that served it first', async () => {
      await append({ at: T + 1, event: 'other', exposures: exposedTo('on') });
      await append({ at: T + 90_000, exposures: exposedTo('off') }, { at: T + 100_000, exposures: exposedTo('on') });
      expect(await tallies('purchase')).toEqual([{ minute: MONDAY + 1, ...on(1, 0) }]);
    });

    it('takes any success of the unit in (trial, trial + within], named or not', async () => {
      const buy = { event: 'buy', exposures: [] };
      await append(
        { at: T + 5, exposures: exposedTo('on') },
        { at: T + 5, ...buy },
        { at: T + 5 + 2 * MINUTE_MS + 1, ...buy },
      );
      expect(await tallies('purchase')).toEqual([{ minute: MONDAY, ...on(1, 0) }]);
      await append({ at: T + 5 + 2 * MINUTE_MS, ...buy });
      expect(await tallies('purchase')).toEqual([{ minute: MONDAY, ...on(1, 1) }]);
      await append({ at: T + 6, ...buy });
      expect(await tallies('purchase')).toEqual([{ minute: MONDAY, ...on(1, 1) }]);
    });

    it('takes a success of another repository or unit for none', async () => {
      const buy = { event: 'buy', at: T + 6 };
      await append(
        { at: T + 5, exposures: exposedTo('on') },
        { ...buy, repository: 'acme/other' },
        { ...buy, unit: 'f'.repeat(32) },
      );
      expect(await tallies('purchase')).toEqual([{ minute: MONDAY, ...on(1, 0) }]);
    });

    it('counts a success after the end of the window for a trial inside', async () => {
      await append({ at: END * MINUTE_MS - 1, exposures: exposedTo('on') }, { event: 'buy', at: END * MINUTE_MS + 5 });
      expect(await tallies('purchase')).toEqual([{ minute: END - 1, ...on(1, 1) }]);
    });

    it('follows a trial that a late event makes earlier', async () => {
      await append({ event: 'buy', at: T + 4 * MINUTE_MS }, { at: T + 3 * MINUTE_MS, exposures: exposedTo('on') });
      expect(await tallies('purchase')).toEqual([{ minute: MONDAY + 3, ...on(1, 1) }]);
      await append({ at: T, exposures: exposedTo('off') });
      expect(await tallies('purchase')).toEqual([{ minute: MONDAY, ...off(1, 0) }]);
    });

    it('needs a unit', async () => {
      await append({ unit: null, exposures: exposedTo('on') });
      expect(await tallies('purchase')).toEqual([]);
    });
  });

  describe('a status', () => {
    it('is one trial for a unit, minute and variant that served it, bad when any event is', async () => {
      const at = (ms: number, status: AcceptedEvent['status'], variant: 'off' | 'on') => ({
        at: T + ms,
        status,
        exposures: exposedTo(variant),
      });
      await append(
        at(0, null, 'on'),
        at(1, 'error', 'on'),
        at(2, 'success', 'on'),
        at(3, 'success', 'off'),
        at(MINUTE_MS, 'error', 'on'),
      );
      expect(await tallies('view_errors')).toEqual([
        { minute: MONDAY, off: { n: 1, y: 0 }, on: { n: 1, y: 1 } },
        { minute: MONDAY + 1, ...on(1, 1) },
      ]);
    });

    it('takes each event of nobody for a trial', async () => {
      const nobody = { unit: null, exposures: exposedTo('on') } as const;
      await append({ ...nobody, status: 'error' }, { ...nobody, status: 'success' }, nobody);
      expect(await tallies('view_errors')).toEqual([{ minute: MONDAY, ...on(3, 1) }]);
    });

    it('counts what the KPI counts', async () => {
      const buy = { event: 'buy', exposures: exposedTo('on') };
      await append({ ...buy, status: 'error' }, { ...buy, at: T + MINUTE_MS, status: 'success' });
      expect(await tallies('buy_successes')).toEqual([
        { minute: MONDAY, ...on(1, 0) },
        { minute: MONDAY + 1, ...on(1, 1) },
      ]);
    });
  });

  describe('a window', () => {
    it('is half-open, and nothing outside it contributes', async () => {
      await append(
        { at: T - 1, exposures: exposedTo('off') },
        { at: END * MINUTE_MS, unit: 'f'.repeat(32), exposures: exposedTo('off') },
      );
      expect(await inTx((tx) => tx.events.tallies(CHANGE_ID, 'view_errors', 0, 1e9))).toEqual([]);
      await append({ at: T, exposures: exposedTo('on') });
      expect(await inTx((tx) => tx.events.tallies(CHANGE_ID, 'purchase', 0, 1e9))).toEqual([
        { minute: MONDAY, ...on(1, 0) },
      ]);
    });

    it('contributes nothing before it has started, everything stored once it does', async () => {
      const changeId = 'chg-8-0123456789';
      const later = makeChange({ changeId, effectiveAt: null });
      await inTx((tx) => tx.changes.insert(later));
      await append({ exposures: exposedTo('on', changeId) }, { event: 'buy', at: T + 1 });
      const read = () => inTx((tx) => tx.events.total(changeId, 'purchase', 0, 1e9));
      expect(await read()).toEqual(off(0, 0));
      const started = { ...later, effectiveAt: MONDAY };
      for (const _again of [1, 2]) await inTx((tx) => tx.events.startWindow(started));
      expect(await read()).toEqual(on(1, 1));
      await expect(inTx((tx) => tx.events.startWindow(later))).rejects.toMatchObject({ code: 'internal' });
    });

    it('knows the first treatment minute, before and after it has started', async () => {
      const first = (from: number) => inTx((tx) => tx.events.firstTreatmentMinute(CHANGE_ID, from));
      expect(await first(0)).toBeNull();
      await append(
        { at: T + 3 * MINUTE_MS, exposures: exposedTo('on') },
        { at: T - 1, exposures: exposedTo('on') },
        { at: T, exposures: exposedTo('off') },
      );
      expect(await first(0)).toBe(MONDAY - 1);
      expect(await first(T)).toBe(MONDAY + 3);
      expect(await first(T + 3 * MINUTE_MS + 1)).toBeNull();
    });
  });

  describe('exposures', () => {
    it('count units at their first event that names the change', async () => {
      await append({ at: T + 5 * MINUTE_MS, event: 'ping', exposures: exposedTo('on') }, { at: T, event: 'ping' });
      const exposed = (from: number, to: number) => inTx((tx) => tx.events.exposedUnits(CHANGE_ID, from, to));
      expect(await exposed(MONDAY, END)).toEqual({ off: 0, on: 1 });
      await append({ at: T + 2 * MINUTE_MS, exposures: exposedTo('off') });
      expect(await exposed(MONDAY, END)).toEqual({ off: 1, on: 0 });
      expect(await exposed(MONDAY + 3, END)).toEqual({ off: 0, on: 0 });
    });

    it('see units served both variants inside a span', async () => {
      const serve = (minute: number, variant: 'off' | 'on') =>
        append({ at: T + minute * MINUTE_MS, event: 'ping', exposures: exposedTo(variant) });
      for (const [minute, variant] of [
        [0, 'off'],
        [5, 'off'],
        [10, 'on'],
        [15, 'on'],
        [20, 'off'],
      ] as const)
        await serve(minute, variant);
      const multi = (from: number, to: number) =>
        inTx((tx) => tx.events.multiExposedUnits(CHANGE_ID, MONDAY + from, MONDAY + to));
      expect(await multi(0, 10)).toBe(0);
      expect(await multi(5, 11)).toBe(1);
      expect(await multi(10, 20)).toBe(0);
      expect(await multi(10, 21)).toBe(1);
    });
  });

  describe('reads', () => {
    it('sum over ragged ends and whole hours alike', async () => {
      const minutes = [0, 1, 59, 60, 61, 119, 120, 185, 240, 241];
      await append(
        ...minutes.map((minute, index) => ({
          unit: index.toString(16).padStart(32, '0'),
          at: T + minute * MINUTE_MS,
          exposures: exposedTo(index % 2 ? 'on' : 'off'),
        })),
      );
      for (const from of [0, 1, 2, 59, 60, 61, 120, 200, 242]) {
        for (const to of [from, from + 1, 60, 61, 119, 120, 121, 180, 240, 242].filter((end) => end >= from)) {
          const inside = minutes
            .map((minute, index) => ({ minute, side: index % 2 }))
            .filter(({ minute }) => minute >= from && minute < to);
          const [total, hours] = await inTx((tx) =>
            Promise.all([
              tx.events.total(CHANGE_ID, 'purchase', MONDAY + from, MONDAY + to),
              tx.events.activeHours(CHANGE_ID, 'purchase', MONDAY + from, MONDAY + to),
            ]),
          );
          expect([total.off.n, total.on.n], `${from}-${to}`).toEqual(
            [0, 1].map((side) => inside.filter((one) => one.side === side).length),
          );
          expect(hours.reduce((sum, { n }) => sum + n, 0)).toBe(inside.length);
          expect(hours.every(({ hour }, index) => index === 0 || hour > hours[index - 1]!.hour)).toBe(true);
        }
      }
    });

    it('know the newest minute that feeds a KPI, of anybody and of the change', async () => {
      const seen = (kpiId: string) => inTx((tx) => tx.events.lastSeen(REPOSITORY, kpiId, CHANGE_ID));
      expect(await seen('purchase')).toEqual({ kpi: null, change: null });
      await append(
        { at: T + 9 * MINUTE_MS, event: 'ping', exposures: exposedTo('on') },
        { at: T + 3 * MINUTE_MS, event: 'buy' },
      );
      expect(await seen('purchase')).toEqual({ kpi: MONDAY + 3, change: null });
      await append({ at: T + MINUTE_MS, exposures: exposedTo('on') });
      expect(await seen('purchase')).toEqual({ kpi: MONDAY + 3, change: MONDAY + 1 });
      expect(await seen('view_errors')).toEqual({ kpi: MONDAY + 1, change: MONDAY + 1 });
      expect(await seen('no_such_kpi')).toEqual({ kpi: null, change: null });
    });
  });

  describe('history', () => {
    const history = (kpiId: string) => inTx((tx) => tx.events.history(REPOSITORY, kpiId, MONDAY - WEEK_MINUTES, END));

    it('counts a unit once in each UTC week, exposed or not', async () => {
      const view = (at: number) => ({ at, exposures: [] });
      await append(view(T - 1), view(T - 5), view(T + 1), view(T + 2), { at: T + MINUTE_MS, event: 'buy' });
      expect(await history('purchase')).toEqual([
        { hour: MONDAY / 60 - 1, n: 1, y: 1 },
        { hour: MONDAY / 60, n: 1, y: 1 },
      ]);
      expect(await inTx((tx) => tx.events.historyMinutes(REPOSITORY, 'purchase', MONDAY, END))).toEqual([
        { minute: MONDAY, n: 1, y: 1 },
      ]);
    });

    it('is rebuilt when a measure changes, stands still when the KPI is gone, and catches up when it returns', async () => {
      const register = (kpis: typeof KPIS) => inTx((tx) => tx.kpis.register(REPOSITORY, kpis, 'next'));
      const longer = KPIS.map((kpi) =>
        kpi.id === 'purchase' ? { ...kpi, measure: { ...kpi.measure, withinMinutes: 10 } } : kpi,
      );
      await append({ at: T }, { at: T + 5 * MINUTE_MS, event: 'buy' });
      expect(await history('purchase')).toEqual([{ hour: MONDAY / 60, n: 1, y: 0 }]);
      await register(longer);
      expect(await history('purchase')).toEqual([{ hour: MONDAY / 60, n: 1, y: 1 }]);
      await register([]);
      await append({ at: T, unit: 'f'.repeat(32) });
      expect(await history('purchase')).toEqual([{ hour: MONDAY / 60, n: 1, y: 1 }]);
      await register(longer);
      expect(await history('purchase')).toEqual([{ hour: MONDAY / 60, n: 2, y: 1 }]);
    });

    it('leaves the definition that a change was stamped with alone', async () => {
      await append({ at: T, exposures: exposedTo('on') }, { at: T + 5 * MINUTE_MS, event: 'buy' });
      await inTx((tx) => tx.kpis.register(REPOSITORY, [], 'none'));
      await append({ at: T + MINUTE_MS, unit: 'f'.repeat(32), exposures: exposedTo('on') });
      expect(await tallies('purchase')).toEqual([
        { minute: MONDAY, ...on(1, 0) },
        { minute: MONDAY + 1, ...on(1, 0) },
      ]);
    });
  });

  describe('counting', () => {
    it('tells accepted, duplicate and conflict apart, also within one batch, and counts a conflict once', async () => {
      const event = makeEvent({ eventId: 'same', exposures: exposedTo('on') });
      const other = makeEvent({ eventId: 'same', status: 'error', exposures: exposedTo('on') });
      expect(await inTx((tx) => tx.events.append([event, event, other], T))).toEqual([
        'accepted',
        'duplicate',
        'conflict',
      ]);
      expect(await inTx((tx) => tx.events.append([other, event], T))).toEqual(['conflict', 'duplicate']);
      const elsewhere = makeEvent({ eventId: 'same', repository: 'acme/other' });
      expect(await inTx((tx) => tx.events.append([elsewhere], T))).toEqual(['accepted']);
      expect(await inTx((tx) => tx.events.counts(CHANGE_ID))).toEqual({
        accepted: 1,
        duplicates: 2,
        conflicts: 1,
        quarantined: {},
      });
      expect(await tallies('view_errors')).toEqual([{ minute: MONDAY, ...on(1, 0) }]);
    });

    it('counts quarantined lines once for the changes that exist, however often they are sent', async () => {
      const line = {
        repository: REPOSITORY,
        reason: 'skew' as const,
        line: 'x'.repeat(100_000),
        changeIds: [CHANGE_ID, CHANGE_ID, 'chg-9-ffffffffff'],
      };
      await inTx((tx) => tx.events.quarantine([line, { ...line, reason: 'late' }, line], T));
      await inTx((tx) => tx.events.quarantine([{ ...line, repository: 'acme/other' }], T));
      expect(await inTx((tx) => tx.events.counts(CHANGE_ID))).toMatchObject({ quarantined: { skew: 1, late: 1 } });
      expect(await inTx((tx) => tx.events.counts('chg-9-ffffffffff'))).toEqual({
        accepted: 0,
        duplicates: 0,
        conflicts: 0,
        quarantined: {},
      });
    });

    it('notes heartbeats by hour', async () => {
      for (const minute of [0, 30, 61, 200])
        await inTx((tx) => tx.events.heartbeat(REPOSITORY, T + minute * MINUTE_MS));
      const hours = (from: number, to: number) =>
        inTx((tx) => tx.events.heartbeatHours(REPOSITORY, MONDAY + from, MONDAY + to));
      expect(await hours(0, 240)).toEqual([0, 1, 3].map((hour) => MONDAY / 60 + hour));
      expect(await hours(60, 120)).toEqual([MONDAY / 60 + 1]);
      expect(await inTx((tx) => tx.events.heartbeatHours('acme/other', MONDAY, END))).toEqual([]);
    });
  });
}
