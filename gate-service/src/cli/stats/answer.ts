import { z } from 'zod';
import { type ErrorCode, GateError } from '../../contract/gate-error.ts';
import { nearest } from '../../contract/nearest.ts';
import type { StatFunction } from './stat-function.ts';
import { findFunction, STAT_FUNCTIONS } from './table.ts';
import { toWire, type WireValue } from './wire.ts';

/** What one question got: the result, or why there is none. */
export type Answer =
  | { readonly fn: string; readonly result: Readonly<Record<string, WireValue>> }
  | { readonly fn: string | null; readonly error: AnswerError };

export interface AnswerError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
}

/** A line may be a case of a suite as it is: what that has beside the question is left aside. */
const QuestionSchema = z.strictObject({
  fn: z.string(),
  inputs: z.record(z.string(), z.unknown()),
  ...Object.fromEntries(
    ['id', 'expected', 'tol_rel', 'tol_abs', 'source'].map((field) => [field, z.unknown().optional()]),
  ),
});
const BYTE_ORDER_MARK = /^\ufeff/;
/** More of a broken value says nothing more. */
const LONGEST_ECHO = 60;

/** Answers one line of input; whatever it holds, it throws nothing. */
export function answerLine(line: string): Answer {
  let question: unknown;
  try {
    question = JSON.parse(line.replace(BYTE_ORDER_MARK, ''));
  } catch (error) {
    return { fn: null, error: lineError(`The line is not JSON: ${(error as Error).message}`) };
  }
  const parsed = QuestionSchema.safeParse(question);
  if (parsed.success) return answerQuestion(parsed.data.fn, parsed.data.inputs);
  const fn = z.object({ fn: z.string() }).safeParse(question).data?.fn ?? null;
  return { fn, error: lineError(problemsOf(parsed.error, question)) };
}

/** Answers one question; whatever it holds, it throws nothing. */
export function answerQuestion(fn: string, inputs: unknown): Answer {
  try {
    const found = findFunction(fn) ?? refuseName(fn);
    return { fn, result: computeResult(found, inputs) };
  } catch (error) {
    if (error instanceof GateError) {
      return { fn, error: { code: error.code, message: error.message, remedy: error.remedy } };
    }
    const message = error instanceof Error ? error.message : String(error);
    return { fn, error: { code: 'internal', message, remedy: 'Report it with the line that caused it.' } };
  }
}

/** @throws GateError invalid_input naming every problem of the inputs */
export function computeResult(
  { fn, inputs: schema, compute }: StatFunction,
  inputs: unknown,
): Record<string, WireValue> {
  const parsed = schema.safeParse(inputs);
  if (!parsed.success) {
    throw new GateError(
      'invalid_input',
      problemsOf(parsed.error, inputs),
      `See its inputs: changegate stats --explain ${fn}`,
    );
  }
  return toWire(compute(parsed.data)) as Record<string, WireValue>;
}

/** @throws GateError not_found with the names that were probably meant */
export function refuseName(fn: string): never {
  const near = nearest(
    fn,
    STAT_FUNCTIONS.map((one) => one.fn),
  );
  const meant = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
  throw new GateError(
    'not_found',
    `There is no function ${echo(fn)}.${meant}`,
    'List them with: changegate stats --list',
  );
}

function lineError(message: string): AnswerError {
  return {
    code: 'invalid_input',
    message,
    remedy: 'Write one JSON object a line: {"fn": "wilson", "inputs": {"x": 3, "n": 10}}',
  };
}

/** Every problem with its path and what was received. */
function problemsOf(error: z.ZodError, value: unknown): string {
  return error.issues
    .map(({ path, message }) => {
      if (path.length === 0) return message;
      const received = path.reduce<unknown>((held, key) => (held as Record<PropertyKey, unknown> | null)?.[key], value);
      return `${path.join('.')}: ${message}${received === undefined ? '' : `, got ${echo(received)}`}`;
    })
    .join('; ');
}

function echo(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST_ECHO ? `${text.slice(0, LONGEST_ECHO)}…` : text;
}
