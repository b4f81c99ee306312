import { describe, expect, test } from 'vitest';
import { HashIndex, hash64, mixHash } from '../../src/cli/replay/hash-index.ts';
import { makeVocabulary, parseTime } from '../../src/cli/replay/parse-value.ts';
import { TrialSet } from '../../src/cli/replay/trial-set.ts';
import { seededRandom } from '../support/seeded-random.ts';

describe('times', () => {
  test.each([
    ['2026-11-02T09:15:00Z', '2026-11-02T09:15:00.000Z'],
    ['2026-11-02t09:15z', '2026-11-02T09:15:00.000Z'],
    ['2026-11-02 10:15:00.5+01:00', '2026-11-02T09:15:00.500Z'],
    ['2026-11-02T04:45:00-0430', '2026-11-02T09:15:00.000Z'],
    ['2026-11-02 09:15:00 +00', '2026-11-02T09:15:00.000Z'],
    ['2028-02-29T00:00:00.123456Z', '2028-02-29T00:00:00.123Z'],
    ['1793610900', '2026-11-02T09:15:00.000Z'],
    ['1793610900.25', '2026-11-02T09:15:00.250Z'],
    ['1793610900123', '2026-11-02T09:15:00.123Z'],
  ])('%s', (text, instant) => {
    const at = parseTime(text, false);
    expect(typeof at === 'number' ? new Date(at).toISOString() : at).toBe(instant);
  });

  test.each([
    '',
    'NaN',
    'yesterday',
    '2026-11-02',
    '02.11.2026 09:15',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-02T24:00:00Z',
    '2026-11-02T09:60:00Z',
    '2026-11-02T09:15:60Z',
    '2026-11-02T09:15:00+24:00',
    '1e12',
    '0x10',
    '179361090',
    '17936109001',
    '179361090012345',
    '-1793610900',
    '0000000001',
  ])('"%s" is none', (text) => {
    expect(parseTime(text, true)).toBe('invalid');
  });

  test('without a zone only when all are UTC', () => {
    expect(parseTime('2026-11-02 09:15', false)).toBe('zone');
    expect(parseTime('2026-11-02 09:15', true)).toBe(Date.UTC(2026, 10, 2, 9, 15));
  });
});

test('the words of a file are added to those that everybody uses', () => {
  const { variants, outcomes } = makeVocabulary([
    { text: 'New ', meaning: 'on' },
    { text: 'won', meaning: 'success' },
  ]);
  expect([variants.get('new'), variants.get('b'), variants.get('control'), variants.get('x')]).toEqual([
    'on',
    'on',
    'off',
    undefined,
  ]);
  expect([outcomes.get('won'), outcomes.get('no'), outcomes.get('nan')]).toEqual([true, false, undefined]);
});

describe('hashes of units', () => {
  test('200 000 names that differ little have different ones', () => {
    const index = new HashIndex();
    const names = Array.from({ length: 100_000 }, (_, i) => [`user-${i}`, `${i}`.padStart(12, '0')]).flat();
    expect(names.map((name) => index.take(hash64(name)))).toEqual(names.map((_, i) => i));
    expect(names.map((name) => index.take(hash64(name)))).toEqual(names.map((_, i) => i));
    expect(index.bytes / names.length).toBeLessThan(40);
  });

  test('occurrences of units are told apart', () => {
    const keys = new Set<string>();
    for (let unit = 0; unit < 100; unit++) {
      for (let minute = 29_000_000; minute < 29_000_100; minute++) {
        for (let arm = 0; arm < 6; arm++) {
          const { hi, lo } = mixHash(hash64(`u${unit}`), minute, arm);
          keys.add(`${hi}:${lo}`);
        }
      }
    }
    expect(keys.size).toBe(60_000);
  });
});

test('a set of trials that forgets answers like one that does not', () => {
  const random = seededRandom(3);
  const known = new Map<string, number>();
  const set = new TrialSet(5);
  for (let i = 0; i < 300_000; i++) {
    const [unit, minute, level] = [
      random.int(100),
      Math.max(0, Math.floor(i / 40) - random.int(5)),
      random.next() < 0.1 ? random.int(3000) : 0,
    ];
    const before = known.get(`${unit} ${minute}`);
    if (set.add(hash64(`u${unit}`), 0, minute, level) !== (before ?? null)) expect.fail(`at ${i}`);
    known.set(`${unit} ${minute}`, Math.max(level, before ?? 0));
  }
  expect(known.size).toBeGreaterThan(200_000);
});
