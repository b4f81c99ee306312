import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { FILE_SCHEMAS, makeJsonSchema } from './json-schemas.ts';
import { MEASURE_TYPES, MeasureSchema, toMeasure } from './kpi-measure.ts';

type Written = z.input<typeof MeasureSchema>;
const measureOf = (written: Written, direction: 'increase_is_good' | 'decrease_is_good' = 'increase_is_good') =>
  toMeasure(MeasureSchema.parse(written), direction);
const web = { source: 'web', of: 'viewed' } as const;

describe('toMeasure', () => {
  test.each<[string, Written, unknown]>([
    [
      'a conversion',
      { ...web, type: 'proportion', success: 'booked', within: '2h' },
      { type: 'proportion', success: 'booked', withinMinutes: 120, counts: null },
    ],
    [
      'a mean of values, in 10,000 steps of its cap',
      { ...web, type: 'mean', value_of: 'paid', within: '24h', cap: 2_000 },
      { type: 'mean', withinMinutes: 1_440, amount: { event: 'paid', add: 'value', cap: 2_000, step: 0.2 } },
    ],
    [
      'a mean of events, one step each',
      { ...web, type: 'mean', value_of: 'paid', within: '24h', sum: 'events' },
      { type: 'mean', withinMinutes: 1_440, amount: { event: 'paid', add: 'events', cap: 50, step: 1 } },
    ],
    [
      'a mean of events with a cap',
      { ...web, type: 'mean', value_of: 'paid', within: '24h', sum: 'events', cap: 5 },
      { type: 'mean', withinMinutes: 1_440, amount: { event: 'paid', add: 'events', cap: 5, step: 1 } },
    ],
    [
      'a ratio, of events unless it says values',
      { ...web, type: 'ratio', numerator: 'failed', denominator: 'requested', within: '1h' },
      {
        type: 'ratio',
        withinMinutes: 60,
        numerator: { event: 'failed', add: 'events', cap: 50, step: 1 },
        denominator: { event: 'requested', add: 'events', cap: 50, step: 1 },
      },
    ],
    [
      'a ratio of values over events',
      { ...web, type: 'ratio', numerator: 'paid', denominator: 'booked', within: '1h', sum: 'value', cap: 50 },
      {
        type: 'ratio',
        withinMinutes: 60,
        numerator: { event: 'paid', add: 'value', cap: 50, step: 0.005 },
        denominator: { event: 'booked', add: 'events', cap: 50, step: 1 },
      },
    ],
    ['a rate', { ...web, type: 'rate', count: 'ticket' }, { type: 'rate', withinMinutes: 0, count: 'ticket' }],
    [
      'a quantile',
      { ...web, type: 'quantile', quantile: 'p99' },
      { type: 'quantile', withinMinutes: 0, quantile: 0.99 },
    ],
    [
      'a gauge',
      { ...web, type: 'gauge', cap: 500 },
      { type: 'gauge', withinMinutes: 0, amount: { event: 'viewed', add: 'value', cap: 500, step: 0.05 } },
    ],
  ])('%s', (_, written, expected) => {
    expect(measureOf(written)).toEqual({ ...web, ...(expected as object) });
  });

  test.each([
    ['increase_is_good', undefined, 'success'],
    ['decrease_is_good', undefined, 'error'],
    ['increase_is_good', 'error', 'error'],
    ['decrease_is_good', 'success', 'success'],
  ] as const)('a status KPI with %s and status %s counts %s', (direction, status, counts) => {
    expect(measureOf({ ...web, type: 'proportion', ...(status && { status }) }, direction)).toMatchObject({
      success: null,
      withinMinutes: 0,
      counts,
    });
  });
});

describe('what is refused', () => {
  const mean = { ...web, type: 'mean', value_of: 'paid', within: '24h' };
  test.each<[string, object, readonly PropertyKey[]]>([
    ['values without a cap', mean, ['cap']],
    ['a cap of nothing', { ...mean, cap: 0 }, ['cap']],
    ['a cap that is no number', { ...mean, cap: Number.NaN }, ['cap']],
    ['a cap without end', { ...mean, cap: Number.POSITIVE_INFINITY }, ['cap']],
    ['half an event', { ...mean, sum: 'events', cap: 2.5 }, ['cap']],
    ['more events than are counted', { ...mean, sum: 'events', cap: 1_001 }, ['cap']],
    ['a mean without its time', { ...web, type: 'mean', value_of: 'paid', cap: 5 }, ['within']],
    ['a gauge without a cap', { ...web, type: 'gauge' }, ['cap']],
    ['a success without its time', { ...web, type: 'proportion', success: 'booked' }, []],
    ['a type that is not known', { ...web, type: 'median' }, ['type']],
  ])('%s', (_, written, path) => {
    expect(MeasureSchema.safeParse(written).error?.issues.map((issue) => issue.path)).toEqual([path]);
  });
});

describe('the JSON Schema', () => {
  const registry = makeJsonSchema(FILE_SCHEMAS.find(({ name }) => name === 'kpis')!) as {
    additionalProperties: { properties: { measure: { oneOf: Branch[] } } };
  };
  interface Branch {
    readonly properties: Readonly<Record<string, { const?: string; description?: string }>>;
    readonly required: readonly string[];
    readonly additionalProperties: boolean;
  }
  const branches = registry.additionalProperties.properties.measure.oneOf;

  test('has one branch for each type, so that an editor offers the keys of that type alone', () => {
    expect(branches.map(({ properties }) => properties.type?.const)).toEqual(MEASURE_TYPES);
    expect(branches.map((branch) => branch.additionalProperties)).toEqual(branches.map(() => false));
    const required = branches.map((branch) => branch.required.filter((key) => !['source', 'type', 'of'].includes(key)));
    expect(required).toEqual([
      [],
      ['value_of', 'within'],
      ['numerator', 'denominator', 'within'],
      ['count'],
      ['quantile'],
      ['cap'],
    ]);
  });

  test('describes every key', () => {
    for (const { properties } of branches) {
      for (const [key, schema] of Object.entries(properties))
        expect([key, schema.description]).not.toContain(undefined);
    }
  });
});
