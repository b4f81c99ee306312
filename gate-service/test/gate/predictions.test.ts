import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ForecastView } from '../../src/contract/api/forecast.ts';
import { gateContract, REPOSITORY, stampBody } from '../support/gate-files.ts';
import { GateHarness } from '../support/gate-harness.ts';
import { loadBaseline, playChange, type Shop } from '../support/gate-traffic.ts';

const SHOP: Shop = {
  visitsPerWeek: 2_000,
  control: { converts: 0.3, fails: 0.01 },
  treatment: { converts: 0.36, fails: 0.01 },
};

/** A right contract whose author expects so much. */
const contractWith = (delta: string) =>
  gateContract({ window: `prediction: { delta: ${delta}, basis: a usability test }` });

let harness: GateHarness;
beforeEach(() => {
  harness = new GateHarness();
});
afterEach(() => harness.close());

async function forecast(contract: string): Promise<ForecastView> {
  const { repository, pull_request, contract: file, registry, policy } = stampBody(1, contract);
  const body = { repository, pull_request, contract: file, registry, policy };
  const token = await harness.token(['forecast']);
  const answer = await harness.call<{ forecast: ForecastView }>('POST', '/v1/forecasts', { token, body });
  expect(answer.status).toBe(200);
  return answer.body.forecast;
}

const rows = (kpiId = 'booking') => harness.gate.store.transaction((tx) => tx.verdicts.predictions(REPOSITORY, kpiId));

describe('the record of predictions', () => {
  test('the first verdict scores the forecast, and the next forecast of the KPI shows it', async () => {
    await loadBaseline(harness, 21, SHOP, 4);
    const first = await forecast(contractWith('+10%'));
    expect(first.primary.record).toBeNull();
    expect(await rows()).toEqual([]);

    const change = await playChange(harness, 21, SHOP, { contract: contractWith('+10%'), baselineWeeks: 0 });
    const { verdict, metrics } = change.verdicts[0]!;
    const { estimate, lo, hi } = metrics.find(({ kpi_id }) => kpi_id === 'booking')!;
    expect(await rows()).toMatchObject([
      {
        changeId: change.change_id,
        predictedGain: 0.1,
        odds: first.odds,
        outcome: verdict,
        measured: { estimate, lo, hi },
      },
    ]);
    expect(await rows('errors')).toEqual([]);

    const second = await forecast(contractWith('+8%'));
    expect(second.primary.record).toMatchObject({ count: 1, in_direction: 1, corrected_effect: null });
    expect(second.primary.record!.median_ratio).toBeCloseTo(estimate! / 0.1, 12);
    expect(second.primary.record!.brier).toBeGreaterThan(0);
    expect(second.odds_corrected).toBeNull();
  });

  test('a change without a forecast leaves no row', async () => {
    await playChange(harness, 23, SHOP, { contract: contractWith('+10%'), baselineWeeks: 1, stepMinutes: 720 });
    expect(await rows()).toEqual([]);
  });
});
