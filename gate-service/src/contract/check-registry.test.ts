import { describe, expect, test } from 'vitest';
import { parseBand } from './bands.ts';
import { ALL_TYPES, REGISTRY, summaries } from './change-files.fixture.ts';
import { readPolicy, readRegistry } from './read-change-files.ts';

function registryProblems(text: string): string[] {
  return readRegistry({ path: 'kpis.yml', text }).findings.map((f) => `${f.severity} ${f.code} ${f.path}`);
}
/** Findings of the KPI `revenue` with another measure, unit or bands. */
function findingsOf(changes: { measure?: string; unit?: string; bands?: string }) {
  const { measure = 'type: mean, of: viewed, value_of: paid, within: 24h, cap: 2000', unit = 'EUR', bands } = changes;
  const text = [
    'revenue:',
    '  title: Revenue',
    '  definition: What a visitor brings in',
    '  owner: growth',
    `  unit: ${unit}`,
    '  direction: increase_is_good',
    ...(bands === undefined ? [] : [`  bands: ${bands}`]),
    `  measure: { source: web, ${measure} }`,
    '',
  ].join('\n');
  return readRegistry({ path: 'kpis.yml', text }).findings;
}
const rising = (bands: string) => REGISTRY.replace('owner: growth', `owner: growth\n  bands: ${bands}`);
const falling = (bands: string) => REGISTRY.replace('owner: platform', `owner: platform\n  bands: ${bands}`);

describe('parseBand', () => {
  const below = { level: Number.NEGATIVE_INFINITY, above: false };
  const above = { level: Number.POSITIVE_INFINITY, above: true };
  test.each([
    ['< 20%', { from: below, to: { level: 0.2, above: false } }],
    ['<=20%', { from: below, to: { level: 0.2, above: true } }],
    ['> 30%', { from: { level: 0.3, above: true }, to: above }],
    ['>= 30.5%', { from: { level: 0.305, above: false }, to: above }],
    ['20%..30%', { from: { level: 0.2, above: false }, to: { level: 0.3, above: true } }],
    ['0.5% .. 1.5%', { from: { level: 0.005, above: false }, to: { level: 0.015, above: true } }],
    ['20%..20%', { from: { level: 0.2, above: false }, to: { level: 0.2, above: true } }],
  ])('reads %s', (text, band) => {
    expect(parseBand(text)).toEqual(band);
  });

  test.each(['20%', '30%..20%', '20%-30%', '< ', '..', '20%..', '< x%', '<> 3%', '', '=< 3%', '1%..2%..3%'])(
    'refuses %j',
    (text) => {
      expect(parseBand(text)).toBeNull();
    },
  );
});

describe('registry', () => {
  test('the test registry is right', () => {
    expect(registryProblems(REGISTRY)).toEqual([]);
  });

  test.each<[string, string, string[]]>([
    ['bands that touch', rising('{ red: "< 20%", yellow: "20%..30%", green: "> 30%" }'), []],
    ['bands of a falling KPI', falling('{ green: "< 1%", yellow: "1%..2%", red: "> 2%" }'), []],
    ['one band', rising('{ red: "< 20%" }'), []],
    ['a gap', rising('{ red: "< 20%", green: "> 30%" }'), ['warning bands_gap conversion.bands.green']],
    ['a gap of one level', rising('{ red: "< 20%", green: "> 20%" }'), ['warning bands_gap conversion.bands.green']],
    ['an overlap', rising('{ red: "< 25%", yellow: "20%..30%" }'), ['error bands_overlap conversion.bands.yellow']],
    [
      'an overlap of one level',
      rising('{ red: "<= 20%", yellow: "20%..30%" }'),
      ['error bands_overlap conversion.bands.yellow'],
    ],
    ['the wrong way round', rising('{ green: "< 20%", red: ">= 20%" }'), ['error bands_reversed conversion.bands']],
    [
      'the wrong way round, falling',
      falling('{ red: "< 20%", green: ">= 20%" }'),
      ['error bands_reversed error_rate.bands'],
    ],
    ['a band that is none', rising('{ red: "about 20%" }'), ['error invalid_band conversion.bands.red']],
    ['a band without %', rising('{ red: "< 20" }'), ['error invalid_band conversion.bands.red']],
    ['a band above 100%', rising('{ green: "> 120%" }'), ['error invalid_band conversion.bands.green']],
    ['a band of no level', rising('{ red: "< 0%" }'), ['error invalid_band conversion.bands.red']],
    ['a within of nothing', REGISTRY.replace('24h', '0m'), ['error out_of_range conversion.measure.within']],
    ['a within of months', REGISTRY.replace('24h', '29d'), ['error out_of_range conversion.measure.within']],
    ['a success without within', REGISTRY.replace(', within: 24h', ''), ['error invalid_value conversion.measure']],
    ['no KPI', '{}', ['error empty_registry ']],
    ['a list', '- a', ['error wrong_type ']],
    ['an id with capitals', REGISTRY.replace('conversion:', 'Conversion:'), ['error invalid_name Conversion']],
    [
      'an id that looks like another',
      REGISTRY.replace('conversion:', 'cоnversion:'),
      ['error invalid_name "cоnversion"'],
    ],
  ])('%s', (_, text, expected) => {
    expect(registryProblems(text)).toEqual(expected);
  });

  test('one of every type is right', () => {
    expect(registryProblems(ALL_TYPES)).toEqual([]);
  });

  test.each<[string, Parameters<typeof findingsOf>[0], string[]]>([
    ['plain levels', { bands: '{ red: "< 20", yellow: "20..30.5", green: "> 30.5" }' }, []],
    ['large levels', { unit: 'bytes', bands: '{ red: "< 1500000000", green: ">= 1500000000" }' }, []],
    ['levels in %', { bands: '{ red: "< 20%" }' }, ['error invalid_band revenue.bands.red']],
    ['a level with its unit', { bands: '{ red: "< 20 EUR" }' }, ['error invalid_band revenue.bands.red']],
    ['bands the wrong way round', { bands: '{ red: "> 20" }' }, []],
    [
      'two bands the wrong way round',
      { bands: '{ red: "> 20", green: "<= 20" }' },
      ['error bands_reversed revenue.bands'],
    ],
    ['the unit of a share', { unit: 'ratio' }, ['error invalid_value revenue.unit']],
    [
      'the unit of an amount for a share',
      { measure: 'type: proportion, of: viewed, success: paid, within: 24h' },
      ['error invalid_value revenue.unit'],
    ],
    [
      'a mean within nothing',
      { measure: 'type: mean, of: viewed, value_of: paid, within: 0h, cap: 9' },
      ['error out_of_range revenue.measure.within'],
    ],
    [
      'a ratio within months',
      { measure: 'type: ratio, of: viewed, numerator: paid, denominator: booked, within: 29d' },
      ['error out_of_range revenue.measure.within'],
    ],
    [
      'values without a cap',
      { measure: 'type: mean, of: viewed, value_of: paid, within: 24h' },
      ['error missing_key revenue.measure.cap'],
    ],
    [
      'values of a ratio without a cap',
      { measure: 'type: ratio, of: viewed, numerator: paid, denominator: booked, sum: value, within: 24h' },
      ['error missing_key revenue.measure.cap'],
    ],
    ['events without a cap', { measure: 'type: mean, of: viewed, value_of: paid, sum: events, within: 24h' }, []],
    [
      'a cap of events that is no whole number',
      { measure: 'type: mean, of: viewed, value_of: paid, sum: events, cap: 1.5, within: 24h' },
      ['error invalid_value revenue.measure.cap'],
    ],
    [
      'a cap of values where events are counted',
      { measure: 'type: ratio, of: viewed, numerator: paid, denominator: booked, cap: 2000, within: 24h' },
      ['error invalid_value revenue.measure.cap'],
    ],
    ['a cap of nothing', { measure: 'type: gauge, of: sampled, cap: 0' }, ['error out_of_range revenue.measure.cap']],
    [
      'a cap beyond all amounts',
      { measure: 'type: gauge, of: sampled, cap: 1e13' },
      ['error out_of_range revenue.measure.cap'],
    ],
    [
      'a rate of the event itself',
      { measure: 'type: rate, of: viewed, count: viewed' },
      ['error same_event revenue.measure.count'],
    ],
    [
      'a ratio of the event itself',
      { measure: 'type: ratio, of: viewed, numerator: paid, denominator: paid, within: 24h' },
      ['error same_event revenue.measure.numerator'],
    ],
    [
      'the mean value of an event',
      { measure: 'type: ratio, of: viewed, numerator: paid, denominator: paid, sum: value, cap: 9, within: 24h' },
      [],
    ],
    [
      'a conversion to itself',
      { measure: 'type: proportion, of: viewed, success: viewed, within: 24h', unit: 'ratio' },
      ['error same_event revenue.measure.success'],
    ],
    [
      'a mean over buyers alone',
      { measure: 'type: mean, of: paid, value_of: paid, within: 24h, cap: 9' },
      ['warning same_event revenue.measure.of'],
    ],
    ['visits of a visitor', { measure: 'type: mean, of: viewed, value_of: viewed, sum: events, within: 7d' }, []],
    [
      'a type that JavaScript knows',
      { measure: 'type: constructor, of: a' },
      ['error invalid_value revenue.measure.type'],
    ],
  ])('of other units: %s', (_, changes, expected) => {
    expect(findingsOf(changes).map((f) => `${f.severity} ${f.code} ${f.path}`)).toEqual(expected);
  });

  test.each<[string, string, Record<string, unknown>[]]>([
    [
      'a type with a typing mistake',
      'type: qantile, of: viewed, quantile: p95',
      [
        {
          code: 'invalid_value',
          path: 'revenue.measure.type',
          column: 33,
          found: 'qantile',
          allowed: 'proportion, mean, ratio, rate, quantile, gauge',
          remedy: 'Write `type: quantile`.',
        },
      ],
    ],
    [
      'another word for a type',
      'type: percentile, of: viewed, quantile: p95',
      [{ code: 'invalid_value', found: 'percentile', remedy: expect.stringContaining('`type: quantile`') }],
    ],
    [
      'no type',
      'of: viewed, value_of: paid, within: 24h, cap: 2000',
      [
        {
          code: 'missing_key',
          path: 'revenue.measure.type',
          found: '(nothing)',
          allowed: 'proportion, mean, ratio, rate, quantile, gauge',
          remedy: expect.stringContaining('`type: mean`'),
        },
      ],
    ],
    [
      'a type that is a number',
      'type: 7, of: viewed',
      [{ code: 'invalid_value', found: '7', remedy: expect.stringContaining('allowed values') }],
    ],
    ['a type without value', 'type: , of: viewed', [{ code: 'missing_value', path: 'revenue.measure.type' }]],
    [
      'a key of another type',
      'type: quantile, of: viewed, quantile: p95, within: 24h',
      [
        {
          code: 'unknown_key',
          path: 'revenue.measure.within',
          column: 70,
          found: 'within',
          allowed: 'source, type, of, quantile',
          message: '`within` is not a key of `revenue.measure` when its `type` is quantile',
          remedy: 'Remove it, or write the type that has it: `proportion` or `mean` or `ratio`.',
        },
      ],
    ],
    [
      'a key with a typing mistake',
      'type: gauge, of: sampled, capp: 9, cap: 9',
      [{ code: 'unknown_key', found: 'capp', remedy: 'Write `cap` instead of `capp`.' }],
    ],
    [
      'a quantile that is not offered',
      'type: quantile, of: viewed, quantile: 95',
      [{ code: 'invalid_value', found: '95', allowed: 'p50, p75, p90, p95, p99' }],
    ],
    ['a cap with a unit', 'type: gauge, of: sampled, cap: 500 jobs', [{ code: 'wrong_type', found: '500 jobs' }]],
  ])('says one thing about %s', (_, measure, expected) => {
    expect(findingsOf({ measure })).toMatchObject(expected);
  });

  test('a measure that is no mapping is told what it needs', () => {
    const [finding] = readRegistry({
      path: 'kpis.yml',
      text: REGISTRY.replace(/measure: .*24h \}/, 'measure: booked over viewed'),
    }).findings;
    expect(finding).toMatchObject({
      code: 'wrong_type',
      path: 'conversion.measure',
      allowed: expect.stringContaining('the key type (proportion, mean,'),
      remedy: 'Write keys with values, indented below this key.',
    });
  });

  test('may be larger than a contract, but not without end', () => {
    const kpis = (count: number) =>
      Array.from({ length: count }, (_, i) => REGISTRY.replaceAll(/^(\w+):$/gm, `$1_${i}:`)).join('');
    expect(registryProblems(kpis(200))).toEqual([]);
    expect(registryProblems(kpis(600))).toEqual(['error file_too_large ']);
  });
});

describe('policy', () => {
  const read = (text: string) => readPolicy({ path: 'policy.yml', text });
  test('a freeze must begin before it ends', () => {
    const freeze = (from: string, to: string) => `freeze: [{ from: ${from}, to: ${to}, reason: a holiday }]`;
    expect(read(freeze('2026-11-27T00:00:00Z', '2026-11-28T00:00:00Z')).findings).toEqual([]);
    expect(summaries(read(freeze('2026-11-27T00:00:00Z', '2026-11-27T01:00:00+01:00')).findings)).toEqual([
      'error out_of_range policy.yml:1:44 freeze[0].to',
    ]);
    expect(summaries(read(freeze('2026-11-27', '2026-11-28')).findings)).toEqual([
      'error invalid_value policy.yml:1:18 freeze[0].from',
      'error invalid_value policy.yml:1:34 freeze[0].to',
    ]);
  });
});
