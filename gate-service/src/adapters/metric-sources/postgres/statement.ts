import { nearest } from '../../../contract/nearest.ts';

/** What a query of the configuration may ask for, in the order of the server's $1 to $4. */
export const PARAMETERS = ['from', 'to', 'change_id', 'bucket'] as const;
export type Parameter = (typeof PARAMETERS)[number];

/** A query as it is written, cut where its parameters are. */
export type Statement = readonly (string | { readonly parameter: Parameter })[];

export type ReadStatement = { readonly statement: Statement } | { readonly problem: string };

/**
 * One token of PostgreSQL's lexer. Only where quotes and comments begin and end matters: inside of them nothing is a
 * parameter, a parenthesis or the end of a statement.
 */
const TOKEN =
  /(?<space>\s+)|(?<line>--[^\r\n]*)|(?<block>\/\*)|(?<escape>[eE]'(?:[^'\\]|\\[\s\S]|'')*'(?!'))|(?<quote>'(?:[^']|'')*'(?!'))|(?<name>"(?:[^"]|"")*"(?!"))|(?<dollar>\$(?<tag>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)|(?<parameter>\$[A-Za-z_]\w*)|(?<stray>[eE]?'|"|\$\d*)|(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<open>\()|(?<close>\))|(?<end>;)|(?<other>[\s\S])/uy;

/**
 * Cuts a query into its text and its parameters. That it is one statement which only reads is checked by the server as
 * well; here it is made sure that nothing of it can close or swallow what is put around it.
 * @returns the statement, or what is wrong with it
 */
export function readStatement(text: string): ReadStatement {
  const parts: (string | { parameter: Parameter })[] = [];
  let [plain, depth, at, ended] = ['', 0, 0, false];
  let first: string | null = null;
  const problem = (what: string) => ({ problem: `line ${text.slice(0, at).split('\n').length}: ${what}` });
  if (text.includes('\0')) return problem('a NUL character');
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text)!;
    const token = found.groups!;
    let raw = found[0];
    const silent = token.space !== undefined || token.line !== undefined || token.block !== undefined;
    if (ended && !silent) return problem('something follows the ";"; allowed: one SELECT');
    if (token.block !== undefined) {
      const length = blockCommentLength(text, at);
      if (length === null) return problem('a comment that begins with /* has no end');
      raw = text.slice(at, at + length);
    } else if (token.dollar !== undefined) {
      const close = text.indexOf(raw, at + raw.length);
      if (close < 0) return problem(`a text that begins with ${raw} has no end`);
      raw = text.slice(at, close + raw.length);
    } else if (token.stray !== undefined) {
      return problem(
        raw.startsWith('$') ? `${raw}; allowed: ${listed()}` : `a text that begins with ${raw} has no end`,
      );
    } else if (token.end !== undefined) {
      [ended, raw] = [true, ''];
    } else if (token.open !== undefined) depth += 1;
    else if (token.close !== undefined && --depth < 0) return problem('a ")" that nothing opened');
    if (!silent && token.open === undefined) first ??= raw.toLowerCase();
    if (token.parameter === undefined) plain += raw;
    else {
      const parameter = PARAMETERS.find((one) => one === raw.slice(1));
      if (parameter === undefined) return problem(`there is no parameter ${raw}${meant(raw)}; allowed: ${listed()}`);
      parts.push(plain, { parameter });
      plain = '';
    }
    at += raw.length || 1;
  }
  if (depth > 0) return problem(`${depth} "(" without their ")"`);
  if (first !== 'select' && first !== 'with')
    return { problem: 'it does not begin with SELECT or WITH; allowed: one SELECT' };
  return { statement: [...parts, plain].filter((part) => part !== '') };
}

/** Length of a comment with the comments inside of it; null when it has no end. */
function blockCommentLength(text: string, start: number): number | null {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let found = edge.exec(text); found; found = edge.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex - start;
  }
  return null;
}

function listed(): string {
  return PARAMETERS.map((name) => `$${name}`).join(', ');
}

function meant(raw: string): string {
  const [near] = nearest(raw.slice(1), PARAMETERS, 1);
  return near === undefined ? '' : ` (did you mean $${near}?)`;
}
