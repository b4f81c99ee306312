import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPostgresSource } from '../../src/adapters/metric-sources/postgres/postgres-source.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { recompute } from '../../src/domain/decision/recompute.ts';
import type { MetricSource } from '../../src/ports/metric-source.ts';
import { START } from '../support/gate-harness.ts';
import { type RunningPostgres, startPostgresOrSkip } from '../support/postgres-database.ts';
import { configOn, prepareDatabase, READER_PASSWORD } from '../support/postgres-world.ts';
import { PulledGate, START_MINUTE, WEEK } from '../support/pulled-gate.ts';
import { visitsOf } from '../support/shop-visits.ts';

const MINUTE_MS = 60_000;
const SHOP = { perMinute: 0.3, control: 0.25, treatment: 0.45 };
/** The window, the two hours of waiting, ten minutes to settle, and the watermark. */
const JUDGED_AT = START + (WEEK + 200) * MINUTE_MS;

/** The queries of docs/sources.md for the two KPIs of the gate's tests. */
const KPIS = {
  booking: {
    query: `with visits as (
        select unit, min(at) as at, (array_agg(variant order by at))[1] as variant from events
        where event = 'quote_viewed' and at >= $from - interval '28 days' and at < $to
          and ($change_id is null or change_id = $change_id)
        group by unit having min(at) >= $from
      )
      select date_trunc('minute', at) as bucket, variant, count(*) as n, count(*) filter (where booked) as y
      from visits cross join lateral (
        select exists (select from events as o where o.event = 'quote_done' and o.unit = visits.unit
          and o.at > visits.at and o.at <= visits.at + interval '2 hours') as booked
      ) as outcome group by 1, 2`,
    fresh: `select max(at) as seen from events where event = 'quote_viewed' and ($change_id is null or change_id = $change_id)`,
  },
  errors: {
    query: `select minute as bucket, variant, count(*) as n, count(*) filter (where failed) as y from (
        select date_trunc('minute', at) as minute, unit, variant, bool_or(status = 'error') as failed from events
        where event = 'quote_viewed' and at >= $from and at < $to and ($change_id is null or change_id = $change_id)
        group by 1, 2, 3
      ) as trials group by 1, 2`,
    fresh: `select max(at) as seen from events where event = 'quote_viewed' and ($change_id is null or change_id = $change_id)`,
  },
};

const server = await startPostgresOrSkip();

describe.skipIf(server === null)('a change whose KPIs are in a real PostgreSQL', () => {
  let world: PulledGate;
  beforeAll(() => prepareDatabase(server!));
  beforeEach(() => {
    const sources = new Map<string, MetricSource>();
    world = new PulledGate({ sources });
    const clock = { now: () => world.harness.business.now() };
    const config = configOn(server!, { kpis: KPIS });
    sources.set('metrics', createPostgresSource('metrics', config, { password: READER_PASSWORD }, { clock }));
    // A busy machine may take longer than a look waits; in this test a look is not repeated a minute later.
    const patient = { ...systemClock, sleep: (ms: number, end?: AbortSignal) => systemClock.sleep(ms * 20, end) };
    Object.assign(world.harness.gate, { real: patient });
  });
  afterEach(async () => {
    await Promise.all([...world.harness.gate.sources.values()].map((source) => source.close()));
    await world.close();
    await server!.query('truncate events');
  });
  afterAll(() => server!.stop());

  const play = async (shop: typeof SHOP) => {
    await insert(server!, visitsOf(1, shop, [START_MINUTE - 3 * WEEK, START_MINUTE], null), null);
    const changeId = await world.start();
    const visits = visitsOf(2, shop, [START_MINUTE + 5, START_MINUTE + WEEK + 60], changeId);
    await insert(server!, visits, changeId);
    await world.harness.runTo(START + 20 * MINUTE_MS, 10);
    return { changeId, visits };
  };
  const storedOf = async (changeId: string) =>
    (await world.harness.gate.store.transaction((tx) => tx.verdicts.list(changeId))).at(-1)!;

  test('passes on what the server tells, and is judged from what was kept', async () => {
    const { changeId, visits } = await play(SHOP);
    await world.harness.runTo(JUDGED_AT, 720);
    const { evidence, verdict } = await storedOf(changeId);
    expect([verdict.verdict, verdict.reasons]).toEqual(['pass', ['ok']]);
    const [booking] = evidence.metrics;
    expect(booking?.source).toMatchObject({ name: 'metrics', answeredShare: 1, failure: null, disagreement: null });
    expect(booking?.source?.queries[0]).toContain(changeId);
    expect(booking?.history.weeks.length).toBeGreaterThanOrEqual(2);
    const from = evidence.change.effectiveAt! * MINUTE_MS;
    const seen = visits.filter(
      ({ event, at }) => event === 'quote_viewed' && at >= from && at < from + WEEK * MINUTE_MS,
    );
    const trials = (arm: 'off' | 'on') => seen.filter(({ variant }) => variant === arm).length;
    expect(booking?.strata).toMatchObject([{ off: { n: trials('off') }, on: { n: trials('on') } }]);
    expect(recompute(evidence)).toEqual(verdict);
  }, 120_000);

  test('a table that is gone in the middle of the window ends in nothing but inconclusive', async () => {
    const { changeId } = await play({ ...SHOP, treatment: 0.25 });
    await world.harness.runTo(START + 3 * 1_440 * MINUTE_MS, 1_440);
    await server!.query('alter table events rename to events_old');
    try {
      await world.harness.runTo(JUDGED_AT, 1_440);
    } finally {
      await server!.query('alter table events_old rename to events');
    }
    const { verdict } = await storedOf(changeId);
    expect(verdict.verdict).toBe('inconclusive');
    const answers = verdict.quality.find(({ check }) => check === 'answers:booking');
    expect(answers?.status).toBe('failed');
    expect(answers?.detail).toMatch(/^The source metrics could see 4\d\.\d% of the window\. .*events_old/);
    expect((await world.harness.show(changeId)).interventions).toEqual([]);
  }, 120_000);
});

async function insert(
  { connect }: RunningPostgres,
  visits: ReturnType<typeof visitsOf>,
  changeId: string | null,
): Promise<void> {
  const rows = visits.map(({ at, ...one }) => ({ ...one, at: new Date(at).toISOString(), change_id: changeId }));
  const client = await connect();
  await client.query('insert into events select * from json_populate_recordset(null::events, $1)', [
    JSON.stringify(rows),
  ]);
  await client.query('analyze events');
  await client.end();
}
