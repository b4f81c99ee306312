import { expect, test } from 'vitest';
import { recompute } from '../../src/domain/decision/recompute.ts';
import { gateContract } from '../support/gate-files.ts';
import { GateHarness } from '../support/gate-harness.ts';
import { type PlayOptions, playChange, type Shop } from '../support/gate-traffic.ts';

const shop: Shop = {
  visitsPerWeek: 2000,
  control: { converts: 0.25, fails: 0.02 },
  treatment: { converts: 0.4, fails: 0.02 },
};
/** A third each: declared, declared, and not. */
const cohortOf = (user: string) => ['new', 'a | <b> @you', 'other'][Number(user.split('-').at(-1)) % 3]!;
const COHORTS = 'window: 7d\ncohorts: ["a | <b> @you", new, nobody]';

async function play(options: PlayOptions) {
  const harness = new GateHarness();
  const change = await playChange(harness, 41, shop, { baselineWeeks: 1, stepMinutes: 720, cohortOf, ...options });
  const [stored] = await harness.gate.store.transaction((tx) => tx.verdicts.list(change.change_id));
  await harness.close();
  return { view: change.verdicts[0]!, stored: stored! };
}

test('a verdict by declared cohorts, from events to the view, and the same verdict as without them', async () => {
  const { view, stored } = await play({ contract: gateContract({ window: COHORTS }) });
  const [booking, errors] = view.segments!;
  expect([booking!.kpi_id, errors!.kpi_id]).toEqual(['booking', 'errors']);
  expect(booking!.cohorts.map(({ cohort }) => cohort)).toEqual(['a | <b> @you', 'new', 'nobody', '']);
  for (const { kpi_id, cohorts, note } of view.segments!) {
    expect(note).toBeNull();
    const whole = view.metrics.find((metric) => metric.kpi_id === kpi_id)!;
    for (const arm of ['control', 'treatment'] as const) {
      const sum = (part: 'n' | 'y') => cohorts.reduce((total, one) => total + one[arm][part], 0);
      expect([sum('n'), sum('y')]).toEqual([whole[arm].n, whole[arm].y]);
    }
  }
  expect(booking!.cohorts.map(({ finding }) => finding)).toEqual([
    'stands_out',
    'stands_out',
    'no_answer',
    'stands_out',
  ]);
  for (const { control } of booking!.cohorts.filter(({ cohort }) => cohort !== 'nobody')) {
    expect(control.n).toBeGreaterThan(250);
  }
  expect(recompute(JSON.parse(JSON.stringify(stored.evidence)))).toEqual(stored.verdict);

  const plain = await play({ contract: gateContract({ window: 'window: 7d' }) });
  expect(plain.view.segments).toBeNull();
  expect(plain.stored.evidence.metrics.some((metric) => 'cohorts' in metric)).toBe(false);
  const { segments: _segments, ...verdict } = stored.verdict;
  expect(verdict).toEqual(plain.stored.verdict);
});
