import { describe, expect, it } from 'vitest';
import { qualityProblem, qualityTitle } from './quality-text.ts';
import { EXPLAINED_REASONS, explainReason, titleLookup } from './reason-text.ts';

const title = titleLookup([{ kpi_id: 'errors', title: 'Quote *errors*' }]);

/** Every code of the verdict's table and of the decision order, written out so that losing one is noticed. */
const CODES = [
  'ok',
  'harmful',
  'below_minimum',
  'worse_than_margin',
  'guardrail:errors',
  'guardrail',
  'safety_rollback',
  'adverse_signal_not_executed',
  'data_quality',
  'data_quality:coverage',
  'data_quality:something_new',
  'data_quality+rolled_back',
  'insufficient_data',
  'positive_below_minimum',
  'not_enough_evidence',
  'guardrail_unproven:errors',
  'guardrail_unproven',
  'throttled',
  'rule_changed',
  'treatment_changed',
  'ledger_broken',
  'superseded',
  'stopped_by_person',
];

describe('reasons', () => {
  it.each(CODES)('%s has a sentence of its own', (code) => {
    const { headline, sentence, known } = explainReason(code, title);
    expect(known).toBe(true);
    expect(sentence).toMatch(/^[A-Z].*[.)]$/);
    expect(headline).toMatch(/^[a-zQ].*[^.]$/);
  });

  it('covers the codes that have words', () => {
    const names = new Set(CODES.map((code) => code.split(':')[0]));
    expect(EXPLAINED_REASONS.filter((code) => !names.has(code))).toEqual([]);
  });

  it('names the KPI of a guardrail, escaped, or its id', () => {
    expect(explainReason('guardrail:errors', title).headline).toContain('Quote \\*errors\\*');
    expect(explainReason('guardrail:other', title).headline).toContain('`other`');
  });

  it('does not say of a check that could not be made that it failed', () => {
    const failed = explainReason('data_quality:srm', title);
    const unmade = explainReason('data_quality:srm', title, ['srm']);
    expect(failed.sentence).toContain('did not split');
    expect(unmade.headline).toBe('the data cannot be checked');
    expect(unmade.sentence).toBe(
      'A check of the data could not be made, and nothing passes without it: Split of the traffic.',
    );
    expect(explainReason('data_quality:srm', title, ['window'])).toEqual(failed);
  });

  it('ignores case, as the specification does', () => {
    expect(explainReason('NOT_ENOUGH_EVIDENCE', title).known).toBe(true);
  });

  it.each(['new_code', 'constructor', '__proto__', '', 'x:y'])('shows the unknown code %s itself', (code) => {
    const { sentence, known } = explainReason(code, title);
    expect(known).toBe(false);
    expect(sentence).toContain(code === '' ? '(empty)' : `\`${code}\``);
  });
});

describe('quality checks', () => {
  it('have titles and problems, with or without a KPI', () => {
    expect(qualityTitle('coverage')).toBe('Coverage');
    expect(qualityTitle('coverage:errors')).toBe('Coverage: `errors`');
    expect(qualityTitle('new_check')).toBe('`new_check`');
    expect(qualityProblem('coverage:errors')).toBe('Too large a part of the window has no data. (`errors`)');
    expect(['clock_skew', 'skew', 'missing', 'clipped'].map(qualityTitle)).toEqual([
      'Clocks',
      'Large amounts',
      'Missing values',
      'Extreme values',
    ]);
    expect(qualityProblem('new_check')).toContain('`new_check`');
  });
});
