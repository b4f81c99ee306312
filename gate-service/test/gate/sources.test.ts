import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { recompute } from '../../src/domain/decision/recompute.ts';
import type { VerdictEvidence } from '../../src/domain/model/verdict.ts';
import { SOURCE_FAULTS } from '../../src/ports/metric-source.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { FakeSource } from '../fakes/fake-source.ts';
import { gateContract, REPOSITORY } from '../support/gate-files.ts';
import { START } from '../support/gate-harness.ts';
import { PULLED_REGISTRY, PulledGate, type PulledShop, START_MINUTE, WEEK } from '../support/pulled-gate.ts';

const MINUTE_MS = 60_000;
const DAY = 1_440;
const BETTER: PulledShop = { perMinute: 0.5, control: 0.25, treatment: 0.4 };
const WORSE: PulledShop = { ...BETTER, treatment: 0.1 };
/** The window, the two hours of waiting, ten minutes to settle, and the watermark. */
const JUDGED_AT = START + (WEEK + 200) * MINUTE_MS;

let world: PulledGate;
beforeEach(() => {
  world = new PulledGate();
});
afterEach(() => world.close());

async function play(shop: PulledShop, stepMinutes = 360): Promise<string> {
  world.past(1, shop);
  const changeId = await world.start();
  world.week(2, changeId, shop, [START_MINUTE + 5, START_MINUTE + WEEK + 60]);
  await world.harness.runTo(START + 10 * MINUTE_MS, 10);
  await world.harness.runTo(JUDGED_AT, stepMinutes);
  return changeId;
}

async function evidenceOf(changeId: string): Promise<VerdictEvidence> {
  const stored = await world.harness.gate.store.transaction((tx) => tx.verdicts.list(changeId));
  return stored.at(-1)!.evidence;
}

const verdictOf = async (changeId: string) => (await world.harness.show(changeId)).verdicts.at(-1)!;

describe('a change whose KPIs are asked of a source', () => {
  test('passes on what the source says alone, and the evidence says how it was asked', async () => {
    const changeId = await play(BETTER);
    const verdict = await verdictOf(changeId);
    expect([verdict.verdict, verdict.reasons]).toEqual(['pass', ['ok']]);
    const evidence = await evidenceOf(changeId);
    expect(evidence.change.effectiveAt).toBeGreaterThanOrEqual(START_MINUTE + 5);
    expect(evidence.change.effectiveAt).toBeLessThan(START_MINUTE + 30);
    expect(evidence.events.accepted).toBe(0);
    expect(evidence.exposedBy).toBe('booking');
    const [booking] = evidence.metrics;
    expect(booking?.history.weeks.length).toBeGreaterThanOrEqual(3);
    expect(booking?.source).toMatchObject({ name: 'metrics', answeredShare: 1, failure: null, disagreement: null });
    expect(booking?.source?.queries[0]).toContain(changeId);
    const told = world.source.rows.filter(
      ({ kpiId, minute }) =>
        kpiId === 'booking' && minute >= evidence.change.effectiveAt! && minute < evidence.change.effectiveAt! + WEEK,
    );
    const trials = (variant: 'off' | 'on') =>
      told.filter((row) => row.variant === variant).reduce((sum, { tally }) => sum + tally.n, 0);
    expect(booking?.strata).toMatchObject([{ off: { n: trials('off') }, on: { n: trials('on') } }]);
    expect(verdict.warnings.join()).toContain('stand in for them');
    expect(verdict.quality.filter(({ status }) => status !== 'ok')).toEqual([]);
    const [stored] = await world.harness.gate.store.transaction((tx) => tx.verdicts.list(changeId));
    expect(recompute(evidence)).toEqual(stored?.verdict);
  }, 60_000);

  test('harm that the source tells is acted upon', async () => {
    const changeId = await play(WORSE);
    const { interventions } = await world.harness.show(changeId);
    expect(interventions.map(({ kind }) => kind)).toContain('turn_off');
  }, 60_000);

  test('each minute is asked for once by the looks', async () => {
    world.past(1, BETTER, 1);
    const changeId = await world.start();
    world.week(2, changeId, BETTER, [START_MINUTE + 1, START_MINUTE + 400]);
    await world.harness.runTo(START + 300 * MINUTE_MS, 5);
    const asked = world.source.questions.filter(
      ({ changeId: of, kpi, since }) => of === changeId && kpi.id === 'errors' && since !== START_MINUTE,
    );
    expect(asked.length).toBeGreaterThan(20);
    for (const [i, { from }] of asked.entries()) if (i > 0) expect(from).toBe(asked[i - 1]!.to);
    const history = world.source.questions.filter(({ changeId: of }) => of === null);
    expect(history.every(({ bucketMinutes }) => bucketMinutes === 60)).toBe(true);
    expect(history.length).toBeLessThan(30);
  }, 60_000);

  test('what was kept is what is judged offline: a source that is gone changes nothing', async () => {
    const changeId = await play(BETTER);
    world.source.failWhen(() => 'unreachable');
    const again = await world.harness.evaluate(changeId);
    expect([again.verdict, again.new_revision]).toEqual(['pass', false]);
  }, 60_000);
});

describe('non-answers', () => {
  const faults = [...SOURCE_FAULTS, 'hangs', 'throws'] as const;

  test.each(faults)(
    '%s at every look and at the verdict: nothing is done and nothing passes',
    async (fault) => {
      world.past(1, WORSE);
      const changeId = await world.start();
      world.week(2, changeId, WORSE, [START_MINUTE + 1, START_MINUTE + WEEK + 60]);
      // The window starts, and from then on nothing is answered any more.
      await world.harness.runTo(START + 20 * MINUTE_MS, 5);
      world.source.failWhen(({ changeId: of }) => (of === null ? null : fault));
      await world.harness.runTo(START + 40 * MINUTE_MS, 5);
      const look = (await world.harness.show(changeId)).looks.find(({ kpi_id }) => kpi_id === 'errors');
      const expected = { empty: 'no_data', stale: 'stale', replica_lag: 'stale' }[fault as string] ?? 'source_error';
      expect(look?.signal).toBe(expected);
      await world.harness.runTo(JUDGED_AT, 1_000);
      const change = await world.harness.show(changeId);
      expect(change.interventions).toEqual([]);
      const verdict = change.verdicts.at(-1)!;
      expect(verdict.verdict).toBe('inconclusive');
      const answers = verdict.quality.find(({ check }) => check === 'answers:errors');
      expect(answers).toMatchObject({ status: 'failed' });
      expect(answers?.detail).toMatch(/^The source metrics could see 0\.\d% of the window\. Last non-answer: /);
      expect(await world.harness.ledgerTypes(changeId)).toContain('alert.raised');
    },
    60_000,
  );

  test.each([
    ['a count that cannot be', (n: number) => ({ n, y: n + 1 })],
    ['NaN', () => ({ n: Number.NaN, y: 0 })],
    ['half a trial', () => ({ n: 1.5, y: 0 })],
    ['a negative count', () => ({ n: -1, y: 0 })],
  ])('an answer with %s is none', async (_, spoiled) => {
    world.past(1, BETTER, 1);
    const changeId = await world.start();
    world.week(2, changeId, BETTER, [START_MINUTE + 1, START_MINUTE + 60]);
    await world.harness.runTo(START + 20 * MINUTE_MS, 5);
    world.source.spoil((answer) =>
      answer.status === 'ok' && answer.buckets.length > 0
        ? { ...answer, buckets: answer.buckets.map((one) => ({ ...one, tally: spoiled(one.tally.n) })) }
        : answer,
    );
    await world.harness.runTo(START + 60 * MINUTE_MS, 10);
    const look = (await world.harness.show(changeId)).looks.find(({ kpi_id }) => kpi_id === 'errors');
    expect([look?.signal, look?.detail]).toEqual(['source_error', expect.stringContaining('bad_value')]);
  });

  test('a refused token is told at once, an outage only after the grace time', async () => {
    world.past(1, BETTER, 1);
    const changeId = await world.start();
    world.week(2, changeId, BETTER, [START_MINUTE + 1, START_MINUTE + 200]);
    await world.harness.runTo(START + 20 * MINUTE_MS, 5);
    const alerts = async () => (await world.harness.ledgerTypes(changeId)).filter((type) => type === 'alert.raised');
    world.source.failWhen(() => 'unreachable');
    await world.harness.runTo(START + 30 * MINUTE_MS, 5);
    expect(await alerts()).toEqual([]);
    world.source.failWhen(() => 'unauthorised');
    await world.harness.runTo(START + 35 * MINUTE_MS, 5);
    expect((await alerts()).length).toBeGreaterThan(0);
  });

  test('an outage that ends leaves no gap: the minutes are asked for afterwards', async () => {
    world.past(1, BETTER);
    const changeId = await world.start();
    world.week(2, changeId, BETTER, [START_MINUTE + 5, START_MINUTE + WEEK + 60]);
    await world.harness.runTo(START + 20 * MINUTE_MS, 5);
    await world.harness.runTo(START + DAY * MINUTE_MS, 360);
    world.source.failWhen(() => 'unreachable');
    await world.harness.runTo(START + 4 * DAY * MINUTE_MS, 360);
    world.source.failWhen(() => null);
    await world.harness.runTo(JUDGED_AT, 360);
    expect((await verdictOf(changeId)).verdict).toBe('pass');
    expect((await evidenceOf(changeId)).metrics[0]?.source).toMatchObject({ answeredShare: 1 });
  }, 60_000);
});

describe('a source that says something else later', () => {
  test('a late backfill makes a new revision with a warning; the same again makes none', async () => {
    const changeId = await play(BETTER);
    expect((await world.harness.evaluate(changeId)).new_revision).toBe(false);
    const before = (await evidenceOf(changeId)).metrics[0]!.strata[0]!;
    const extra = ({ changeId: of, kpiId }: { changeId: string | null; kpiId: string }) =>
      of === changeId && kpiId === 'booking';
    world.source.rows = world.source.rows.map((row, i) =>
      extra(row) && i % 8 === 0 ? { ...row, tally: { n: row.tally.n + 1, y: row.tally.y } } : row,
    );
    const revised = await world.harness.evaluate(changeId);
    expect(revised.new_revision).toBe(true);
    const evidence = await evidenceOf(changeId);
    expect(evidence.metrics[0]!.strata[0]!.on.n).toBeGreaterThan(before.on.n);
    expect(evidence.metrics[0]!.late.on).toBeGreaterThan(0);
    expect((await verdictOf(changeId)).warnings.join()).toContain('what it says now was judged');
    expect((await world.harness.evaluate(changeId)).new_revision).toBe(false);
  }, 60_000);

  test('other outcomes of the same trials are a warning', async () => {
    const changeId = await play(BETTER);
    expect((await verdictOf(changeId)).warnings.join()).not.toContain('tells otherwise');
    world.source.rows = world.source.rows.map((row, i) =>
      row.changeId === changeId && row.kpiId === 'booking' && i % 8 === 0
        ? { ...row, tally: { n: row.tally.n, y: row.tally.n } }
        : row,
    );
    expect((await world.harness.evaluate(changeId)).new_revision).toBe(true);
    expect((await verdictOf(changeId)).warnings.join()).toContain('tells otherwise what came of the same trials');
  }, 60_000);

  test('a source that has lost trials keeps none of them: what it said at the looks stands', async () => {
    world.past(1, BETTER);
    const changeId = await world.start();
    world.week(2, changeId, BETTER, [START_MINUTE + 5, START_MINUTE + WEEK + 60]);
    await world.harness.runTo(START + 10 * MINUTE_MS, 10);
    await world.harness.runTo(START + (WEEK + 130) * MINUTE_MS, 360);
    world.source.rows = world.source.rows.filter(({ minute }) => minute > START_MINUTE + 4 * DAY);
    await world.harness.runTo(JUDGED_AT, 5);
    const evidence = await evidenceOf(changeId);
    expect(evidence.metrics[0]?.source?.disagreement).toContain('it has lost some');
    expect(evidence.metrics[0]?.strata[0]?.on.n).toBeGreaterThan(2_000);
    expect((await verdictOf(changeId)).verdict).toBe('pass');
  }, 60_000);
});

test('a source that hangs delays the looks of no other change', async () => {
  const hanging = new FakeSource();
  await world.close();
  world = new PulledGate({ sources: new Map() });
  const sources = new Map([
    ['metrics', world.source],
    ['stuck', hanging],
  ]);
  const gate = { ...world.harness.gate, sources, real: systemClock };
  Object.assign(world.harness.gate, { sources });
  const slow = PULLED_REGISTRY.replaceAll('source: metrics', 'source: stuck').replace(/^(?=\w)/gm, 'slow_');
  const registry = PULLED_REGISTRY + slow;
  const stuck: string[] = [];
  const others: string[] = [];
  for (let n = 1; n <= 100; n += 1) {
    const isStuck = n % 4 === 0;
    const contract = gateContract({ flag: `flag: flag-${n}` });
    const own = isStuck ? contract.replaceAll('kpi: ', 'kpi: slow_') : contract;
    (isStuck ? stuck : others).push(await world.start(n, own, registry));
  }
  const { business } = world.harness;
  const isLookedAt = async () => {
    const probed = await gate.store.transaction((tx) =>
      Promise.all(others.map((changeId) => tx.settings.get(`probed:${changeId}`))),
    );
    const mature = business.now() / MINUTE_MS - 2;
    return probed.every((text) => text !== null && JSON.parse(text).booking === mature);
  };
  const round = async () => {
    business.advance(5 * MINUTE_MS);
    const startedAt = performance.now();
    while (!(await isLookedAt())) {
      if (performance.now() - startedAt > 20_000) throw new Error('not every change was looked at');
      await systemClock.sleep(20);
    }
    return performance.now() - startedAt;
  };
  const scheduler = new Scheduler(gate);
  scheduler.start();
  hanging.failWhen(() => null);
  const healthy = await round();
  const asked = hanging.questions.length;
  hanging.failWhen(() => 'hangs');
  const delayed = await round();
  await scheduler.stop();
  expect(hanging.questions.length).toBeGreaterThan(asked);
  expect(stuck).toHaveLength(25);
  expect(delayed - healthy).toBeLessThan(1_000);
}, 60_000);

describe('before the deploy', () => {
  const forecast = async (contract: string) => {
    const { harness } = world;
    const answer = await harness.call<{
      forecast: {
        conclusion: string;
        summary: string;
        findings: { code: string; severity: string; path: string }[];
        primary: { history_weeks: number };
      };
    }>('POST', '/v1/forecasts', {
      token: await harness.token(['forecast']),
      body: {
        repository: REPOSITORY,
        pull_request: 1,
        contract: { path: '.changegate/changes/one.yml', text: contract },
        registry: { path: '.changegate/kpis.yml', text: PULLED_REGISTRY },
        policy: null,
      },
    });
    expect(answer.status).toBe(200);
    return answer.body.forecast;
  };

  test('the forecast is made from the history that the source has, which is asked for once', async () => {
    world.past(1, { ...BETTER, perMinute: 2 }, 6);
    const first = await forecast(gateContract());
    expect(first.primary.history_weeks).toBeGreaterThanOrEqual(5);
    expect(first.findings).toEqual([]);
    const asked = world.source.questions.length;
    expect((await forecast(gateContract())).primary).toEqual(first.primary);
    expect(world.source.questions.length).toBe(asked);
  });

  test('a source that keeps less gives what it has', async () => {
    world.past(1, { ...BETTER, perMinute: 2 }, 6);
    world.source.failWhen(({ from }) => (from < START_MINUTE - 3 * WEEK ? 'retention' : null));
    expect((await forecast(gateContract())).primary.history_weeks).toBe(2);
  });

  test('a source that is a day behind has all of its weeks, and the newest hours once they are there', async () => {
    world.past(1, { ...BETTER, perMinute: 2 }, 6);
    const complete = START_MINUTE - DAY - ((START_MINUTE - DAY) % 60);
    world.source.spoil((answer) =>
      answer.status === 'ok' ? { ...answer, completeUntil: Math.min(answer.completeUntil, complete) } : answer,
    );
    expect((await forecast(gateContract())).primary.history_weeks).toBeGreaterThanOrEqual(5);
    world.source.questions.length = 0;
    await forecast(gateContract());
    expect(world.source.questions.map(({ from }) => from)).toEqual([complete, complete]);
  });

  test('what the source cannot do is told, and no contract that needs it is good to go', async () => {
    world.past(1, { ...BETTER, perMinute: 20 }, 6);
    expect((await forecast(gateContract())).conclusion).toBe('go');
    world.source.findings = [{ check: 'retention', status: 'failed', detail: 'It keeps 3 days; 7 are needed.' }];
    const told = await forecast(gateContract());
    expect(told.conclusion).toBe('adjust');
    expect(told.summary).toContain('cannot answer yet');
    expect(told.findings).toMatchObject([
      { code: 'source_check', severity: 'error', path: 'booking.measure' },
      { code: 'source_check', severity: 'error', path: 'errors.measure' },
    ]);
  });

  test('a registry that names no source of this service is refused', async () => {
    const start = world.start(1, gateContract(), PULLED_REGISTRY.replaceAll('source: metrics', 'source: metricz'));
    await expect(start).rejects.toThrow('this gate service has web, metrics');
  });
});

test('a change for everybody is held against the weeks before, as the source tells them', async () => {
  const shop: PulledShop = { perMinute: 1, control: 0.25, treatment: 0.4 };
  world.past(1, shop, 12);
  const contract = gateContract({
    leading: '',
    guardrails: '',
    rollout: 'rollout: { start: 100% }',
  });
  const changeId = await world.start(1, contract);
  world.everybody(2, changeId, shop, [START_MINUTE + 5, START_MINUTE + WEEK + 300]);
  await world.harness.runTo(START + 10 * MINUTE_MS, 10);
  await world.harness.runTo(START + (WEEK + 300) * MINUTE_MS, 360);
  const evidence = await evidenceOf(changeId);
  const [booking] = evidence.metrics;
  expect(booking?.history.weeks).toHaveLength(12);
  expect(booking?.own?.n).toBeGreaterThan(9_000);
  expect(booking?.source?.answeredShare).toBeGreaterThan(0.98);
  expect((await verdictOf(changeId)).design).toBe('before_after');
}, 60_000);
