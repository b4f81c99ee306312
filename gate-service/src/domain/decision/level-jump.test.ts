import { describe, expect, test } from 'vitest';
import {
  TYPED_KPIS,
  type TypedKpi,
  typedEvidence,
  typedMetric,
} from '../../../test/support/decision/typed-evidence.ts';
import type { Tally } from '../model/tally.ts';
import type { MetricEvidence } from '../model/verdict.ts';
import { judgeChange } from './judge-change.ts';
import { levelChecks } from './level-jump.ts';

const MEASURED = ['revenue', 'basket', 'latency', 'queue'] as const;

/** Totals of an arm whose level is `times` as high as usual. */
const at = (kpi: TypedKpi, times: number, n = 2000): Tally => typedMetric(kpi, times, n).strata[0]!.on;

function checked(kpi: TypedKpi, first: [off: Tally, on: Tally], last: [off: Tally, on: Tally], before?: Tally) {
  const definition = TYPED_KPIS.find(({ id }) => id === kpi)!;
  const weeks = before ? [{ firstMinute: 0, total: before }] : [];
  const data: Pick<MetricEvidence, 'novelty' | 'history'> = {
    novelty: { firstDays: { off: first[0], on: first[1] }, lastDays: { off: last[0], on: last[1] } },
    history: { kpiId: kpi, weeks, hourOfWeek: [] },
  };
  const check = (name: string, status: 'ok' | 'failed' | 'unknown', detail: string) => ({
    check: name,
    status,
    detail,
  });
  return levelChecks(check, data, { kpi: definition });
}

describe.each(MEASURED)('the level of %s', (kpi) => {
  const usual = at(kpi, 1);

  test.each([1000, 12])('%s times as high in both arms, or as low, is the source', (times) => {
    const high = at(kpi, times);
    expect(checked(kpi, [usual, usual], [high, high])).toMatchObject([{ check: 'level', status: 'failed' }]);
    expect(checked(kpi, [high, high], [usual, usual])).toMatchObject([{ check: 'level', status: 'failed' }]);
  });

  test('a jump of one arm, jumps apart, or one under 10 times are for the effect to tell', () => {
    const high = at(kpi, 1000);
    expect(checked(kpi, [usual, usual], [usual, high])).toEqual([]);
    expect(checked(kpi, [usual, high], [high, usual])).toEqual([]);
    expect(checked(kpi, [usual, usual], [at(kpi, 8), at(kpi, 8)])).toEqual([]);
  });

  test('against the weeks before it takes 100 times', () => {
    const [high, higher] = [at(kpi, 50), at(kpi, 1000)];
    expect(checked(kpi, [high, high], [high, high], usual)).toEqual([]);
    expect(checked(kpi, [higher, higher], [higher, higher], usual)).toMatchObject([{ status: 'failed' }]);
  });

  test('few values tell nothing, and nothing is not a jump', () => {
    const few = at(kpi, 1000, 7);
    expect(checked(kpi, [usual, usual], [few, few])).toEqual([]);
    expect(
      checked(
        kpi,
        [usual, usual],
        [
          { n: 0, y: 0 },
          { n: 0, y: 0 },
        ],
      ),
    ).toEqual([]);
  });
});

test('a rate has no unit', () => {
  expect(checked('calls', [at('calls', 0.01), at('calls', 0.01)], [at('calls', 1), at('calls', 1)])).toEqual([]);
});

test('a change that would pass does not when the unit changed in the window', () => {
  const metric = typedMetric('latency', 0.5);
  const arms = { off: at('latency', 1), on: at('latency', 0.5) };
  const higher = { off: at('latency', 1000), on: at('latency', 500) };
  const judged = (lastDays: typeof arms) =>
    judgeChange(typedEvidence('latency', { ...metric, novelty: { firstDays: arms, lastDays } }, '-5%'));
  expect(judged(arms).reasons.join()).not.toContain('level:');
  const verdict = judged(higher);
  expect([verdict.verdict, verdict.reasons]).toEqual(['inconclusive', ['data_quality:level:latency']]);
});
