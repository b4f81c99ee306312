import type { z } from 'zod';
import { GateError } from '../../contract/gate-error.ts';
import { type EstimateStatus, isCount } from '../../domain/statistics/estimate.ts';

/** What `--explain` tells about a function. */
export interface Explanation {
  readonly formula: string;
  /** Letters of docs/statistics.md; empty for what serves only to compare with other tools. */
  readonly equations: readonly string[];
  /** Paper, or the tool it was checked against. */
  readonly reference: string;
  readonly assumptions: readonly string[];
  /** Inputs of the worked example; its numbers are computed when it is shown. */
  readonly example: Readonly<Record<string, unknown>>;
}

/** One row of the command table. `compute` only renames: the statistics are those of domain/statistics. */
export interface StatFunction {
  readonly fn: string;
  /** One line, for `--list`. */
  readonly summary: string;
  readonly inputs: z.ZodType;
  readonly compute: (inputs: unknown) => Readonly<Record<string, unknown>>;
  readonly explain: Explanation;
}

/** A row as it is written: inputs typed by their schema. */
export interface StatDefinition<Schema extends z.ZodType> {
  readonly fn: string;
  readonly summary: string;
  readonly inputs: Schema;
  readonly compute: (inputs: z.output<Schema>) => Readonly<Record<string, unknown>>;
  readonly explain: Explanation;
}

/** Ties a row's inputs to its schema: `compute` is never called with anything else. */
export function statFunction<Schema extends z.ZodType>(definition: StatDefinition<Schema>): StatFunction {
  return { ...definition, compute: (inputs) => definition.compute(inputs as z.output<Schema>) };
}

/** Passes an answer on unless its inputs were refused. @throws GateError invalid_input */
export function accepted<Answer extends { readonly status: EstimateStatus }>(answer: Answer, rule: string): Answer {
  if (answer.status === 'invalid') throw refused(rule);
  return answer;
}

/** The error for inputs that fit their types and contradict each other. */
export function refused(rule: string): GateError {
  return new GateError('invalid_input', `These inputs contradict each other: ${rule}.`, 'Correct the inputs.');
}

/** @throws GateError invalid_input unless x is at most n */
export function requireWithin(x: number, n: number, names: string): void {
  if (!isCount(x) || !isCount(n) || x > n) throw refused(`${names}, got ${x} of ${n}`);
}
