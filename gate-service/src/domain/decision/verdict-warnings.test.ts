import { expect, it } from 'vitest';
import { contractOf, evidenceOf } from '../../../test/support/decision/evidence.ts';
import { judgedMetrics } from './metric-results.ts';
import { verdictWarnings } from './verdict-warnings.ts';

const GUARDRAILS = [{ kpi: 'errors', no_worse_than: '1pp' }];

it.each([
  ['a status guardrail', contractOf({ leading: { kpi: 'booking' }, guardrails: GUARDRAILS }), true],
  ['a status guardrail that leads too', contractOf({ leading: { kpi: 'errors' }, guardrails: GUARDRAILS }), true],
  ['a status KPI that only leads', contractOf({ leading: { kpi: 'errors' }, guardrails: [] }), false],
] as const)('%s: says whether repeated users may narrow an interval', (_name, contract, isTold) => {
  const base = evidenceOf();
  const evidence = { ...base, change: { ...base.change, contract } };
  const warnings = verdictWarnings(evidence, judgedMetrics(evidence), [], 'none');
  expect(warnings.some((warning) => warning.includes('repeated users may narrow its interval'))).toBe(isTold);
});
