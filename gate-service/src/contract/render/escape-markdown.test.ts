import { describe, expect, it } from 'vitest';
import { escapeMarkdown, inlineCode, plainText } from './escape-markdown.ts';

const visible = (text: string) => text.replaceAll('\u200b', '⁞');

describe('escapeMarkdown', () => {
  it.each([
    ['leaves plain words alone', 'A shorter quote form, 99.2% (of 12)!', 'A shorter quote form, 99.2% (of 12)!'],
    ['breaks mentions', 'ask @octocat', 'ask @⁞octocat'],
    ['breaks references', 'fixes #1, a/b#2, GH-3', 'fixes #⁞1, a/b#⁞2, GH-⁞3'],
    ['breaks commits', '4f1d2c3b4a', '4f1d2c⁞3b4a'],
    ['breaks a commit of 13 digits twice', '0123456789abc', '012345⁞6789ab⁞c'],
    ['breaks addresses', 'https://x.example www.x.example', 'https:⁞//x.example www⁞.x.example'],
    ['breaks emoji codes', ':tada:', ':⁞tada:'],
    ['takes links apart', '[a](b)', '\\[a\\](b)'],
    ['turns HTML into text', '<b>&amp;</b>', '&lt;b&gt;&amp;amp;&lt;/b&gt;'],
    ['keeps dollars from being a formula', '$5', '<span>$</span>5'],
    ['escapes pipes', 'a|b', 'a\\|b'],
    ['folds lines', 'a\n\n# b\r\nc\u2028d', 'a #⁞ b c d'],
    ['shows direction overrides', 'a\u202eb', 'a\\\\u{202e}b'],
    ['shows control characters', 'a\u001b[31m', 'a\\\\u{1b}\\[31m'],
    ['shows lone surrogates', 'a\ud83d', 'a\\\\u{d83d}'],
    ['keeps emoji with joiners', '👩‍🔧', '👩‍🔧'],
    ['escapes a list marker at the start', '- a', '\\- a'],
    ['leaves a negative number at the start', '-5% then', '-5% then'],
    ['escapes an ordered list marker at the start', '1. a', '1\\. a'],
    ['escapes an underline', '===', '\\==='],
    ['trims', '   a  ', 'a'],
  ])('%s', (_description, text, expected) => {
    expect(visible(escapeMarkdown(text))).toBe(expected);
  });

  it('caps what is shown, not what the escapes add', () => {
    expect(escapeMarkdown('*'.repeat(100), 10)).toBe(`${'\\*'.repeat(9)}…`);
    expect(plainText('😀'.repeat(100), 10)).toBe(`${'😀'.repeat(9)}…`);
    expect(plainText(`${'\n'.repeat(5_000)}a${' \n'.repeat(200)}b`, 10)).toContain('a');
    expect(plainText('a'.repeat(10), 10)).toBe('a'.repeat(10));
  });

  it('is quick with a megabyte of trouble', () => {
    const from = performance.now();
    escapeMarkdown('@`[<#:'.repeat(200_000));
    expect(performance.now() - from).toBeLessThan(200);
  });
});

describe('inlineCode', () => {
  it.each([
    ['wraps', 'a', '`a`'],
    ['uses a longer fence than any inside', 'a``b', '```a``b```'],
    ['pads where a backtick touches the fence', '`a', '`` `a ``'],
    ['says that nothing is there', ' \n ', '(empty)'],
    ['folds lines', 'a\nb', '`a b`'],
  ])('%s', (_description, text, expected) => {
    expect(inlineCode(text)).toBe(expected);
  });
});
