/** A TypeScript source with its comments and the insides of its strings blanked, so that plain patterns can read it. */
export interface SourceText {
  /** Same length and line breaks as the source: comments, strings and regular expressions hold spaces only. */
  readonly code: string;
  /** What each string or template without `${}` holds, by the offset of its opening quote. */
  readonly strings: ReadonlyMap<number, string>;
  readonly comments: readonly { readonly offset: number; readonly text: string }[];
}

/** After one of these a `/` starts a regular expression; after anything else it divides. */
const BEFORE_REGEX =
  /(?:^|[=(,:[!&|?{};+\-*%<>~^]|=>|\b(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield))$/;

/** Reads a source just far enough to tell code from comments, strings, templates and regular expressions. */
export function readSource(source: string): SourceText {
  const out = [...source.split('')];
  const strings = new Map<number, string>();
  const comments: { offset: number; text: string }[] = [];
  /** Open braces since each `${`; the last one is the innermost template. */
  const templates: number[] = [];
  let at = 0;

  const blank = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  const codeBefore = (): string =>
    out
      .slice(Math.max(0, at - 200), at)
      .join('')
      .trimEnd();
  const endOf = (from: number, stops: (i: number) => boolean): number => {
    let i = from;
    while (i < source.length && !stops(i)) i += source[i] === '\\' ? 2 : 1;
    return Math.min(i, source.length);
  };
  const readTemplate = (from: number): void => {
    const end = endOf(from, (i) => source[i] === '`' || source.startsWith('${', i));
    const whole = source[from - 1] === '`' && source[end] === '`';
    if (whole) strings.set(from - 1, source.slice(from, end));
    blank(from, end);
    if (source[end] === '`') at = end + 1;
    else {
      templates.push(0);
      at = end + 2;
    }
  };
  const readRegex = (): void => {
    let inClass = false;
    const end = endOf(at + 1, (i) => {
      if (source[i] === '[') inClass = true;
      if (source[i] === ']') inClass = false;
      return source[i] === '\n' || (source[i] === '/' && !inClass);
    });
    blank(at + 1, end);
    at = end + 1;
  };

  while (at < source.length) {
    const char = source[at] ?? '';
    if (source.startsWith('//', at) || source.startsWith('/*', at) || (at === 0 && source.startsWith('#!'))) {
      const close = source.startsWith('/*', at) ? '*/' : '\n';
      const found = source.indexOf(close, at + 2);
      const end = found < 0 ? source.length : found + (close === '*/' ? 2 : 0);
      comments.push({ offset: at, text: source.slice(at, end) });
      blank(at, end);
      at = end;
    } else if (char === "'" || char === '"') {
      const end = endOf(at + 1, (i) => source[i] === char || source[i] === '\n');
      strings.set(at, source.slice(at + 1, end));
      blank(at + 1, end);
      at = end + 1;
    } else if (char === '`') {
      readTemplate(at + 1);
    } else if (char === '/' && BEFORE_REGEX.test(codeBefore())) {
      readRegex();
    } else if (char === '}' && templates.at(-1) === 0) {
      templates.pop();
      readTemplate(at + 1);
    } else {
      const open = templates.length - 1;
      if (open >= 0 && char === '{') templates[open] = (templates[open] ?? 0) + 1;
      if (open >= 0 && char === '}') templates[open] = (templates[open] ?? 0) - 1;
      at += 1;
    }
  }
  return { code: out.join(''), strings, comments };
}

/** The line, counted from 1, of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
