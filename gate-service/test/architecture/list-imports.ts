import { lineAt, type SourceText } from './source-text.ts';

/** One way in which a file takes something from another. */
export interface ImportUse {
  /** Null when it is computed at run time, so that nobody can check it. */
  readonly specifier: string | null;
  /** `import type` and `export type`: gone at run time. `import { type A }` is not: the import stays. */
  readonly typeOnly: boolean;
  /** What stands between `import` and `from`; empty for the other kinds. */
  readonly clause: string;
  readonly line: number;
}

/** `import … from`, `export … from`: the quote is the match's last character. */
const FROM = /(?<![.\w$])(?:import|export)\b([\w\s{},*$'"]*?)\bfrom\s*['"]/g;
const SIDE_EFFECT = /(?<![.\w$])import\s*['"]/g;
const CALL = /(?<![.\w$])(?:import|require(?:\.resolve)?)\s*\(|\bgetBuiltinModule\s*\(/g;

/** Every import of a source: static, side-effect, re-export, type, dynamic, `require` and `getBuiltinModule`. */
export function listImports({ code, strings }: SourceText): readonly ImportUse[] {
  const uses: ImportUse[] = [];
  const add = (match: RegExpMatchArray, quote: number, clause: string): void => {
    uses.push({
      specifier: strings.get(quote) ?? null,
      typeOnly: /^\s+type(?:\s+[\w$]|\s*[{*])/.test(clause),
      clause: clause.trim(),
      line: lineAt(code, match.index ?? 0),
    });
  };
  for (const match of code.matchAll(FROM)) add(match, match.index + match[0].length - 1, match[1] ?? '');
  for (const match of code.matchAll(SIDE_EFFECT)) add(match, match.index + match[0].length - 1, '');
  for (const match of code.matchAll(CALL)) {
    const start = match.index + match[0].length;
    const quote = start + (/^\s*/.exec(code.slice(start))?.[0].length ?? 0);
    // `import('a' + b)` is computed too: after the literal nothing may follow but `)` or the options' comma.
    const literal = /^(['"`])[^'"`]*\1\s*[,)]/.test(code.slice(quote));
    add(match, literal ? quote : -1, '');
  }
  return uses.toSorted((left, right) => left.line - right.line);
}
