import { expect, test } from 'vitest';
import { recompute } from '../../src/domain/decision/recompute.ts';
import { gateContract } from '../support/gate-files.ts';
import { GateHarness } from '../support/gate-harness.ts';
import { type PlayOptions, playChange, type Shop } from '../support/gate-traffic.ts';

const EVERYBODY = gateContract({ rollout: 'rollout: { start: 100% }' });
const WORDS = /^Compared with the weeks before \(no control group\): /;
const shop: Shop = {
  visitsPerWeek: 2000,
  control: { converts: 0.25, fails: 0.02 },
  treatment: { converts: 0.34, fails: 0.02 },
};

async function play(seed: number, how: Shop, options: PlayOptions = {}) {
  const harness = new GateHarness();
  const change = await playChange(harness, seed, how, {
    contract: EVERYBODY,
    baselineWeeks: 12,
    stepMinutes: 720,
    ...options,
  });
  const [stored] = await harness.gate.store.transaction((tx) => tx.verdicts.list(change.change_id));
  await harness.close();
  return { change, verdict: change.verdicts[0]!, stored: stored! };
}

test('a change for everybody is activated at 100%, compared with twelve weeks, and passes', async () => {
  const { change, verdict, stored } = await play(31, shop);
  expect([verdict.verdict, verdict.reasons, verdict.design]).toEqual(['pass', ['ok'], 'before_after']);
  expect(verdict.summary).toMatch(WORDS);
  expect(verdict.quality.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(change.interventions).toEqual([]);
  const { evidence } = stored;
  const booking = evidence.metrics.find(({ kpiId }) => kpiId === 'booking')!;
  expect([booking.history.weeks.length, booking.ownDays!.length]).toEqual([12, 84]);
  expect(booking.own!.n).toBeGreaterThan(1700);
  const days = booking.ownDays!.reduce((sum, { n }) => sum + n, 0);
  expect(days).toBe(booking.history.weeks.reduce((sum, { total }) => sum + total.n, 0));
  expect(recompute(evidence)).toEqual(stored.verdict);
});

test('the same week without an effect does not pass, and neither does one with four weeks of history', async () => {
  const neutral = { ...shop, treatment: shop.control };
  const { change, verdict } = await play(35, neutral);
  expect(verdict.verdict).not.toBe('pass');
  expect(verdict.reasons.join()).not.toContain('data_quality');
  expect(change.interventions).toEqual([]);
  const young = await play(31, shop, { baselineWeeks: 4 });
  expect(young.verdict.verdict).toBe('inconclusive');
  expect(young.verdict.reasons).toContain('data_quality:weeks:errors');
});

test('errors in a third of all visits are throttled by the hours of the weeks before, and the smaller cohort ends it', async () => {
  const harmful = { ...shop, treatment: { converts: 0.15, fails: 0.35 } };
  const { change, verdict, stored } = await play(33, harmful, { stepMinutes: 60 });
  expect(change.interventions.map(({ kind }) => kind)).toEqual(['throttle', 'turn_off']);
  expect(stored.evidence.alarms!.map(({ kind }) => kind)).toContain('placebo_sup');
  expect([verdict.verdict, verdict.reasons]).toEqual(['fail', ['safety_rollback']]);
  expect(verdict.summary).toMatch(WORDS);
});

test('losing the week does not make it pass', async () => {
  const { verdict } = await play(31, shop, { lose: (_, n) => n % 3 !== 0 });
  expect(verdict.verdict).toBe('inconclusive');
  expect(verdict.reasons.join()).toContain('data_quality:');
});
