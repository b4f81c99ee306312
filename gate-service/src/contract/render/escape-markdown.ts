import { findHiddenCharacters } from '../hidden-characters.ts';

/**
 * U+200B. GitHub finds mentions, references and addresses in the rendered text, so that backslashes and
 * entities don't stop it; a character without width inside the pattern does, and a reader sees no difference.
 */
const BREAK = '\u200b';
const ELLIPSIS = '…';
const LONGEST_READ = 65_536;

/** Line ends and tabs become one space, hidden and control characters visible escapes, the rest at most `max` characters. */
export function plainText(text: string, max = 500): string {
  // Cut early: an attacker's megabyte is not worth scanning. A character has two code units at most.
  const folded = text
    .slice(0, LONGEST_READ)
    .replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/g, ' ')
    .trim();
  const characters = Array.from(showHidden(folded.slice(0, max * 2 + 2)));
  return characters.length <= max ? characters.join('') : `${characters.slice(0, max - 1).join('')}${ELLIPSIS}`;
}

/** Joiners inside emoji and scripts that need them stay; findHiddenCharacters knows which. */
function showHidden(text: string): string {
  let shown = '';
  let from = 0;
  for (const { offset } of findHiddenCharacters(text)) {
    const point = text.codePointAt(offset)!;
    shown += `${text.slice(from, offset)}\\u{${point.toString(16)}}`;
    from = offset + (point > 0xffff ? 2 : 1);
  }
  return shown + text.slice(from);
}

/** Breaks what GitHub would link, ping or replace: mentions, references, addresses, commits, emoji codes. */
function makeInert(text: string): string {
  return text
    .replace(/[@#]/g, `$&${BREAK}`)
    .replace(/:(?=\S)/g, `:${BREAK}`)
    .replace(/www(?=\.)/gi, `$&${BREAK}`)
    .replace(/(?<=[A-Za-z])-(?=\d)|(?<=GHSA)-/gi, `-${BREAK}`)
    .replace(/[0-9a-f]{7,}/gi, (digits) => digits.replace(/.{6}(?=.)/g, `$&${BREAK}`));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  // GitHub's own advice against `$…$` becoming a formula, which it also looks for in the rendered text.
  $: '<span>$</span>',
};

/**
 * Makes text that a person or another system wrote safe at any place of our Markdown, table cells included:
 * it shows as it was written and does nothing.
 */
export function escapeMarkdown(text: string, max = 500): string {
  return makeInert(plainText(text, max))
    .replace(/[\\`*_[\]|~]/g, '\\$&')
    .replace(/[&<>$]/g, (character) => ENTITIES[character]!)
    .replace(/^(?:[+-](?=\s|$)|[=:-](?=[=:\s-]*$))/, '\\$&')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2');
}

/** Text as a code span, whatever backticks it holds. In a code span GitHub links and pings nothing. */
export function inlineCode(text: string, max = 200): string {
  const shown = plainText(text, max);
  if (shown === '') return '(empty)';
  const longest = Math.max(0, ...(shown.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = shown.startsWith('`') || shown.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}
