import { describe, expect, test } from 'vitest';
import { parseBand } from './bands.ts';
import { REGISTRY, summaries } from './change-files.fixture.ts';
import { readPolicy, readRegistry } from './read-change-files.ts';

function registryProblems(text: string): string[] {
  return readRegistry({ path: 'kpis.yml', text }).findings.map((f) => `${f.severity} ${f.code} ${f.path}`);
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
