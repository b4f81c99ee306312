import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFilesSource } from '../../src/adapters/metric-sources/files/files-source.ts';
import { type FileEvent, FilesDirectory } from '../../src/adapters/metric-sources/files/files-world.fixture.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { recompute } from '../../src/domain/decision/recompute.ts';
import type { MetricSource } from '../../src/ports/metric-source.ts';
import { START } from '../support/gate-harness.ts';
import { PulledGate, START_MINUTE, WEEK } from '../support/pulled-gate.ts';
import { visitsOf } from '../support/shop-visits.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const SHOP = { perMinute: 0.3, control: 0.25, treatment: 0.45 };
/** The window, the two hours of waiting, a day until the last export, ten minutes to settle. */
const JUDGED_AT = START + WEEK * MINUTE_MS + DAY_MS + 200 * MINUTE_MS;

let directory: FilesDirectory;
let world: PulledGate;
beforeEach(async () => {
  directory = await FilesDirectory.make();
  const sources = new Map<string, MetricSource>();
  world = new PulledGate({ sources });
  const config = directory.config({ files: 'events-*.csv', deadline_seconds: 30 });
  sources.set('metrics', createFilesSource('metrics', config, { now: () => world.harness.business.now() }));
  // A busy machine may take longer than a look waits; in this test a look is not repeated a minute later.
  const patient = { ...systemClock, sleep: (ms: number, end?: AbortSignal) => systemClock.sleep(ms * 20, end) };
  Object.assign(world.harness.gate, { real: patient });
});
afterEach(async () => {
  await Promise.all([...world.harness.gate.sources.values()].map((source) => source.close()));
  await world.close();
  await directory.remove();
});

const exported = (name: string, from: number, to: number, seed: number, changeId: string | null) =>
  directory.writeEvents(
    name,
    visitsOf(seed, SHOP, [from, to], changeId).map(
      ({ at, event, unit, variant, status }): FileEvent => ({
        timestamp: new Date(at).toISOString(),
        event,
        user_id: unit,
        change_id: changeId,
        version_flag: variant,
        status,
      }),
    ),
  );

test('a change passes on files that are exported bit by bit, and is judged from what was kept', async () => {
  await exported('events-past.csv', START_MINUTE - 3 * WEEK, START_MINUTE, 1, null);
  const changeId = await world.start();
  const { harness } = world;
  for (let day = 0; day < 8; day += 1) {
    const from = START_MINUTE + day * 1_440;
    await exported(`events-${day}.csv`, from + (day === 0 ? 5 : 0), from + 1_440, 2 + day, changeId);
    await harness.runTo(START + (day + 1) * DAY_MS + 5 * MINUTE_MS, 1_440);
  }
  await harness.runTo(JUDGED_AT, 60);
  const stored = await harness.gate.store.transaction((tx) => tx.verdicts.list(changeId));
  const { evidence, verdict } = stored.at(-1)!;
  expect([verdict.verdict, verdict.reasons]).toEqual(['pass', ['ok']]);
  const [booking] = evidence.metrics;
  expect(booking?.source).toMatchObject({ name: 'metrics', answeredShare: 1, failure: null, disagreement: null });
  expect(booking?.source?.queries[0]).toContain('read_csv');
  expect(booking?.history.weeks.length).toBeGreaterThanOrEqual(2);
  expect(recompute(evidence)).toEqual(verdict);
  const window = [evidence.change.effectiveAt!, evidence.change.effectiveAt! + WEEK] as const;
  const trials = { off: 0, on: 0 };
  for (let day = 0; day < 8; day += 1) {
    const from = START_MINUTE + day * 1_440;
    for (const one of visitsOf(2 + day, SHOP, [from + (day === 0 ? 5 : 0), from + 1_440], changeId)) {
      const minute = Math.floor(one.at / MINUTE_MS);
      if (one.event === 'quote_viewed' && minute >= window[0] && minute < window[1]) trials[one.variant!] += 1;
    }
  }
  expect(booking?.strata).toMatchObject([{ off: { n: trials.off }, on: { n: trials.on } }]);
}, 120_000);

test('files whose export stops in the middle of the window let nothing pass', async () => {
  await exported('events-past.csv', START_MINUTE - 3 * WEEK, START_MINUTE, 1, null);
  const changeId = await world.start();
  const { harness } = world;
  await exported('events-0.csv', START_MINUTE + 5, START_MINUTE + 3 * 1_440, 2, changeId);
  await harness.runTo(START + 3 * DAY_MS, 1_440);
  await harness.runTo(JUDGED_AT, 1_440);
  const verdict = (await harness.show(changeId)).verdicts.at(-1)!;
  expect(verdict.verdict).toBe('inconclusive');
  const answers = verdict.quality.find(({ check }) => check === 'answers:booking');
  expect(answers?.status).toBe('failed');
  expect(answers?.detail).toMatch(/^The source metrics could see 4\d\.\d% of the window\. Last non-answer: stale/);
}, 120_000);
