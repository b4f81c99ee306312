import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteLength, fitSections, type Section } from './fit.ts';

const section = (name: string, importance: number, text: string, condensed?: string): Section => ({
  name,
  importance,
  text,
  ...(condensed === undefined ? {} : { condensed }),
});

describe('fitSections', () => {
  it('joins what fits, without empty sections', () => {
    expect(fitSections([section('a', 0, 'A'), section('b', 1, ''), section('c', 2, 'C')], 100)).toBe('A\n\nC\n');
  });

  it('leaves out the least important first and says so', () => {
    const text = fitSections(
      [section('head', 0, 'A'), section('chart', 9, 'B'.repeat(300)), section('table', 1, 'C')],
      300,
    );
    expect(text).toContain('A\n\nC');
    expect(text).not.toContain('B');
    expect(text).toContain('Left out: chart.');
  });

  it('shortens before it leaves out', () => {
    const text = fitSections([section('head', 0, 'A'), section('table', 1, 'B'.repeat(300), 'short')], 300);
    expect(text).toContain('short');
    expect(text).toContain('Shortened: table.');
  });

  it('keeps what is required, and cuts it by whole lines when nothing else helps', () => {
    const text = fitSections([section('head', 0, Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n'))], 300);
    expect(text.startsWith('line 0\nline 1\n')).toBe(true);
    expect(text).toContain('the rest is cut off');
    expect(byteLength(text)).toBeLessThanOrEqual(300);
  });

  it('counts bytes, so that no way of counting finds more', () => {
    expect(byteLength('é€😀')).toBe(9);
  });

  it('never exceeds its limit and keeps required sections that fit', () => {
    const sections = fc.array(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c'),
        importance: fc.integer({ min: 1, max: 9 }),
        text: fc.string({ maxLength: 3_000 }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(sections, (others) => {
        const text = fitSections([section('verdict', 0, 'PASS because'), ...others], 1_000);
        expect(byteLength(text)).toBeLessThanOrEqual(1_000);
        expect(text.startsWith('PASS because')).toBe(true);
      }),
    );
  });
});
