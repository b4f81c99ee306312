import { describe, expect, it } from 'vitest';
import type { ChangeView } from '../api/change.ts';
import { renderForecastCheck, renderVerdictCheck } from './check-output.ts';
import { type ForecastInput, forecastConclusion } from './forecast-input.ts';
import { recordText } from './forecast-numbers.ts';
import { renderInterventionComment } from './intervention-comment.ts';
import { linksLine } from './links.ts';
import { nextSteps } from './next-steps.ts';
import { renderProgressComment, wealthInWords } from './progress-comment.ts';
import { terminalText } from './terminal-text.ts';
import {
  SAMPLE_EFFECTIVE,
  sampleChange,
  sampleContract,
  sampleFinding,
  sampleForecast,
  sampleThrottle,
  sampleTurnOff,
  sampleVerdict,
} from './testing/sample-views.ts';
import { renderVerdictComment, verdictHeadline } from './verdict-comment.ts';

const now = (SAMPLE_EFFECTIVE + 3_101) * 60_000;
const path = '.changegate/changes/a.yml';
const input = (more: Partial<ForecastInput> = {}): ForecastInput => ({ forecasts: [], registry: 'present', ...more });
const entry = (conclusion: 'go' | 'adjust') => ({
  path,
  contract: sampleContract,
  forecast: { ...sampleForecast, conclusion },
});

describe('forecast', () => {
  it.each([
    ['go', input({ forecasts: [entry('go')] }), 'go', 'success'],
    ['adjust', input({ forecasts: [entry('adjust')] }), 'adjust', 'neutral'],
    ['the worst of two', input({ forecasts: [entry('go'), entry('adjust')] }), 'adjust', 'neutral'],
    ['no contract', input(), 'no_contract', 'neutral'],
    ['no registry', input({ registry: 'missing', forecasts: [entry('go')] }), 'adjust', 'neutral'],
    ['no answer', input({ forecasts: [{ path, contract: sampleContract, forecast: null }] }), 'no_answer', 'neutral'],
    [
      'a problem is never go',
      input({ forecasts: [entry('go')], problem: { message: 'm', remedy: 'r' } }),
      'no_answer',
      'neutral',
    ],
    ['errors are never go', input({ forecasts: [{ ...entry('go'), findings: [sampleFinding] }] }), 'errors', 'failure'],
    [
      'warnings leave it as it is',
      input({ forecasts: [{ ...entry('go'), findings: [{ ...sampleFinding, severity: 'warning' }] }] }),
      'go',
      'success',
    ],
  ] as const)('%s', (_description, given, conclusion, check) => {
    expect(forecastConclusion(given)).toBe(conclusion);
    expect(renderForecastCheck(given).conclusion).toBe(check);
  });

  it('annotates findings, errors first', () => {
    const warning = { ...sampleFinding, severity: 'warning', line: 0, column: 0 } as const;
    const { annotations, title } = renderForecastCheck(
      input({ forecasts: [{ path, contract: null, forecast: null, findings: [warning, sampleFinding] }] }),
    );
    expect(title).toBe('🔴 Forecast: the contract has errors');
    expect(annotations.map(({ level, line, column }) => [level, line, column])).toEqual([
      ['failure', 3, 14],
      ['warning', 1, 1],
    ]);
    expect(annotations[0]).toMatchObject({
      title: 'unknown_kpi at primary.kpi',
      message:
        'The registry has no such KPI. Found: booking_convrsion. Allowed: booking_conversion, quotes_started, quote_error_rate. Next step: write booking_conversion, or add the KPI to .changegate/kpis.yml',
    });
  });
});

it('a forecast of a change for everybody speaks of the weeks before, not of two variants', () => {
  const everybody = { ...sampleContract, rollout: { ...sampleContract.rollout, start: 1 } };
  const told = (contract: typeof sampleContract) =>
    renderForecastCheck(input({ forecasts: [{ ...entry('go'), contract }] })).summary;
  expect(told(everybody)).toContain('against the weeks before: nobody goes without it');
  expect(told(everybody)).not.toContain('both variants');
  expect(told(sampleContract)).toContain('both variants together');
});

describe('the record of earlier predictions', () => {
  const record = {
    count: 7,
    in_direction: 5,
    median_ratio: 0.5,
    brier: 0.42,
    brier_reference: 0.6,
    corrected_effect: 0.04,
  };
  const told = (more: Partial<typeof record> | null, shown = sampleForecast) =>
    recordText({
      ...shown,
      primary: { ...shown.primary, record: more === null ? null : { ...record, ...more } },
    });

  it('says how often and by how much earlier predictions came true', () => {
    expect(told({})).toBe(
      'Of 7 earlier predictions for this KPI 5 went the right way; typically half of what was predicted came true, so expect about +4.0% rather than +8%. The odds that were given were better than naming the usual outcome each time (Brier score 0.42 against 0.60; 0 is best).',
    );
  });

  it.each<[string, Record<string, number | null> | null, string]>([
    ['no record', null, ''],
    ['an empty record', { count: 0 }, ''],
    [
      'one prediction',
      { count: 1, in_direction: 1 },
      'The one earlier prediction for this KPI went the right way; half of',
    ],
    ['one wrong prediction', { count: 1, in_direction: 0, median_ratio: -0.2 }, 'the wrong way; the opposite of what'],
    ['more than was predicted', { median_ratio: 1.3 }, '130% of what was predicted came true'],
    ['a ratio that is no number', { median_ratio: Number.NaN }, 'is not known'],
    ['odds that were worse than none', { brier: 0.7 }, 'were no better than naming'],
  ])('%s', (_description, more, expected) => {
    expect(told(more as Partial<typeof record> | null)).toContain(expected);
    if (expected === '') expect(told(more as Partial<typeof record> | null)).toBe('');
  });

  it('says nothing of odds and corrections that there are not', () => {
    const forecast = { ...sampleForecast.primary, record: { ...record, brier: null, corrected_effect: null } };
    const text = recordText({ ...sampleForecast, primary: forecast });
    expect(text).toMatch(/came true\.$/);
  });
});

describe('verdict', () => {
  it.each([
    ['pass', 'success'],
    ['fail', 'failure'],
    ['inconclusive', 'neutral'],
  ] as const)('%s is a %s check', (verdict, conclusion) => {
    const check = renderVerdictCheck(sampleChange, { ...sampleVerdict, verdict });
    expect(check.conclusion).toBe(conclusion);
    expect(check.title.startsWith(verdict.toUpperCase())).toBe(true);
  });

  it('says in its first line that a person overruled the watch, and that it compares before with after', () => {
    const overruled = {
      ...sampleChange,
      interventions: [{ ...sampleThrottle, kind: 'turn_off', outcome: 'superseded' } as const],
    };
    expect(verdictHeadline(overruled, { ...sampleVerdict, design: 'before_after' })).toBe(
      'PASS: the change did what its contract promised; a person overruled the switch-off (a before/after comparison)',
    );
    const raisedAgain = {
      ...sampleChange,
      interventions: [sampleTurnOff],
      phases: [{ index: 2, cause: 'person', share: 0.5, start_minute: SAMPLE_EFFECTIVE + 300, end_minute: null }],
    };
    expect(verdictHeadline(raisedAgain, sampleVerdict)).toContain('a person overruled the switch-off');
    expect(verdictHeadline({ ...raisedAgain, phases: [] }, sampleVerdict)).not.toContain('overruled');
  });

  const advised = (p_gain: number, advice: 'keep' | 'revert') =>
    renderVerdictComment(sampleChange, {
      ...sampleVerdict,
      verdict: 'inconclusive',
      advice: { kpi_id: 'booking_conversion', advice, p_gain, loss_keep: 3, loss_revert: 9 },
    });

  it.each([
    [0.81, 'keep', '**keep** (81% likely a gain). This is an opinion, not a verdict.'],
    [0.001, 'revert', '**revert** (under 1% likely a gain). This is an opinion, not a verdict.'],
  ] as const)('tells the better bet at a chance of %s', (chance, advice, expected) => {
    expect(advised(chance, advice)).toContain(`The better bet on what is known: ${expected}`);
  });

  it('gives no advice without a chance', () => {
    expect(advised(Number.NaN, 'keep')).not.toContain('better bet');
    expect(renderVerdictComment(sampleChange, sampleVerdict)).not.toContain('better bet');
  });

  it('shows an unknown reason instead of hiding it', () => {
    const body = renderVerdictComment(sampleChange, {
      ...sampleVerdict,
      verdict: 'inconclusive',
      reasons: ['from_the_future'],
    });
    expect(body).toContain('INCONCLUSIVE: `from_the_future`');
  });

  it.each([
    ['pass', 'ok', null, 'Keep'],
    ['fail', 'below_minimum', null, 'Roll back'],
    ['fail', 'safety_rollback', null, 'leave it off'],
    ['fail', 'adverse_signal_not_executed', null, 'by hand now'],
    ['inconclusive', 'not_enough_evidence', 0.6, 'Extend'],
    ['inconclusive', 'not_enough_evidence', 5.1, 'About 6 weeks more'],
    ['inconclusive', 'positive_below_minimum', null, 'a KPI that more units reach'],
    ['inconclusive', 'data_quality:coverage', null, 'Repair the data'],
    ['inconclusive', 'ledger_broken', null, 'changegate verify'],
  ] as const)('%s (%s, %s more weeks) says what to do', (verdict, reason, moreWeeks, expected) => {
    const text = nextSteps(sampleChange, { verdict, reasons: [reason], more_weeks: moreWeeks });
    expect(text).toContain(expected);
    expect(text).toContain('changegate decide chg-42-0a1b2c3d4e');
  });

  it('shows what was decided instead of advice', () => {
    const decisions = [{ decision: 'keep', by: 'kim', reason: 'it works', at: 0 }];
    const text = nextSteps({ ...sampleChange, decisions }, sampleVerdict);
    expect(text).toBe('- Decided: **keep** by kim on 1970-01-01 00:00:00 UTC: it works');
  });
});

describe('progress', () => {
  const render = (more: Partial<ChangeView>, at = now) =>
    renderProgressComment([{ ...sampleChange, verdicts: [], state: 'watching', ...more }], { now: at });

  it('never shows how the primary KPI is doing', () => {
    const peek = {
      ...sampleChange.looks[0]!,
      detail: 'control 21.9%, change 23.5%',
      totals: { off: { n: 1_000, y: 639 }, on: { n: 1_000, y: 717 } },
    };
    const body = render({ looks: [peek] });
    for (const leak of ['21.9', '23.5', '639', '717', '63.9', '71.7']) expect(body).not.toContain(leak);
  });

  it.each([
    ['the first minute', 0, 'Day 1 of 7'],
    ['the last minute', 10_079, 'Day 7 of 7'],
    ['the end', 10_080, 'Window complete'],
    ['a clock that is behind', -5, 'Day 1 of 7'],
  ])('counts days: %s', (_description, minute, expected) => {
    expect(render({}, (SAMPLE_EFFECTIVE + minute) * 60_000)).toContain(expected);
  });

  it.each([
    ['adverse', 'an adverse signal in 1 metric'],
    ['no_data', 'watching, but 1 metric does not answer'],
    ['stale', 'watching, but 1 metric does not answer'],
    ['source_error', 'watching, but 1 metric does not answer'],
    ['ok', 'nothing adverse so far'],
    ['too_few_events', 'nothing adverse so far'],
  ] as const)('headline for %s', (signal, expected) => {
    expect(render({ looks: [{ ...sampleChange.looks[0]!, signal }] }).split('\n')[1]).toContain(expected);
  });

  it.each([
    ['stamped', 'Stamped'],
    ['throttled', 'throttled'],
    ['off', 'off'],
    ['judged', 'Judged'],
    ['decided', 'Judged'],
    ['superseded', 'Superseded'],
    ['void', 'Void'],
  ] as const)('headline in state %s', (state, expected) => {
    expect(render({ state }).split('\n')[1]).toContain(expected);
  });

  it('is the same text until something happens', () => {
    expect(render({}, now)).toBe(render({}, now + 60_000));
  });

  it.each([
    [0, '1.0 of 20'],
    [-9, 'under 0.1 of 20'],
    [Math.log(3.2), '3.2 of 20'],
    [1_000, '1\u202f000\u202f000\u202f000\u202f000 of 20'],
    [Number.NaN, 'not computable'],
    [Number.NEGATIVE_INFINITY, 'not computable'],
  ])('log wealth %s is "%s"', (logWealth, expected) => expect(wealthInWords(logWealth)).toBe(expected));
});

describe('intervention', () => {
  it.each([
    ['accepted', 'Throttled `short-quote-form` from 50% to 5%'],
    ['pending', 'About to throttle'],
    ['already_safe', 'already that low'],
    ['superseded', 'a person changed the flag in between'],
    ['blocked:forbidden', 'the gate cannot do it'],
    ['failed:deadline', 'the gate cannot do it'],
  ])('%s', (outcome, expected) => {
    expect(renderInterventionComment(sampleChange, { ...sampleThrottle, outcome })).toContain(expected);
  });

  it('shows that a flag had no effect', () => {
    const body = renderInterventionComment(sampleChange, {
      ...sampleThrottle,
      effective_at: null,
      not_effective_at: sampleThrottle.effective_at,
    });
    expect(body).toContain('**not effective**');
  });
});

describe('links and terminal text', () => {
  it('links only plain web addresses', () => {
    expect(linksLine({ runUrl: 'https://gate.example.com:8080/changes/a' })).toBe(
      '[Workflow run](https://gate.example.com:8080/changes/a)',
    );
    for (const bad of [
      'javascript:alert(1)',
      'https://x.example/)](',
      'https://a@b.example',
      'http://x y',
      `https://x/${'a'.repeat(600)}`,
    ]) {
      expect(linksLine({ runUrl: bad })).toBe('');
    }
  });

  it('reads well in a terminal', () => {
    const text = terminalText(
      renderVerdictComment({ ...sampleChange, hypothesis: 'from $4 to <5> & @home *now*' }, sampleVerdict),
    );
    expect(text).toContain('from $4 to <5> & @home *now*');
    expect(text.startsWith('## ✅ PASS')).toBe(true);
  });
});
