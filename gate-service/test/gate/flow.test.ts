import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GATE_REGISTRY, gateContract } from '../support/gate-files.ts';
import { GateHarness, START } from '../support/gate-harness.ts';
import { playChange, type Shop } from '../support/gate-traffic.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MINUTE = START / MINUTE_MS;
/** Window, the longest wait and the settle time after a window that starts at START. */
const DUE = START + 7 * DAY_MS + 130 * MINUTE_MS;

let harness: GateHarness;
beforeEach(() => {
  harness = new GateHarness();
});
afterEach(() => harness.close());

const exposure = (id: string, offset: number, variant: 'on' | 'off' = 'on') => ({
  event: 'quote_viewed',
  event_id: id,
  user_id: id,
  status: 'success',
  timestamp: new Date(START + offset).toISOString(),
  flags: { 'short-form': variant },
});
const writes = () => harness.flags.calls.filter(({ operation }) => !['read', 'publishedShare'].includes(operation));

/** A change whose window started with its activation; the clock stands at ten minutes. */
async function started(contract?: string): Promise<string> {
  const changeId = await harness.stampAndActivate(1, contract);
  harness.business.advance(MINUTE_MS);
  await harness.send([exposure('first', 0)]);
  await harness.runTo(START + 10 * MINUTE_MS, 1);
  return changeId;
}

describe('the window', () => {
  test('starts at the earliest minute with the change on, whatever came first', async () => {
    const orders = [
      [5, 3, 4],
      [3, 4, 5],
      [4, 5, 3],
    ];
    const starts = [];
    for (const order of orders) {
      const one = new GateHarness();
      const changeId = await one.stampAndActivate();
      one.business.set(START + 6 * MINUTE_MS);
      for (const minute of order)
        await one.send([exposure(`m${minute}`, minute * MINUTE_MS + 30_000), exposure(`off${minute}`, 60_000, 'off')]);
      await one.runTo(START + 12 * MINUTE_MS, 1);
      starts.push((await one.show(changeId)).effective_at);
      await one.close();
    }
    expect(starts).toEqual([START_MINUTE + 3, START_MINUTE + 3, START_MINUTE + 3]);
  });

  test('is never moved by an event that comes late', async () => {
    const changeId = await harness.stampAndActivate();
    harness.business.set(START + 6 * MINUTE_MS);
    await harness.send([exposure('seen', 5 * MINUTE_MS)]);
    await harness.runTo(START + 20 * MINUTE_MS, 1);
    await harness.send([exposure('late', MINUTE_MS)]);
    await harness.runTo(START + 40 * MINUTE_MS, 1);
    const { effective_at, window_end } = await harness.show(changeId);
    expect([effective_at, window_end]).toEqual([START_MINUTE + 5, START_MINUTE + 5 + 7 * 24 * 60]);
    expect((await harness.ledgerTypes(changeId)).filter((type) => type === 'change.window_started')).toHaveLength(1);
  });

  test('an event from before the activation starts nothing', async () => {
    const { change_id } = await harness.stamp();
    harness.business.advance(HOUR_MS);
    await harness.activate(change_id);
    await harness.send([{ ...exposure('early', 0), flags: undefined, change_id, version_flag: 'on' }]);
    await harness.runTo(START + 2 * HOUR_MS, 10);
    expect((await harness.show(change_id)).effective_at).toBeNull();
  });

  test('a change that reaches nobody is told once, and judged all the same', async () => {
    const changeId = await harness.stampAndActivate();
    await harness.runTo(DUE, 6 * 60);
    const { verdicts } = await harness.show(changeId);
    expect(verdicts.map(({ verdict, reasons }) => [verdict, reasons[0]])).toEqual([
      ['inconclusive', expect.stringMatching(/^data_quality:/)],
    ]);
    expect((await harness.ledgerTypes(changeId)).filter((type) => type === 'alert.raised')).toHaveLength(1);
  });
});

describe('evaluating', () => {
  test('before the window is over is pending however often it is asked', async () => {
    const changeId = await started();
    for (const at of [START + HOUR_MS, START + 3 * DAY_MS, START + 7 * DAY_MS, DUE - MINUTE_MS]) {
      harness.business.set(at);
      for (let n = 0; n < 3; n += 1)
        expect(await harness.evaluate(changeId)).toMatchObject({ verdict: 'pending', new_revision: false });
    }
    expect((await harness.show(changeId)).verdicts).toEqual([]);
    harness.business.set(DUE);
    const first = await harness.evaluate(changeId);
    expect([first.verdict, first.new_revision]).toEqual(['inconclusive', true]);
  });

  test('again makes a new revision only when the statistics changed', async () => {
    const changeId = await started();
    await harness.runTo(DUE, 24 * 60);
    for (let n = 0; n < 3; n += 1) expect((await harness.evaluate(changeId)).new_revision).toBe(false);
    await harness.send([
      { event: 'quote_done', event_id: 'nobody', user_id: 'nobody', timestamp: new Date(START).toISOString() },
    ]);
    expect((await harness.evaluate(changeId)).new_revision).toBe(false);
    await harness.send([exposure('late but accepted', HOUR_MS, 'off')]);
    expect((await harness.evaluate(changeId)).new_revision).toBe(true);
    expect((await harness.evaluate(changeId)).new_revision).toBe(false);
    const { verdicts } = await harness.show(changeId);
    expect(verdicts.map(({ revision }) => revision)).toEqual([1, 2]);
    const token = await harness.token(['read']);
    const packs = await Promise.all(
      [1, 2].map((revision) =>
        harness.call<{ revision: number }>('GET', `/v1/changes/${changeId}/evidence?revision=${revision}`, { token }),
      ),
    );
    expect(packs.map(({ body }) => body.revision)).toEqual([1, 2]);
  });

  test('a change that ended early keeps its verdict when it is asked for again', async () => {
    const changeId = await started();
    await harness.flags.personSets('short-form', { enabled: false });
    await harness.runTo(START + 15 * MINUTE_MS, 1);
    expect((await harness.show(changeId)).verdicts.map(({ reasons }) => reasons)).toEqual([['stopped_by_person']]);
    harness.business.advance(DAY_MS);
    await harness.send([exposure('more', 11 * MINUTE_MS, 'off')]);
    expect(await harness.evaluate(changeId)).toMatchObject({ verdict: 'inconclusive', new_revision: false });
  });
});

describe('a rule that moved', () => {
  const better: Shop = {
    visitsPerWeek: 500,
    control: { converts: 0.25, fails: 0.02 },
    treatment: { converts: 0.5, fails: 0.02 },
  };
  const head = (contract: string | null, registry: string | null = GATE_REGISTRY) => ({
    contract: contract === null ? null : { path: 'c.yml', text: contract },
    registry: registry === null ? null : { path: 'k.yml', text: registry },
  });

  test('never passes, and the same rule in other words still does', async () => {
    const change = await playChange(harness, 41, better, { baselineWeeks: 0, stepMinutes: 720 });
    const { change_id } = change;
    expect(change.verdicts[0]?.verdict).toBe('pass');
    const same = head(`# a comment\n${gateContract()}`, GATE_REGISTRY.replace('owner: office', 'owner: shop'));
    expect(await harness.evaluate(change_id, same)).toMatchObject({ verdict: 'pass', new_revision: false });
    for (const [moved, isNew] of [
      [head(gateContract({ primary: 'primary: { kpi: booking, at_least: +1% }' })), true],
      [head(gateContract(), GATE_REGISTRY.replace('within: 2h', 'within: 3h')), false],
      [head(null), false],
      [head('hypothesis: broken'), false],
      [head(gateContract(), null), false],
    ] as const) {
      expect(await harness.evaluate(change_id, moved)).toMatchObject({ verdict: 'inconclusive', new_revision: isNew });
    }
    expect((await harness.show(change_id)).verdicts.map(({ reasons }) => reasons)).toEqual([['ok'], ['rule_changed']]);
  });
});

describe('a ledger that does not verify', () => {
  test('makes every verdict inconclusive', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'changegate-flow-'));
    const path = join(directory, 'gate.db');
    try {
      const before = new GateHarness({ path });
      const changeId = await before.stampAndActivate();
      const { flags } = before;
      await before.close();
      const database = new DatabaseSync(path);
      database.exec('DROP TRIGGER ledger_entries_refuse_update');
      database.exec("UPDATE ledger_entries SET actor = 'somebody else' WHERE seq = 1");
      database.close();
      const after = new GateHarness({ path, flags, start: DUE, seed: 8 });
      expect(await after.evaluate(changeId)).toMatchObject({
        verdict: 'inconclusive',
        change: { verdicts: [{ reasons: ['ledger_broken'] }] },
      });
      await after.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe('the people', () => {
  const hurting: Shop = {
    visitsPerWeek: 1_500,
    control: { converts: 0.3, fails: 0.02 },
    treatment: { converts: 0.2, fails: 0.6 },
  };

  test('observe: everything is computed and recorded, nothing is touched', async () => {
    const before = writes().length;
    const change = await playChange(harness, 51, hurting, {
      baselineWeeks: 0,
      contract: gateContract({ stop: 'stop: { adverse: observe }' }),
    });
    expect(
      writes()
        .slice(before)
        .map(({ by }) => by),
    ).not.toContain('changegate-watch');
    expect(change.interventions).toEqual([]);
    expect(await harness.ledgerTypes(change.change_id)).toContain('decision.observed');
    expect(change.verdicts[0]?.verdict).toBe('fail');
  });

  test('paused: nothing is touched and the verdict says so; resumed: it goes on', async () => {
    const token = await harness.token(['operate', 'read'], null);
    const body = { by: 'pat', reason: 'Unleash is being moved' };
    await harness.stampAndActivate();
    expect((await harness.call('POST', '/v1/pause', { token, body })).body).toMatchObject({
      paused: true,
      since: START,
      by: 'pat',
    });
    expect((await harness.call('POST', '/v1/pause', { token, body: { by: 'kim', reason: 'too' } })).body).toMatchObject(
      { by: 'pat' },
    );
    const change = await playChange(harness, 52, hurting, { baselineWeeks: 0 });
    expect(harness.flags.calls.some(({ by, operation }) => by === 'changegate-watch' && operation !== 'read')).toBe(
      false,
    );
    expect(change.interventions).toEqual([]);
    expect(change.verdicts[0]?.warnings.join(' ')).toMatch(/paused|stopped/i);
    expect((await harness.call('POST', '/v1/resume', { token, body })).body).toMatchObject({ paused: false });
    expect((await harness.call('POST', '/v1/resume', { token, body })).status).toBe(409);
    expect(await harness.ledgerTypes()).toEqual(expect.arrayContaining(['watch.paused', 'watch.resumed']));
  });

  test('a pause that ends while harm is known lets the gate act', async () => {
    const token = await harness.token(['operate'], null);
    const body = { by: 'pat', reason: 'a test' };
    const changeId = await started();
    await harness.call('POST', '/v1/pause', { token, body });
    harness.business.set(START + HOUR_MS);
    const lines = Array.from({ length: 200 }, (_, n) => ({
      ...exposure(`v${n}`, (n % 50) * MINUTE_MS, n % 2 ? 'on' : 'off'),
      status: n % 2 ? 'error' : 'success',
    }));
    await harness.send(lines);
    await harness.runTo(START + HOUR_MS + 10 * MINUTE_MS, 1);
    expect((await harness.show(changeId)).interventions).toEqual([]);
    await harness.call('POST', '/v1/resume', { token, body });
    await harness.runTo(START + HOUR_MS + 12 * MINUTE_MS, 1);
    const { interventions, state } = await harness.show(changeId);
    expect(interventions.length).toBeGreaterThan(0);
    expect(['throttled', 'off', 'judged']).toContain(state);
  });

  test('decide after the verdict, not before; every decision stands', async () => {
    const changeId = await started();
    const token = await harness.token(['decide']);
    const decide = (decision: string) =>
      harness.call('POST', `/v1/changes/${changeId}/decide`, {
        token,
        body: { decision, by: 'pat', reason: 'because' },
      });
    expect((await decide('keep')).status).toBe(409);
    await harness.runTo(DUE, 24 * 60);
    expect((await decide('keep')).status).toBe(200);
    expect((await decide('rollback')).status).toBe(200);
    expect((await decide('explode')).status).toBe(400);
    const { state, decisions } = await harness.show(changeId);
    expect([state, decisions.map(({ decision }) => decision)]).toEqual(['decided', ['keep', 'rollback']]);
  });
});
