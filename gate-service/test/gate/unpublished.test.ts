import { afterEach, beforeEach, expect, test } from 'vitest';
import { GateHarness } from '../support/gate-harness.ts';

const MINUTE_MS = 60_000;
const VISITS_A_MINUTE = 20;

let harness: GateHarness;
beforeEach(() => {
  harness = new GateHarness();
});
afterEach(() => harness.close());

async function share(): Promise<number> {
  const read = await harness.flags.control.read('short-form');
  return read.ok && read.value.kind === 'present' ? read.value.share : 0;
}

/** One minute of visitors who follow the flag: with the change one request in ten fails at first, `later` tenths when throttled; without it one in fifty. */
async function minute(n: number, later: number): Promise<void> {
  const at = new Date(harness.business.now()).toISOString();
  const on = Math.round((await share()) * VISITS_A_MINUTE);
  const fails = on * 2 < VISITS_A_MINUTE ? later : 1;
  const lines = Array.from({ length: VISITS_A_MINUTE }, (_, place) => ({
    event: 'quote_viewed',
    event_id: `v${n}-${place}`,
    user_id: `u${n}-${place}`,
    timestamp: at,
    status: (place < on ? (7 * n + place) % 10 < fails : (n + place) % 50 === 0) ? 'error' : 'success',
    flags: { 'short-form': place < on ? 'on' : 'off' },
  }));
  await harness.send(lines);
  harness.business.advance(MINUTE_MS);
  harness.real.advance(MINUTE_MS);
  await harness.scheduler.drain();
}

const firstPhases = async (changeId: string) =>
  (await harness.gate.store.transaction((tx) => tx.changes.phases(changeId))).map(({ cause }) => cause);

test('a client token that was revoked does not end the watch after a throttle: what goes on doing harm is turned off', async () => {
  harness.flags.fail('publishedShare', { failure: { kind: 'unauthorised', detail: 'answered 401' } });
  const changeId = await harness.stampAndActivate();
  for (let n = 0; n < 600 && (await share()) > 0; n += 1) await minute(n, 9);
  const { state, interventions } = await harness.show(changeId);
  expect([await share(), interventions.map(({ kind }) => kind)]).toEqual([0, ['throttle', 'turn_off']]);
  expect(['off', 'judged']).toContain(state);
  expect(interventions[0]).toMatchObject({ outcome: 'accepted', published_at: null });
  expect((await firstPhases(changeId)).slice(0, 2)).toEqual(['activation', 'throttle']);
  const alerts = (await harness.gate.store.transaction((tx) => tx.ledger.entries({ changeId })))
    .filter(({ type }) => type === 'alert.raised')
    .map(({ payload }) => payload?.alert);
  expect(alerts).toContain('not_published');
});

test('publication that comes later is recorded, and starts no second phase', async () => {
  harness.flags.fail('publishedShare', { failure: { kind: 'unauthorised', detail: 'answered 401' } });
  const changeId = await harness.stampAndActivate();
  for (let n = 0; n < 600 && (await firstPhases(changeId)).length < 2; n += 1) await minute(n, 0);
  harness.flags.heal();
  harness.business.advance(MINUTE_MS);
  harness.real.advance(MINUTE_MS);
  await harness.scheduler.drain();
  expect((await harness.show(changeId)).interventions[0]?.published_at).not.toBeNull();
  expect(await firstPhases(changeId)).toEqual(['activation', 'throttle']);
});
