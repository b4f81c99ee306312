import { describe, expect, it } from 'vitest';
import { ruleInWords } from './contract-words.ts';
import { detectionTable, powerTable } from './forecast-numbers.ts';
import { sampleContract, sampleForecast } from './testing/sample-views.ts';

describe('numbers in words', () => {
  it.each(['meets_minimum', 'beats_zero', 'proves_minimum'] as const)('%s gives the minimum a plus', (rule) => {
    const fewer = { kpi: 'errors', atLeast: { kind: 'relative', value: -0.2 }, noWorseThan: null } as const;
    expect(ruleInWords({ rule, primary: fewer })).toContain('**+20%**');
    expect(ruleInWords({ rule, primary: fewer })).not.toContain('-20%');
  });

  it('does not call a history missing that is there', () => {
    const primary = { ...sampleForecast.primary, history_weeks: 12, weeks_needed: null };
    const detection = [{ kpi_id: 'queue', minutes: null, units_harmed: null }];
    const forecast = { ...sampleForecast, primary, detection };
    expect(powerTable(forecast, sampleContract)).toContain('| Time that would be enough | not known |');
    expect(detectionTable(forecast, 10_080)).toContain('| not known | not known |');
    const without = { ...forecast, primary: { ...primary, history_weeks: 0 } };
    expect(detectionTable(without, 10_080)).toContain('| unknown: no history | unknown: no history |');
  });

  it('promises no notice after the window', () => {
    const detection = [{ kpi_id: 'queue', minutes: 10_081, units_harmed: 900 }];
    const table = (window: number | null) => detectionTable({ ...sampleForecast, detection }, window);
    expect(table(10_080)).toContain('| not within the window | – |');
    expect(table(null)).not.toContain('not within the window');
  });
});
