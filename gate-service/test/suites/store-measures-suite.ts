import { beforeEach, expect, it } from 'vitest';
import type { AcceptedEvent } from '../../src/domain/model/event.ts';
import { NO_SUMS } from '../../src/domain/model/tally.ts';
import { MINUTE_MS, WEEK_MINUTES } from '../../src/domain/model/time.ts';
import type { StoreTransaction } from '../../src/ports/store.ts';
import { ALL_KPIS, exposedTo, MONDAY, makeChange, makeEvent, REPOSITORY } from '../support/store-fixtures.ts';
import type { GetStore } from './store-suite.ts';

const T = MONDAY * MINUTE_MS;
const END = MONDAY + WEEK_MINUTES;

/** Examples for the measures other than proportions; the order suite checks all of them against a slow model. */
export function storeMeasuresSuite(getStore: GetStore): void {
  const change = makeChange({ kpis: ALL_KPIS });
  const { changeId } = change;
  const inTx = <R>(work: (tx: StoreTransaction) => Promise<R>) => getStore().transaction(work);
  let count = 0;
  const append = (...events: Partial<AcceptedEvent>[]) =>
    inTx((tx) =>
      tx.events.append(
        events.map((event) => makeEvent({ eventId: `e${++count}`, ...event })),
        T,
      ),
    );
  const total = (kpiId: string) => inTx((tx) => tx.events.total(changeId, kpiId, MONDAY, END));
  const serve = (fields: Partial<AcceptedEvent>) => append({ at: T, exposures: exposedTo('on', changeId), ...fields });

  beforeEach(() => {
    count = 0;
    return inTx(async (tx) => {
      await tx.changes.insert(change);
      await tx.events.startWindow(change);
    });
  });

  it('a mean adds up in steps, clips, and follows a late event from before the trial', async () => {
    await serve({ at: T + 5 });
    const buy = (at: number, value: number | null) => append({ event: 'buy', at, value });
    await buy(T + 6, 2);
    await buy(T + 7, 0.5);
    const sums = { ...NO_SUMS, yy: 2_500 ** 2 };
    expect((await total('spend')).on).toEqual({ n: 1, y: 2_500, sums });
    await buy(T + 5 - 28 * 24 * 60 * MINUTE_MS, 4);
    const withBefore = { ...sums, d: 4_000, dd: 4_000 ** 2, yd: 2_500 * 4_000 };
    expect((await total('spend')).on).toEqual({ n: 1, y: 2_500, sums: withBefore });
    await buy(T + 8, 99);
    await buy(T + 9, null);
    const clipped = { ...withBefore, yy: 1e8, yd: 1e4 * 4_000, clipped: 1, missing: 1 };
    expect((await total('spend')).on).toEqual({ n: 1, y: 10_000, sums: clipped });
  });

  it("tells cohorts apart by the unit's first exposure, and puts all that nobody named together", async () => {
    const cohorts = (kpiId: string, names: readonly string[], from = MONDAY) =>
      inTx((tx) => tx.events.cohortTotals(changeId, kpiId, names, from, END));
    await serve({ unit: 'u'.repeat(32), at: T + 5, cohort: 'new' });
    await serve({ unit: 'v'.repeat(32), at: T + 5, cohort: "'; DROP TABLE rollups" });
    await serve({ unit: 'w'.repeat(32), at: T + 5 });
    await serve({ unit: null, at: T + 5, cohort: 'new', status: 'error' });
    const arms = (on: number, y: number) => ({ off: { n: 0, y: 0 }, on: { n: on, y } });
    expect(await cohorts('view_errors', ['new', 'old'])).toEqual([
      { cohort: '', ...arms(2, 0) },
      { cohort: 'new', ...arms(2, 1) },
    ]);
    expect(await cohorts('purchase', ["'; DROP TABLE rollups"])).toEqual([
      { cohort: '', ...arms(2, 0) },
      { cohort: "'; DROP TABLE rollups", ...arms(1, 0) },
    ]);
    await serve({ unit: 'u'.repeat(32), at: T + 1, cohort: 'old' });
    expect(await cohorts('view_errors', ['new', 'old'])).toEqual([
      { cohort: '', ...arms(2, 0) },
      { cohort: 'new', ...arms(1, 1) },
      { cohort: 'old', ...arms(1, 0) },
    ]);
    expect(await cohorts('view_errors', ['new'], MONDAY + 1)).toEqual([]);
    expect(await cohorts('unheard_of', ['new'])).toEqual([]);
  });

  it('a ratio has the denominators beside the numerators', async () => {
    await serve({ at: T });
    await append({ event: 'ping', at: T + 1 }, { event: 'ping', at: T + 2 }, { event: 'buy', at: T + 3, value: 3 });
    const sums = { ...NO_SUMS, yy: 9e6, d: 2, dd: 4, yd: 6_000 };
    expect((await total('worth_of_a_ping')).on).toEqual({ n: 1, y: 3_000, sums });
  });

  it('a rate may count more events than it has exposure, by the variant that each names', async () => {
    await serve({});
    for (const at of [T, T + 1]) await serve({ event: 'buy', at });
    await serve({ event: 'buy', at: T + 2, exposures: exposedTo('off', changeId) });
    await append({ event: 'buy', at: T + 3 });
    expect(await total('buys_for_views')).toEqual({ off: { n: 0, y: 1 }, on: { n: 1, y: 2 } });
    expect(await inTx((tx) => tx.events.activeHours(changeId, 'buys_for_views', MONDAY, END))).toEqual([
      { hour: MONDAY / 60, n: 1 },
    ]);
  });

  it('a quantile has the slowest of a unit and minute, and tells of a latency that is missing', async () => {
    for (const latencyMs of [0, 81, 80, null]) await serve({ latencyMs });
    await serve({ unit: null, latencyMs: 0 });
    await serve({ unit: null, latencyMs: null });
    const histogram = { zeros: 1, buckets: [[Math.ceil(Math.log(81) / Math.log(1.01)), 1]] };
    expect((await total('view_latency')).on).toEqual({ n: 2, y: 0, sums: { ...NO_SUMS, missing: 2 }, histogram });
  });

  it('a gauge has each sample, held to [0, cap]', async () => {
    for (const value of [4, 11, -1, null]) await serve({ event: 'ping', value });
    const sums = { ...NO_SUMS, yy: 4_000 ** 2 + 1e8, clipped: 2, missing: 1 };
    expect((await total('ping_level')).on).toEqual({ n: 3, y: 14_000, sums });
  });

  it('the units behind a status KPI have their trials at the minute of the first', async () => {
    const units = (from: number, to: number) =>
      inTx((tx) => tx.events.unitTotal(changeId, 'view_errors', MONDAY + from, MONDAY + to));
    const at = (minute: number) => T + minute * MINUTE_MS;
    await serve({ at: at(7) });
    await serve({ at: at(9), status: 'error' });
    await serve({ at: at(9), unit: null, status: 'error' });
    const nobody = { n: 1, y: 1, sums: { ...NO_SUMS, yy: 1, d: 1, dd: 1, yd: 1 } };
    expect((await units(7, 8)).on).toEqual({ n: 1, y: 1, sums: { ...NO_SUMS, yy: 1, d: 2, dd: 4, yd: 2 } });
    expect((await units(8, 90)).on).toEqual(nobody);
    await serve({ at: at(5), status: 'error' });
    expect((await units(7, 90)).on).toEqual(nobody);
    expect((await units(5, 6)).on).toEqual({ n: 1, y: 2, sums: { ...NO_SUMS, yy: 4, d: 3, dd: 9, yd: 6 } });
  });

  it('are seen at the newest of all events that feed them', async () => {
    const seen = () => inTx((tx) => tx.events.lastSeen(REPOSITORY, 'worth_of_a_ping', changeId));
    for (const [minute, event] of ['view', 'buy', 'ping', 'other'].entries()) {
      await serve({ event, at: T + minute * MINUTE_MS });
      const newest = MONDAY + Math.min(minute, 2);
      expect(await seen(), event).toEqual({ kpi: newest, change: newest });
    }
  });
}
