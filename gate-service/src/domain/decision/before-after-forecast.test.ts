import { describe, expect, test } from 'vitest';
import { contractOf, historyOf, KPIS, START } from '../../../test/support/decision/evidence.ts';
import type { ChangeContractInput } from '../../contract/change-contract.ts';
import { startOfMinute } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { replaySentence, replayWeeks } from './before-after-forecast.ts';
import { forecastChange } from './forecast-change.ts';

const WOBBLE = [0, 0.03, -0.02, 0.01, -0.03, 0.02, 0.04, -0.01, 0, 0.02, -0.04, 0.01];

function history(weeks = 12): KpiHistory {
  const plain = historyOf('booking', 100, 0.2, weeks);
  const rates = plain.weeks.map(({ firstMinute, total: { n } }, i) => ({
    firstMinute,
    total: { n, y: Math.round(n * 0.2 * (1 + WOBBLE[i]!)) },
  }));
  return { ...plain, weeks: rates };
}

const contract = (changes: Partial<ChangeContractInput> = {}) => contractOf({ design: 'before_after', ...changes });
const input = { contract: contract(), kpi: KPIS[0]!, history: history(), scale: 'relative', gain: 0.3 } as const;

describe('a prediction put into past weeks', () => {
  test('passes in most of them when it is large, and in none when it is nothing', () => {
    const { status, weeks, pass, fail } = replayWeeks(input);
    expect([status, weeks]).toEqual(['ok', 6]);
    expect(pass).toBeGreaterThan(0.8);
    expect(fail).toBe(0);
    expect(replayWeeks({ ...input, gain: 0 }).pass).toBe(0);
    expect(replayWeeks({ ...input, gain: -0.3 }).fail).toBeGreaterThan(0.8);
  });

  test('is read in points too, and the other way round where less is good', () => {
    const points = contract({ primary: { kpi: 'booking', at_least: '+1pp' } });
    expect(replayWeeks({ ...input, contract: points, scale: 'absolute', gain: 0.06 }).pass).toBeGreaterThan(0.8);
    const falling = { ...KPIS[0]!, direction: 'decrease_is_good' as const };
    const less = contract({ primary: { kpi: 'booking', at_least: '-5%' } });
    expect(replayWeeks({ ...input, contract: less, kpi: falling }).pass).toBeGreaterThan(0.8);
  });

  test.each<[string, KpiHistory | null, number, string]>([
    ['no history', null, 0.3, 'insufficient'],
    ['six weeks', history(6), 0.3, 'insufficient'],
    ['an effect that cannot be', history(), Number.NaN, 'invalid'],
    ['a fall by more than all', history(), -1.5, 'invalid'],
  ])('says nothing with %s', (_, past, gain, status) => {
    expect(replayWeeks({ ...input, history: past, gain }).status).toBe(status);
    expect(replaySentence({ ...input, history: past, gain })).toBeNull();
  });

  test('is told in the forecast, of a change without a control group alone', () => {
    const forecast = (changes: Partial<ChangeContractInput>) =>
      forecastChange({
        contract: contractOf({
          prediction: { delta: '+30%', basis: 'a test' },
          leading: undefined,
          guardrails: [],
          ...changes,
        }),
        kpis: KPIS,
        histories: [history()],
        now: startOfMinute(START),
      });
    const { conclusion, summary, odds } = forecast({ design: 'before_after' });
    expect(conclusion).toBe('go');
    expect(summary).toMatch(
      /Put into each of the last 6 weeks, the predicted effect would have passed in [56] and failed in 0\.$/,
    );
    expect(odds!.pass).toBeGreaterThan(0.5);
    expect(forecast({}).summary).not.toContain('Put into each');
  });
});
