import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GATE_REGISTRY, gateContract, OTHER_REPOSITORY, stampBody } from '../support/gate-files.ts';
import { GateHarness, START } from '../support/gate-harness.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
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
async function started(): Promise<string> {
  const changeId = await harness.stampAndActivate(1);
  harness.business.advance(MINUTE_MS);
  await harness.send([exposure('first', 0)]);
  await harness.runTo(START + 10 * MINUTE_MS, 1);
  return changeId;
}

describe('stamping', () => {
  test('the same commit and contract make the same change, once', async () => {
    const token = await harness.token(['stamp']);
    const answers = [];
    for (let n = 0; n < 5; n += 1) {
      answers.push(
        await harness.call<{ created: boolean; change: { change_id: string } }>('POST', '/v1/changes', {
          token,
          body: stampBody(1),
        }),
      );
      harness.business.advance(HOUR_MS);
    }
    expect(answers.map(({ status, body }) => [status, body.created])).toEqual([
      [201, true],
      ...Array(4).fill([200, false]),
    ]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body.change))).size).toBe(1);
    expect(await harness.ledgerTypes(answers[0]!.body.change.change_id)).toEqual(['change.stamped']);
  });

  test('stamping an old commit again does not bring its old registry back', async () => {
    const token = await harness.token(['stamp', 'read']);
    await harness.call('POST', '/v1/changes', { token, body: stampBody(1) });
    const newer = {
      ...stampBody(2),
      registry: { path: 'kpis.yml', text: GATE_REGISTRY.replace('within: 2h', 'within: 4h') },
    };
    await harness.call('POST', '/v1/changes', { token, body: newer });
    await harness.call('POST', '/v1/changes', { token, body: stampBody(1) });
    const { body } = await harness.call<{ kpis: { id: string; measure: { within_minutes: number } }[] }>(
      'GET',
      '/v1/kpis?repository=sparky/site',
      { token },
    );
    expect(body.kpis.find(({ id }) => id === 'booking')?.measure.within_minutes).toBe(240);
  });

  test('a change that was never activated is void when its flag is stamped again', async () => {
    const { change_id } = await harness.stamp(1);
    await harness.stamp(2);
    expect((await harness.show(change_id)).state).toBe('void');
    expect(await harness.ledgerTypes(change_id)).toEqual(['change.stamped', 'change.void']);
    const { status } = await harness.call('POST', `/v1/changes/${change_id}/evaluate`, {
      token: await harness.token(['evaluate']),
      body: {},
    });
    expect(status).toBe(409);
  });

  test('a stamp alone ends no watch and cancels no act: what is deployed is still the earlier change', async () => {
    const changeId = await started();
    const interventionId = `${changeId}:turn_off:1`;
    await harness.gate.store.transaction((tx) =>
      tx.interventions.insert(
        {
          interventionId,
          changeId,
          kind: 'turn_off',
          epoch: 1,
          targetShare: 0,
          reason: 'harm',
          decidedAt: harness.business.now(),
          intentAt: null,
          outcome: 'pending',
          acceptedAt: null,
          publishedAt: null,
          effectiveAt: null,
          notEffectiveAt: null,
        },
        harness.real.now(),
      ),
    );
    await harness.stamp(2);
    expect((await harness.show(changeId)).state).toBe('watching');
    await harness.scheduler.drain();
    expect(writes().at(-1)).toMatchObject({ operation: 'turnOff' });
    expect(await harness.ledgerTypes(changeId)).not.toContain('change.superseded');
    expect((await harness.show(changeId)).verdicts[0]?.reasons).not.toContain('superseded');
  });

  test('one commit has one change, although its pull request was found only by the second run', async () => {
    const token = await harness.token(['stamp']);
    const stamp = (pull_request: number | null) =>
      harness.call<{ created: boolean; change: { change_id: string } }>('POST', '/v1/changes', {
        token,
        body: { ...stampBody(1), pull_request },
      });
    const first = await stamp(null);
    expect(first.body.change.change_id).toMatch(/^chg-push-/);
    await harness.activate(first.body.change.change_id);
    const second = await stamp(1);
    expect([second.status, second.body.created, second.body.change.change_id]).toEqual([
      200,
      false,
      first.body.change.change_id,
    ]);
    expect(second.body.change).toMatchObject({ state: 'watching' });
  });

  test.each([false, true])(
    'the flag of another repository is refused while its change is open (watched: %s)',
    async (isWatched) => {
      const { change_id } = await harness.stamp(1);
      if (isWatched) await harness.activate(change_id);
      const token = await harness.token(['stamp'], OTHER_REPOSITORY);
      const body = stampBody(2, gateContract(), OTHER_REPOSITORY);
      const { status, response } = await harness.call('POST', '/v1/changes', { token, body });
      expect([status, response.body]).toEqual([409, expect.stringContaining('open change of another repository')]);
      expect((await harness.show(change_id)).state).toBe(isWatched ? 'watching' : 'stamped');
    },
  );

  test('a watched change is superseded by the next one’s activation, and gets its verdict at once', async () => {
    const changeId = await started();
    await harness.stampAndActivate(2);
    expect(await harness.ledgerTypes(changeId)).toContain('change.superseded');
    await harness.scheduler.drain();
    const change = await harness.show(changeId);
    expect([change.state, change.verdicts.map(({ verdict, reasons }) => [verdict, reasons])]).toEqual([
      'superseded',
      [['inconclusive', ['superseded']]],
    ]);
    await harness.runTo(DUE + HOUR_MS, 24 * 60);
    expect((await harness.show(changeId)).verdicts).toHaveLength(1);
  });
});
