import type { z } from 'zod';
import { GateError } from '../contract/gate-error.ts';

/** Problems of one file that are told; one wrong file has hundreds. */
const SHOWN_PROBLEMS = 3;

/**
 * Reads one JSON object of a file by its schema.
 * @param where  file and line, as the start of a sentence: "ledger.ndjson line 3"
 * @param kind   what it should be: "an evidence pack"
 * @throws       GateError invalid_input, in sentences
 */
export function readStrictJson<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  { where, kind, remedy }: { readonly where: string; readonly kind: string; readonly remedy: string },
): z.output<Schema> {
  const refuse = (why: string, cause?: unknown) =>
    new GateError('invalid_input', `${where} is not ${kind}: ${why}.`, remedy, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse('it is no JSON', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('it is no JSON object');
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data as z.output<Schema>;
  const problems = error.issues.flatMap((issue) => problemsOf(issue, value));
  const more = problems.length > SHOWN_PROBLEMS ? `, and ${problems.length - SHOWN_PROBLEMS} more problems` : '';
  throw refuse(`${problems.slice(0, SHOWN_PROBLEMS).join(', ')}${more}`, error);
}

function problemsOf(issue: z.core.$ZodIssue, value: object): readonly string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `the key "${key.slice(0, 60)}" is unknown`);
  const [key] = issue.path;
  const name = issue.path.join('.');
  if (key !== undefined && issue.path.length === 1 && !Object.hasOwn(value, key)) return [`"${name}" is missing`];
  return [`"${name}" is of the wrong kind`];
}
