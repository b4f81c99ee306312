import { expect, test } from 'vitest';
import { GateError } from '../contract/gate-error.ts';
import { readFilesOrThrow } from '../services/read-files.ts';
import { errorText } from './error-text.ts';

const REGISTRY = `booking_conversion:
  title: Booking conversion
  definition: Share of visitors of the quote page who book a job
  owner: growth-team
  unit: ratio
  direction: increase_is_good
  measure: { source: web, type: proportion, of: quote_viewed, success: job_booked, within: 24h }
`;
const CONTRACT = 'hypothesis: x\nflag: f\nprimary: { kpi: booking_conversion, at_least: +5% }\n';

function errorOf(contract: string): GateError {
  try {
    readFilesOrThrow({
      contract: { path: 'c.yml', text: contract },
      registry: { path: 'kpis.yml', text: REGISTRY },
      policy: null,
    });
  } catch (error) {
    if (error instanceof GateError) return error;
  }
  return expect.unreachable();
}

test('an error without findings is its message and the next step', () => {
  expect(errorText(new GateError('store', 'It is full.', 'Empty it.'))).toBe(
    'changegate: It is full.\nNext step: Empty it.\n',
  );
  const odd = new GateError('store', 'It is full.', 'Empty it.', { context: { findings: [{ file: 1 }] } });
  expect(errorText(odd)).toBe('changegate: It is full.\nNext step: Empty it.\n');
});

test('every finding of the files is told, with its place', () => {
  const error = errorOf('hypothesis: x\nflag: f\ncolour: red\nprimary: { kpi: nothing, at_least: much }\n');
  const text = errorText(error);
  expect(text).toMatch(/^changegate: The files have [2-9] errors\.\n\nc\.yml:/);
  expect(text).toMatch(/c\.yml:3:\d+ error/);
  expect(text).toMatch(/c\.yml:4:\d+ error/);
  expect(text).toContain(`\nNext step: ${error.remedy}\n`);
});

test('a design is not supported only when that is all that is wrong', () => {
  const alone = errorOf(`${CONTRACT}design: concurrent\nrollout: { start: 100% }\n`);
  expect([alone.code, (alone.context.findings as unknown[]).length]).toEqual(['design_not_supported', 1]);
  expect(errorOf(`${CONTRACT}design: concurrent\nrollout: { start: 100% }\ncolour: red\n`).code).toBe('invalid_files');
});
