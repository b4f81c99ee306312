import { beforeEach, expect, it } from 'vitest';
import type { SourceRecord } from '../../src/domain/model/source-record.ts';
import { NO_SUMS, type Tally } from '../../src/domain/model/tally.ts';
import type { SourceBucket } from '../../src/ports/metric-source.ts';
import type { StoreTransaction } from '../../src/ports/store.ts';
import {
  ALL_KPIS,
  CHANGE_ID,
  exposedTo,
  MONDAY,
  makeChange,
  makeEvent,
  REPOSITORY,
} from '../support/store-fixtures.ts';
import type { GetStore } from './store-suite.ts';

const START = MONDAY + 30;
const KPI = 'purchase';

/** What sources answered, in the roll-ups that events feed otherwise. */
export function storeSourcesSuite(getStore: GetStore): void {
  const inTx = <T>(work: (tx: StoreTransaction) => Promise<T>) => getStore().transaction(work);
  const [first] = ALL_KPIS;
  const sources = new Set([first!.measure.source]);
  const change = makeChange({ changeId: CHANGE_ID, kpis: ALL_KPIS, effectiveAt: START });
  const bucket = (minute: number, variant: SourceBucket['variant'], tally: Tally): SourceBucket => ({
    minute,
    variant,
    cohort: '',
    tally,
  });
  const record: SourceRecord = {
    source: 'shop',
    spans: [{ from: START, to: START + 5 }],
    lastSeen: { kpi: START + 4, change: null },
    query: 'sum(é "quoted")',
    facts: ['one reset'],
    failure: { status: 'stale', fault: 'replica_lag', detail: 'an hour behind', at: 7 },
    disagreement: null,
  };

  beforeEach(() =>
    inTx(async (tx) => {
      await tx.kpis.register(REPOSITORY, ALL_KPIS, 'h', sources);
      await tx.changes.insert(change);
      await tx.events.startWindow(change, sources);
    }),
  );

  it('reads what was put as if events had fed it: by minute, by hour, in total', async () => {
    const put = [
      bucket(START, 'off', { n: 5, y: 2 }),
      bucket(START, 'on', { n: 4, y: 4 }),
      bucket(START + 40, 'on', { n: 1, y: 0 }),
    ];
    await inTx((tx) => tx.sources.putBuckets(CHANGE_ID, KPI, { from: START, to: START + 41 }, put));
    const read = await inTx(async (tx) => ({
      minutes: await tx.events.tallies(CHANGE_ID, KPI, START, START + 60),
      hours: await tx.events.activeHours(CHANGE_ID, KPI, MONDAY, MONDAY + 120),
      total: await tx.events.total(CHANGE_ID, KPI, MONDAY, MONDAY + 120),
    }));
    expect(read.minutes).toEqual([
      { minute: START, off: { n: 5, y: 2 }, on: { n: 4, y: 4 } },
      { minute: START + 40, off: { n: 0, y: 0 }, on: { n: 1, y: 0 } },
    ]);
    expect(read.hours).toEqual([
      { hour: MONDAY / 60, n: 9 },
      { hour: MONDAY / 60 + 1, n: 1 },
    ]);
    expect(read.total).toEqual({ off: { n: 5, y: 2 }, on: { n: 5, y: 4 } });
  });

  it('keeps sums and histograms, and the history of everybody', async () => {
    const sums = { ...NO_SUMS, yy: 50, d: 3, dd: 5, yd: 7 };
    const histogram = { zeros: 2, buckets: [[3, 4]] as const };
    await inTx(async (tx) => {
      const span = { from: START, to: START + 1 };
      await tx.sources.putBuckets(CHANGE_ID, 'spend', span, [bucket(START, 'on', { n: 3, y: 10, sums })]);
      const latencies: Tally = { n: 6, y: 0, sums: NO_SUMS, histogram };
      await tx.sources.putBuckets(CHANGE_ID, 'view_latency', span, [bucket(START, 'off', latencies)]);
      const hour = { from: MONDAY, to: MONDAY + 60 };
      await tx.sources.putBuckets(REPOSITORY, KPI, hour, [bucket(MONDAY, null, { n: 9, y: 1 })]);
    });
    const spend = await inTx((tx) => tx.events.total(CHANGE_ID, 'spend', MONDAY, MONDAY + 60));
    expect(spend.on).toEqual({ n: 3, y: 10, sums });
    const latency = await inTx((tx) => tx.events.total(CHANGE_ID, 'view_latency', MONDAY, MONDAY + 60));
    expect(latency.off).toMatchObject({ n: 6, histogram });
    const history = await inTx((tx) => tx.events.history(REPOSITORY, KPI, MONDAY, MONDAY + 60));
    expect(history).toEqual([{ hour: MONDAY / 60, n: 9, y: 1 }]);
  });

  it('replaces a span as a whole and nothing beside it', async () => {
    const span = { from: START, to: START + 3 };
    const three = [0, 1, 2].map((i) => bucket(START + i, 'on', { n: 1, y: 1 }));
    await inTx((tx) => tx.sources.putBuckets(CHANGE_ID, KPI, span, three));
    await inTx((tx) =>
      tx.sources.putBuckets(CHANGE_ID, KPI, { from: START + 1, to: START + 2 }, [
        bucket(START + 1, 'off', { n: 7, y: 0 }),
      ]),
    );
    const total = await inTx((tx) => tx.events.total(CHANGE_ID, KPI, MONDAY, MONDAY + 60));
    expect(total).toEqual({ off: { n: 7, y: 0 }, on: { n: 2, y: 2 } });
  });

  it('takes no events for such a KPI, neither those before nor those after', async () => {
    const event = makeEvent({ eventId: 'late', event: 'view', at: START * 60_000, exposures: exposedTo('on') });
    await inTx((tx) => tx.events.append([event], event.at));
    const total = await inTx((tx) => tx.events.total(CHANGE_ID, KPI, MONDAY, MONDAY + 60));
    expect(total.off.n + total.on.n).toBe(0);
    expect(await inTx((tx) => tx.events.history(REPOSITORY, KPI, MONDAY, MONDAY + 60))).toEqual([]);
  });

  it('refuses a bucket outside of the span and a KPI that events feed', async () => {
    const span = { from: START, to: START + 1 };
    const stray = inTx((tx) => tx.sources.putBuckets(CHANGE_ID, KPI, span, [bucket(START + 1, 'on', { n: 1, y: 0 })]));
    await expect(stray).rejects.toMatchObject({ code: 'internal' });
    await inTx((tx) => tx.kpis.register(REPOSITORY, ALL_KPIS, 'h'));
    expect(await inTx((tx) => tx.sources.sourceOf(REPOSITORY, KPI))).toBeNull();
    await expect(inTx((tx) => tx.sources.remember(REPOSITORY, KPI, record))).rejects.toMatchObject({
      code: 'internal',
    });
  });

  it('remembers how a source answered, until the KPI is measured otherwise', async () => {
    expect(await inTx((tx) => tx.sources.find(CHANGE_ID, KPI))).toBeNull();
    await inTx((tx) => tx.sources.remember(CHANGE_ID, KPI, record));
    await inTx((tx) => tx.sources.remember(REPOSITORY, KPI, { ...record, query: null }));
    expect(await inTx((tx) => tx.sources.find(CHANGE_ID, KPI))).toEqual(record);
    expect(await inTx((tx) => tx.sources.sourceOf(CHANGE_ID, KPI))).toBe(first!.measure.source);
    await inTx((tx) => tx.kpis.register(REPOSITORY, ALL_KPIS, 'h', sources));
    expect(await inTx((tx) => tx.sources.find(REPOSITORY, KPI))).toEqual({ ...record, query: null });
    const otherwise = ALL_KPIS.map((kpi) =>
      kpi.id === KPI ? { ...kpi, measure: { ...kpi.measure, withinMinutes: 5 } } : kpi,
    ) as typeof ALL_KPIS;
    await inTx((tx) => tx.kpis.register(REPOSITORY, otherwise, 'i', sources));
    expect(await inTx((tx) => tx.sources.find(REPOSITORY, KPI))).toBeNull();
    expect(await inTx((tx) => tx.sources.find(CHANGE_ID, KPI))).toEqual(record);
  });
}
