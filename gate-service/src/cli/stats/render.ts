import { z } from 'zod';
import { computeResult } from './answer.ts';
import type { StatFunction } from './stat-function.ts';
import type { Miss, SuiteResult } from './suite.ts';
import { STAT_TOPICS } from './table.ts';
import type { WireValue } from './wire.ts';

const show = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));

/** Every function with one line, by topic. */
export function renderList(): string {
  const width = Math.max(...[...STAT_TOPICS.values()].flat().map(({ fn }) => fn.length));
  const topics = [...STAT_TOPICS].map(([topic, functions]) =>
    [topic, ...functions.map(({ fn, summary }) => `  ${fn.padEnd(width)}  ${summary}`)].join('\n'),
  );
  return `${topics.join('\n\n')}\n`;
}

/** The same as data. */
export function listObject(): readonly { readonly fn: string; readonly topic: string; readonly summary: string }[] {
  return [...STAT_TOPICS].flatMap(([topic, functions]) => functions.map(({ fn, summary }) => ({ fn, topic, summary })));
}

/** What a function computes, from where, under what assumptions, with an example computed now. */
export function explainObject(one: StatFunction): Readonly<Record<string, WireValue>> {
  const { fn, summary, explain } = one;
  return {
    fn,
    summary,
    inputs: inputsOf(one).map(({ name, type }) => `${name}: ${type}`),
    formula: explain.formula,
    source: sourceOf(one),
    assumptions: explain.assumptions,
    example: { fn, inputs: explain.example as Record<string, WireValue> },
    result: computeResult(one, explain.example),
  };
}

/** The same as text. */
export function renderExplanation(one: StatFunction): string {
  const { fn, summary, explain } = one;
  const inputs = inputsOf(one);
  const width = Math.max(...inputs.map(({ name }) => name.length));
  const result = Object.entries(computeResult(one, explain.example));
  const fieldWidth = Math.max(...result.map(([field]) => field.length));
  return [
    `${fn}: ${summary}`,
    '',
    'Inputs',
    ...inputs.map(({ name, type }) => `  ${name.padEnd(width)}  ${type}`),
    'Formula',
    `  ${explain.formula}`,
    'Source',
    `  ${sourceOf(one)}`,
    'Assumptions and limits',
    ...explain.assumptions.map((line) => `  ${line}`),
    'Example',
    `  ${JSON.stringify({ fn, inputs: explain.example })}`,
    ...result.map(([field, value]) => `  ${field.padEnd(fieldWidth)}  ${show(value)}`),
    '',
  ].join('\n');
}

/** A suite's cases and its counts. */
export function renderSuite({ suite, cases }: SuiteResult): string {
  const lines = cases.flatMap(({ id, fn, outcome, misses, error }) => [
    `${outcome.replace('_', ' ').padEnd(11)}  ${id}  ${fn}`,
    ...(error === null ? [] : [`             ${error}`]),
    ...misses.map((miss) => `             ${missText(miss)}`),
  ]);
  const { ok, miss, notOffered } = countOutcomes([{ suite, cases }]);
  return `${[...lines, `${suite}: ${ok} ok, ${miss} missed, ${notOffered} not offered`].join('\n')}\n`;
}

export function countOutcomes(suites: readonly SuiteResult[]): { ok: number; miss: number; notOffered: number } {
  const outcomes = suites.flatMap(({ cases }) => cases.map(({ outcome }) => outcome));
  const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
  return { ok: count('ok'), miss: count('miss'), notOffered: count('not_offered') };
}

function missText({ field, expected, got }: Miss): string {
  return `${field}: got ${show(got)}, expected ${show(expected)}`;
}

function sourceOf({ explain }: StatFunction): string {
  const own = explain.equations.length === 0 ? [] : [`docs/statistics.md ${explain.equations.join(', ')}`];
  return [...own, explain.reference].join('; ');
}

/** Names and types of the inputs, from the schema that checks them. */
function inputsOf({ inputs }: StatFunction): { name: string; type: string }[] {
  const { properties = {} } = z.toJSONSchema(inputs, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, property]) => ({ name, type: typeOf(property) }));
}

type Property = z.core.JSONSchema.BaseSchema | boolean;

function typeOf(property: Property): string {
  if (typeof property === 'boolean') return 'any value';
  const preset = property.default === undefined ? '' : `, default ${JSON.stringify(property.default)}`;
  return `${kindOf(property)}${preset}`;
}

function kindOf(property: z.core.JSONSchema.BaseSchema): string {
  const { type, items, prefixItems, anyOf, properties, minimum, maximum, exclusiveMinimum, exclusiveMaximum } =
    property;
  if (property.enum) return property.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (property.const !== undefined) return JSON.stringify(property.const);
  if (anyOf) return [...new Set(anyOf.map((option) => kindOf(option as z.core.JSONSchema.BaseSchema)))].join(' | ');
  if (prefixItems) return `[${prefixItems.map((item) => kindOf(item as z.core.JSONSchema.BaseSchema)).join(', ')}]`;
  if (items) return `list of ${kindOf(items as z.core.JSONSchema.BaseSchema)}`;
  if (properties) return `{${Object.keys(properties).join(', ')}}`;
  const word = type === 'integer' ? 'whole number' : (type ?? 'any value');
  const bounds = [
    ...(exclusiveMinimum === undefined ? [] : [`> ${exclusiveMinimum}`]),
    ...(minimum === undefined || isEdge(minimum) ? [] : [`>= ${minimum}`]),
    ...(exclusiveMaximum === undefined ? [] : [`< ${exclusiveMaximum}`]),
    ...(maximum === undefined || isEdge(maximum) ? [] : [`<= ${maximum}`]),
  ];
  return [word, ...bounds].join(' ');
}

/** Limits that zod puts on every whole number say nothing. */
function isEdge(limit: number): boolean {
  return Math.abs(limit) >= 1e15;
}
