import { z } from 'zod';
import { GateError } from '../../contract/gate-error.ts';
import { answerQuestion } from './answer.ts';
import { findFunction } from './table.ts';
import type { WireValue } from './wire.ts';

/** Cases with their expected answers. Other fields, such as a case's source, are left alone. */
const SuiteSchema = z.object({
  suite: z.string(),
  cases: z.array(
    z.object({
      id: z.string(),
      fn: z.string(),
      inputs: z.record(z.string(), z.unknown()),
      expected: z.record(z.string(), z.unknown()),
      tol_rel: z.number().nonnegative().default(0),
      tol_abs: z.number().nonnegative().default(0),
    }),
  ),
});
type Case = z.output<typeof SuiteSchema>['cases'][number];

/** One field that is not as expected; `field` is a path such as `z[2]`. */
export interface Miss {
  readonly field: string;
  readonly expected: unknown;
  /** Undefined when the answer has no such field. */
  readonly got: WireValue | undefined;
}

export interface CaseResult {
  readonly id: string;
  readonly fn: string;
  readonly outcome: 'ok' | 'miss' | 'not_offered';
  readonly misses: readonly Miss[];
  /** Why there is no answer to compare; null when there is one. */
  readonly error: string | null;
}

export interface SuiteResult {
  readonly suite: string;
  readonly cases: readonly CaseResult[];
}

/** Words whose case does not matter. */
const CASELESS_FIELDS: ReadonlySet<string> = new Set(['verdict', 'reason']);

/** Parses a suite file. @throws GateError invalid_input */
export function parseSuite(text: string, path: string): z.output<typeof SuiteSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw notASuite(`${path} is not JSON: ${(error as Error).message}`, error);
  }
  const parsed = SuiteSchema.safeParse(json);
  if (!parsed.success) throw notASuite(`${path} is not a suite: ${z.prettifyError(parsed.error)}`, parsed.error);
  return parsed.data;
}

/** Runs every case through the command's own functions. */
export function runSuite({ suite, cases }: z.output<typeof SuiteSchema>): SuiteResult {
  return { suite, cases: cases.map(runCase) };
}

function runCase({ id, fn, inputs, expected, tol_rel, tol_abs }: Case): CaseResult {
  if (findFunction(fn) === undefined) return { id, fn, outcome: 'not_offered', misses: [], error: null };
  const answer = answerQuestion(fn, inputs);
  if ('error' in answer) return { id, fn, outcome: 'miss', misses: [], error: answer.error.message };
  const misses = compareFields(expected, answer.result, (gap, wanted) => gap <= tol_abs + tol_rel * Math.abs(wanted));
  return { id, fn, outcome: misses.length === 0 ? 'ok' : 'miss', misses, error: null };
}

type IsClose = (gap: number, wanted: number) => boolean;

/** Every field that is expected and differs; fields that are not expected are not looked at. */
function compareFields(
  expected: Readonly<Record<string, unknown>>,
  got: Readonly<Record<string, WireValue>>,
  isClose: IsClose,
): Miss[] {
  return Object.entries(expected).flatMap(([field, wanted]) => compare(field, wanted, got[field], isClose));
}

function compare(field: string, expected: unknown, got: WireValue | undefined, isClose: IsClose): Miss[] {
  const miss = [{ field, expected, got }];
  if (typeof expected === 'number') {
    return typeof got === 'number' && isClose(Math.abs(got - expected), expected) ? [] : miss;
  }
  if (typeof expected === 'string') return isSameText(field, expected, got) ? [] : miss;
  if (Array.isArray(expected)) {
    if (!Array.isArray(got) || got.length !== expected.length) return miss;
    return expected.flatMap((item, i) => compare(`${field}[${i}]`, item, got[i], isClose));
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof got !== 'object' || got === null || Array.isArray(got)) return miss;
    return Object.entries(expected).flatMap(([name, wanted]) =>
      compare(`${field}.${name}`, wanted, (got as Record<string, WireValue>)[name], isClose),
    );
  }
  return got === expected ? [] : miss;
}

function isSameText(field: string, expected: string, got: WireValue | undefined): boolean {
  // Some tools answer one, some the other, for a ratio over nothing.
  if (expected === 'Infinity_or_NaN') return got === 'Infinity' || got === 'NaN';
  if (typeof got !== 'string') return false;
  return CASELESS_FIELDS.has(field) ? got.toLowerCase() === expected.toLowerCase() : got === expected;
}

function notASuite(message: string, cause: unknown): GateError {
  return new GateError(
    'invalid_input',
    message,
    'A suite is {"suite": …, "cases": [{"id", "fn", "inputs", "expected", "tol_rel", "tol_abs"}]}.',
    { cause },
  );
}
