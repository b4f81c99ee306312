import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatCountOf,
  formatEffectWithInterval,
  formatEstimate,
  formatInterval,
  formatRate,
  formatShare,
  formatTally,
  formatThreshold,
} from './format-number.ts';
import { formatElapsed, formatInstant, formatMinute, formatMinutes, formatWeeks, formatWindow } from './format-time.ts';
import { levelText } from './level-text.ts';
import { bulletList, collapsed, markdownTable } from './markdown-table.ts';
import { intervalChart, shareBar } from './text-chart.ts';

const thin = (text: string) => text.replaceAll('\u202f', '_');

describe('levels in the unit of their KPI', () => {
  it.each([
    [0.2213, 'ratio', '22.1%'],
    [12.3382, 'EUR', '12.34 EUR'],
    [811.96, 'ms', '812 ms'],
    [999.99, 'ms', '1\u202f000 ms'],
    [1_234_567.4, 'jobs', '1\u202f234\u202f567 jobs'],
    [0.000123456, 'per session', '0.0001235 per session'],
    [0, 'EUR', '0 EUR'],
    [12, '', '12'],
    [5, '<b>*', '5 &lt;b&gt;\\*'],
    [null, 'EUR', '–'],
    [null, 'ratio', '–'],
    [Number.NaN, 'ms', '–'],
    [Number.POSITIVE_INFINITY, 'ratio', '–'],
  ])('%s in %j is %j', (level, unit, expected) => expect(levelText(level, unit)).toBe(expected));
});

describe('numbers', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1_000'],
    [12_345_678, '12_345_678'],
    [-1_234.4, '-1_234'],
    [-0.2, '0'],
    [Number.NaN, 'unknown'],
    [null, 'unknown'],
  ])('count %s is %s', (value, expected) => expect(thin(formatCount(value))).toBe(expected));

  it('counts things', () => {
    expect(formatCountOf(1, 'unit')).toBe('1 unit');
    expect(formatCountOf(2, 'unit')).toBe('2 units');
  });

  it.each([
    [0, '0.0%'],
    [0.2213, '22.1%'],
    [1, '100.0%'],
    [0.0618, '6.18%'],
    [0.00618, '0.62%'],
    [0.000_061_8, '0.0062%'],
    [0.000_000_2, '0.00002%'],
    [Number.POSITIVE_INFINITY, 'unknown'],
    [null, 'unknown'],
  ])('rate %s is %s', (value, expected) => expect(formatRate(value)).toBe(expected));

  it('writes tallies, and no rate without trials', () => {
    expect(thin(formatTally({ n: 5_012, y: 1_108 }))).toBe('22.1% (1_108 of 5_012)');
    expect(formatTally({ n: 0, y: 0 })).toBe('no data');
    expect(formatTally({ n: Number.NaN, y: 0 })).toBe('no data');
  });

  it.each([
    [0, '0%'],
    [0.001, 'under 1%'],
    [0.683, '68%'],
    [0.999, 'over 99%'],
    [1, '100%'],
    [null, 'unknown'],
  ])('share %s is %s', (value, expected) => expect(formatShare(value)).toBe(expected));

  it.each([
    [0.063, 'relative', '+6.3%'],
    [-0.021, 'relative', '-2.1%'],
    [0.009, 'relative', '+0.9%'],
    [0.0002, 'relative', '+0.02%'],
    [-0.00103, 'absolute', '-0.10pp'],
    [0, 'relative', '0.0%'],
    [-0.000_000_1, 'relative', '0.00%'],
    [null, 'relative', 'not computable'],
    [Number.NaN, 'absolute', 'not computable'],
  ] as const)('effect %s (%s) is %s', (value, scale, expected) => expect(formatEstimate(value, scale)).toBe(expected));

  it.each([
    [0.05, 'relative', '+5%'],
    [-0.005, 'absolute', '-0.5pp'],
    [0.07, 'relative', '+7%'],
    [0, 'relative', '0%'],
  ] as const)('threshold %s (%s) is %s', (value, scale, expected) =>
    expect(formatThreshold(value, scale)).toBe(expected),
  );

  it('writes intervals, open ends included', () => {
    expect(formatInterval(0.021, 0.104, 'relative')).toBe('+2.1% … +10.4%');
    expect(formatInterval(0.021, null, 'relative')).toBe('+2.1% … no upper limit');
    expect(formatInterval(null, 0.104, 'relative')).toBe('no lower limit … +10.4%');
    expect(formatInterval(null, null, 'relative')).toBe('not computable');
    expect(formatEffectWithInterval({ estimate: 0.063, lo: 0.021, hi: 0.104 }, 'relative')).toBe(
      '+6.3% (90% interval +2.1% … +10.4%)',
    );
    expect(formatEffectWithInterval({ estimate: null, lo: 0, hi: 1 }, 'relative')).toBe('not computable');
  });
});

describe('times', () => {
  it.each([
    [0.4, 'under a minute'],
    [45, '45 min'],
    [192, '3 h 12 min'],
    [1_440, '1 d'],
    [4_575, '3 d 4 h'],
    [-1, 'unknown'],
    [null, 'unknown'],
  ])('%s minutes are %s', (minutes, expected) => expect(formatMinutes(minutes)).toBe(expected));

  it.each([
    [10_080, '7 days'],
    [1_440, '1 day'],
    [2_160, '1 d 12 h'],
  ])('a window of %s minutes is %s', (minutes, expected) => expect(formatWindow(minutes)).toBe(expected));

  it.each([
    [400, 'under 1 s'],
    [4_400, '4 s'],
    [200_000, '3 min 20 s'],
    [-1, 'unknown'],
  ])('%s ms are %s', (ms, expected) => expect(formatElapsed(ms)).toBe(expected));

  it.each([
    [2.33, '2.4 weeks'],
    [1, '1 week'],
    [30.2, '31 weeks'],
    [Number.POSITIVE_INFINITY, 'unknown'],
  ])('%s weeks are %s', (weeks, expected) => expect(formatWeeks(weeks)).toBe(expected));

  it('writes instants in UTC and never throws', () => {
    expect(formatInstant(Date.UTC(2026, 10, 2, 9, 15, 4, 999))).toBe('2026-11-02 09:15:04 UTC');
    expect(formatMinute(Date.UTC(2026, 10, 2, 9, 15) / 60_000)).toBe('2026-11-02 09:15 UTC');
    for (const bad of [null, Number.NaN, 1e300]) {
      expect(formatInstant(bad)).toBe('unknown');
      expect(formatMinute(bad)).toBe('unknown');
    }
  });
});

describe('charts', () => {
  it('draws shares', () => {
    expect(shareBar(0.5, 10)).toBe('█████·····');
    expect(shareBar(0.001, 10)).toBe('█·········');
    expect(shareBar(0, 10)).toBe('··········');
    expect(shareBar(7, 10)).toBe('██████████');
    expect(shareBar(Number.NaN, 10)).toBe('··········');
  });

  it('draws intervals against zero and the threshold', () => {
    expect(intervalChart({ estimate: 0.06, lo: 0.02, hi: 0.1, threshold: 0.05 }, 13)).toBe('·│·━━━┊●━━━━·');
    expect(intervalChart({ estimate: 0.06, lo: 0.02, hi: null, threshold: null }, 13)).toBe('·│··━━━━━━━●▶');
    expect(intervalChart({ estimate: 0, lo: null, hi: null, threshold: null }, 13)).toBe('◀●━━━━━━━━━━▶');
  });

  it('always has its width', () => {
    for (const value of [0, 1e-9, 1e9, -1e9]) {
      expect(
        Array.from(intervalChart({ estimate: value, lo: value - 1, hi: value + 1, threshold: value }, 31)),
      ).toHaveLength(31);
    }
  });
});

describe('Markdown', () => {
  it('makes tables whose cells cannot break them', () => {
    const table = markdownTable(
      [{ title: 'a' }, { title: 'b', align: 'right' }],
      [
        ['x|y', 'x\\|y'],
        ['x\\\\|y', 'two\nlines'],
      ],
    );
    expect(table).toBe('| a | b |\n| --- | ---: |\n| x\\|y | x\\|y |\n| x\\\\\\|y | two lines |');
  });

  it('makes lists and folds', () => {
    expect(bulletList(['a', 'b'])).toBe('- a\n- b');
    expect(collapsed('more', 'x')).toBe('<details><summary>more</summary>\n\nx\n\n</details>');
  });
});
