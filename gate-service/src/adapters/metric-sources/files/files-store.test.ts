import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SeededRandom, seededRandom } from '../../../../test/support/seeded-random.ts';
import {
  ALL_KPIS,
  exposedTo,
  MONDAY,
  makeChange,
  makeEvent,
  REPOSITORY,
} from '../../../../test/support/store-fixtures.ts';
import type { Kpi } from '../../../contract/kpi-registry.ts';
import type { AcceptedEvent } from '../../../domain/model/event.ts';
import { NO_SUMS, type Tally } from '../../../domain/model/tally.ts';
import { DAY_MINUTES, MINUTE_MS } from '../../../domain/model/time.ts';
import type { MetricSource, SourceQuestion } from '../../../ports/metric-source.ts';
import type { Store } from '../../../ports/store.ts';
import { createSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import { createFilesSource } from './files-source.ts';
import { type FileEvent, FilesDirectory } from './files-world.fixture.ts';

/** A window of eight minutes that begins in one UTC week and ends in the next; rows lie on both sides of it. */
const CHANGE = makeChange({ effectiveAt: MONDAY - 3, windowMinutes: 8, kpis: ALL_KPIS });
const [FROM, TO] = [MONDAY - 3, MONDAY + 5];
const [HISTORY_FROM, HISTORY_TO] = [MONDAY - 29 * DAY_MINUTES, MONDAY + 10];
const END: FileEvent = { timestamp: new Date((MONDAY + 60) * MINUTE_MS).toISOString(), event: 'export_done' };

describe.each([
  ['events.parquet', 1],
  ['events.csv', 2],
  ['events.ndjson.gz', 3],
])('the same events as %s and in the store', (name, seed) => {
  let [store, source, directory]: [Store | null, MetricSource | null, FilesDirectory | null] = [null, null, null];

  beforeAll(async () => {
    const random = seededRandom(seed);
    const events = Array.from({ length: 600 }, (_, i) => randomEvent(random, i));
    store = await storeWith(events);
    directory = await FilesDirectory.make();
    await directory.writeEvents(name, [...events, ...events.slice(0, 100)].map(toFileEvent).concat(END));
    const config = directory.config({ files: name });
    source = createFilesSource('exports', config, { now: () => (MONDAY + 60) * MINUTE_MS });
  });
  afterAll(async () => {
    await source?.close();
    await store?.close();
    await directory?.remove();
  });

  const ask = async (kpi: Kpi, more: Partial<SourceQuestion>) => {
    const common = { kpi, from: FROM, to: TO, bucketMinutes: 1, byCohort: false } as const;
    const answer = await source!.read({ changeId: CHANGE.changeId, since: FROM, ...common, ...more });
    if (answer.status !== 'ok') expect.fail(`${answer.fault}: ${answer.detail}`);
    return answer.buckets.toSorted((left, right) => left.minute - right.minute);
  };

  test.each(ALL_KPIS)('$id: tallies of a change', async (kpi) => {
    const kept = await store!.transaction((tx) => tx.events.tallies(CHANGE.changeId, kpi.id, FROM, TO));
    const told = kept.flatMap(({ minute, off, on }) => [
      { minute, variant: 'off', tally: full(off) },
      { minute, variant: 'on', tally: full(on) },
    ]);
    const found = await ask(kpi, {});
    const place = (variant: 'off' | 'on') =>
      found
        .filter((one) => one.variant === variant)
        .map(({ minute, tally }) => ({ minute, variant, tally: full(tally) }));
    for (const variant of ['off', 'on'] as const)
      expect(place(variant)).toEqual(told.filter((one) => one.variant === variant && isSomething(one.tally)));
    expect(found.length).toBeGreaterThan(3);
  });

  test.each(ALL_KPIS)('$id: its own history', async (kpi) => {
    const kept = await store!.transaction((tx) =>
      tx.events.historyMinutes(REPOSITORY, kpi.id, HISTORY_FROM, HISTORY_TO),
    );
    const found = await ask(kpi, { changeId: null, from: HISTORY_FROM, to: HISTORY_TO });
    expect(found.map(({ minute, tally }) => ({ minute, ...full(tally) }))).toEqual(
      kept.map(({ minute, ...tally }) => ({ minute, ...full(tally) })),
    );
  });
});

/** Few units and times, so that repetition, both sides of every limit and both arms of one unit are frequent. */
function randomEvent(random: SeededRandom, i: number): AcceptedEvent {
  const pick = <T>(...values: readonly T[]): T => values[random.int(values.length)]!;
  const minute = random.next() < 0.1 ? random.int(6) - 28 * DAY_MINUTES - 4 : random.int(14) - 6;
  const unit = random.next() < 0.15 ? null : `${random.int(60)}`.padStart(32, 'f');
  const variant = pick('off', 'on', null);
  return makeEvent({
    eventId: `e${i}`,
    event: pick('view', 'buy', 'view', 'buy', 'ping'),
    at: (MONDAY + minute) * MINUTE_MS + i * 10,
    unit,
    cohort: pick(null, 'eu', 'us'),
    status: pick('success', 'error', null),
    value: pick(null, 0, 1, 2.5, 3.0004, 7, 12, -1.5, -0.0001, 1e300),
    latencyMs: pick(null, null, 0, 1, 80.5, 81, 400),
    exposures: variant === null ? [] : exposedTo(variant),
  });
}

function toFileEvent({ at, exposures, unit, cohort, eventId, latencyMs, ...rest }: AcceptedEvent): FileEvent {
  const [exposure] = exposures;
  return {
    timestamp: new Date(at).toISOString(),
    event: rest.event,
    change_id: exposure?.changeId ?? null,
    version_flag: exposure?.variant ?? null,
    user_id: unit,
    user_cohort: cohort,
    event_id: eventId,
    status: rest.status,
    value: rest.value,
    latency_ms: latencyMs,
  };
}

async function storeWith(events: readonly AcceptedEvent[]): Promise<Store> {
  const store = createSqliteStore({ path: ':memory:' });
  await store.transaction(async (tx) => {
    await tx.changes.insert(CHANGE);
    await tx.kpis.register(REPOSITORY, ALL_KPIS, 'hash');
    await tx.events.startWindow(CHANGE);
    await tx.events.append(events, 1);
  });
  return store;
}

/** What is left out where nothing is missing, filled in. */
function full({ n, y, sums = NO_SUMS, histogram }: Tally): Tally {
  return { n, y, sums, ...(histogram && { histogram }) };
}

function isSomething({ n, y, sums }: Tally): boolean {
  return n + y + (sums?.missing ?? 0) > 0;
}
