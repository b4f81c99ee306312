import { expect, it } from 'vitest';
import { KPIS } from '../../test/support/decision/evidence.ts';
import { TYPED_KPIS } from '../../test/support/decision/typed-evidence.ts';
import type { Phase } from '../domain/model/change.ts';
import { NO_SUMS, NO_TALLY, type TallyByVariant } from '../domain/model/tally.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { collectMeasureEvidence } from './collect-measure-evidence.ts';

const CHANGE = { changeId: 'chg-1-0123456789' };
const PHASES: readonly Phase[] = [
  { index: 0, cause: 'activation', share: 0.5, startMinute: 1400, endMinute: 1500 },
  { index: 1, cause: 'person', share: 0.2, startMinute: 1510, endMinute: null },
];
const find = (id: string) => [...KPIS, ...TYPED_KPIS].find((kpi) => kpi.id === id)!;

/** A store that has one unit and one trial in each minute asked for, and notes what it was asked. */
function storeOf(unit: TallyByVariant, asked: string[] = []) {
  const events = {
    unitTotal: async (_: string, kpiId: string, from: number, to: number) => {
      asked.push(`${kpiId} ${from}-${to}`);
      return unit;
    },
    tallies: async (_: string, _kpi: string, from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({ minute: from + i, off: { n: 1, y: 2 }, on: { n: 1, y: 3 } })),
  };
  return { events } as unknown as StoreTransaction;
}

const ONE: TallyByVariant = { off: { n: 1, y: 0, sums: { ...NO_SUMS, d: 2, dd: 4 } }, on: NO_TALLY };

it('asks for the units of a status KPI by phase, up to the end, and keeps none where there are none', async () => {
  const asked: string[] = [];
  const { units } = await collectMeasureEvidence(storeOf(ONE, asked), CHANGE, find('errors'), PHASES, 1600);
  expect(asked).toEqual(['errors 1400-1500', 'errors 1510-1600']);
  expect(units).toEqual([
    { phaseIndex: 0, ...ONE },
    { phaseIndex: 1, ...ONE },
  ]);
  const none = storeOf({ off: NO_TALLY, on: NO_TALLY });
  expect(await collectMeasureEvidence(none, CHANGE, find('errors'), PHASES, 1600)).toEqual({});
});

it('cuts a rate into hours and a gauge into UTC days, phase by phase', async () => {
  const { hours } = await collectMeasureEvidence(storeOf(ONE), CHANGE, find('calls'), PHASES, 1520);
  expect(hours?.map(({ phaseIndex, hour, off, on }) => [phaseIndex, hour, off.n, on.y])).toEqual([
    [0, 23, 40, 120],
    [0, 24, 60, 180],
    [1, 25, 10, 30],
  ]);
  const { days } = await collectMeasureEvidence(storeOf(ONE), CHANGE, find('queue'), PHASES, 1520);
  expect(days?.map(({ phaseIndex, day, off }) => [phaseIndex, day, off.n])).toEqual([
    [0, 0, 40],
    [0, 1, 60],
    [1, 1, 10],
  ]);
});

it('reads nothing more for the other types', async () => {
  for (const id of ['booking', 'revenue', 'basket', 'latency']) {
    expect(await collectMeasureEvidence(storeOf(ONE), CHANGE, find(id), PHASES, 1600)).toEqual({});
  }
});
