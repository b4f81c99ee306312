import { describe, expect, it } from 'vitest';
import { evidenceOf, KPIS, metricOf } from '../../../test/support/decision/evidence.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import type { Phase } from '../model/change.ts';
import { armBalance } from './arm-balance.ts';

const kpi = (id: string) => KPIS.find((one) => one.id === id)!;
const CONVERSION = kpi('booking');
const STATUS = kpi('errors');

/** One phase at one half; so many trials an arm and so many units in all. */
function statusOf(kpiOf: typeof STATUS, off: number, on: number, units: number, silentTrials = 0) {
  const exposures = [{ phaseIndex: 0, off: units / 2, on: units / 2 }];
  const data = { ...metricOf(kpiOf.id, { n: off, y: 0 }, { n: on, y: 0 }), silentTrials };
  return armBalance(data, kpiOf, evidenceOf({ exposures })).status;
}

describe('armBalance', () => {
  it.each([
    ['conversions that split evenly', statusOf(CONVERSION, 2000, 2040, 4000), 'ok'],
    ['conversions of which a seventh is lost', statusOf(CONVERSION, 2000, 1714, 4000), 'failed'],
    ['too few conversions to tell', statusOf(CONVERSION, 4, 1, 5), 'ok'],
    ['status trials that split evenly', statusOf(STATUS, 20_000, 20_400, 4000), 'ok'],
    ['a treatment that keeps people a tenth busier', statusOf(STATUS, 20_000, 22_000, 4000), 'ok'],
    ['a fifth of the status trials lost, five a unit', statusOf(STATUS, 20_000, 16_000, 4000), 'failed'],
    ['a fifth more from a few units of hundreds of trials', statusOf(STATUS, 4000, 3200, 40), 'ok'],
    ['a few units of hundreds of trials, one arm all but gone', statusOf(STATUS, 4000, 3, 40), 'failed'],
    ['conversions after a silence of thirty', statusOf(CONVERSION, 2000, 2000, 4000, 30), 'failed'],
    ['a silence that a single busy unit explains', statusOf(STATUS, 20_000, 20_000, 4000, 60), 'ok'],
    ['a silence that no few units explain', statusOf(STATUS, 20_000, 20_000, 4000, 600), 'failed'],
    ['a silence of which nothing is known', statusOf(CONVERSION, 2000, 2000, 4000, Number.NaN), 'failed'],
    ['exposures that are no counts', statusOf(STATUS, 2000, 2000, Number.NaN), 'unknown'],
  ])('%s', (_, got, expected) => expect(got).toBe(expected));

  it('lets trials of earlier units follow the share that these were given', () => {
    const phases: readonly Phase[] = [
      { index: 0, cause: 'activation', share: 0.1, startMinute: 0, endMinute: 100 },
      { index: 1, cause: 'person', share: 0.5, startMinute: 103, endMinute: null },
    ];
    const strata = [
      { phaseIndex: 0, minutes: 100, off: { n: 900, y: 0 }, on: { n: 100, y: 0 } },
      { phaseIndex: 1, minutes: 100, off: { n: 700, y: 0 }, on: { n: 300, y: 0 } },
    ];
    const at = (on: number) =>
      armBalance(
        { strata: [strata[0]!, { ...strata[1]!, on: { n: on, y: 0 } }] },
        CONVERSION,
        evidenceOf({ phases, exposures: [] }),
      ).status;
    expect([at(300), at(20)]).toEqual(['ok', 'failed']);
  });

  it('an honest week fails once in a thousand at most, however busy single units are', () => {
    const random = seededRandom(5);
    const geometric = (mean: number) => 1 + Math.floor(Math.log(1 - random.next()) / Math.log(1 - 1 / mean));
    const trials = () => Array.from({ length: 300 }, () => geometric(20)).reduce((sum, n) => sum + n, 0);
    const failed = Array.from({ length: 2000 }, () => statusOf(STATUS, trials(), trials(), 600)).filter(
      (status) => status === 'failed',
    );
    // 0.001 and four standard errors of 2000 weeks.
    expect(failed.length).toBeLessThanOrEqual(2 + 4 * Math.sqrt(2));
  });
});
