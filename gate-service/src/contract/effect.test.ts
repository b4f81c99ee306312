import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatDurationMinutes,
  formatEffect,
  parseDurationMinutes,
  parseEffect,
  parseLevel,
  ShareSchema,
} from './effect.ts';

describe('effects and levels (G11)', () => {
  test.each([
    ['+5%', { kind: 'relative', value: 0.05 }],
    ['-20%', { kind: 'relative', value: -0.2 }],
    ['0.5pp', { kind: 'absolute', value: 0.005 }],
    ['0.1%', { kind: 'relative', value: 0.001 }],
    ['29%', { kind: 'relative', value: 0.29 }],
    ['-0%', { kind: 'relative', value: 0 }],
    ['+5 %', { kind: 'relative', value: 0.05 }],
  ])('%s', (text, effect) => {
    expect(parseEffect(text)).toStrictEqual(effect);
  });

  test.each([
    '5',
    '',
    '%',
    '+-5%',
    '1e3%',
    '5%%',
    'Infinity%',
    '.5%',
    '5.%',
    '5,5%',
    '−5%',
    '٥%',
    '5％',
    '0x5%',
    '1234567%',
  ])('%j is no effect', (text) => {
    expect(parseEffect(text)).toBeNull();
  });

  test('% and pp are never taken for each other, and the number is the decimal that was written', () => {
    fc.assert(
      fc.property(
        fc.nat(99_999),
        fc.constantFrom('+', '-', ''),
        fc.constantFrom('%', 'pp'),
        (hundredths, sign, unit) => {
          const text = `${sign}${(hundredths / 100).toFixed(2)}${unit}`;
          const effect = parseEffect(text)!;
          const size = Number(`${hundredths}e-4`);
          return (
            effect.kind === (unit === '%' ? 'relative' : 'absolute') &&
            effect.value === (sign === '-' && size > 0 ? -size : size)
          );
        },
      ),
    );
  });

  test('what is written is read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: -99_999, max: 99_999 }), fc.constantFrom('relative', 'absolute'), (n, kind) => {
        const effect = { kind, value: n === 0 ? 0 : Number(`${n}e-4`) } as const;
        expect(parseEffect(formatEffect(effect))).toStrictEqual(effect);
      }),
    );
    fc.assert(
      fc.property(fc.nat(99_999), (minutes) => parseDurationMinutes(formatDurationMinutes(minutes)) === minutes),
    );
  });

  test.each([
    ['5%', 0.05],
    ['12', 12],
    ['0.3%', 0.003],
    ['-5%', null],
    ['5pp', null],
  ])('the level %s is %s', (text, level) => {
    expect(parseLevel(text)).toBe(level);
  });

  test.each([
    ['100%', 1],
    ['0%', 0],
    ['100.1%', null],
    ['50', null],
  ])('the share %s is %s', (text, share) => {
    expect(ShareSchema.safeParse(text).data ?? null).toBe(share);
  });
});
