import { Composer, type Document, Lexer, type ParsedNode, Parser } from 'yaml';
import type { Finding } from './finding.ts';
import { makeFinding, type Position, type Problem, type YamlDocument } from './yaml-document.ts';

/** Lists and mappings in one another. The deepest key of our files is at level five. */
export const MAX_DEPTH = 20;
/** The parser's stack holds up to three entries per level. */
const MAX_PARSER_STACK = 3 * MAX_DEPTH;

/** YAML 1.2 core without merge keys, known tags and repair. Duplicate keys are found later, in linear time. */
const OPTIONS = {
  version: '1.2',
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  uniqueKeys: false,
  stringKeys: true,
  strict: true,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** One missing quote makes thousands of errors; the first ones tell where it is. */
const MAX_ERRORS = 10;
const MAX_EXCERPT = 1000;

type Parsed = Document.Parsed<ParsedNode, true>;
type Report = (offset: number, problem: Problem) => void;

/** The one document of a text, or null (with findings) when it is not worth checking further. */
export function parseYamlSyntax(
  source: Pick<YamlDocument, 'file' | 'holdsSecret'>,
  text: string,
  locate: (offset: number) => Position,
): { contents: ParsedNode | null; findings: Finding[] } {
  const findings: Finding[] = [];
  const report: Report = (offset, problem) => findings.push(makeFinding(source, locate(offset), [], problem));
  const documents = composeDocuments(text, report);
  if (documents === null) return { contents: null, findings };
  const [first, second] = documents;
  if (!first || isBlank(first)) {
    report(0, EMPTY);
    return { contents: null, findings };
  }
  if (second) report(second.range[0], SEVERAL);
  if (first.directives.yaml.explicit) report(0, DIRECTIVE);
  // Tags are refused one by one, with the path of their value.
  const errors = [...first.errors, ...first.warnings].filter((error) => error.code !== 'TAG_RESOLVE_FAILED');
  for (const error of errors.slice(0, MAX_ERRORS)) {
    const detail = source.holdsSecret ? 'see the line' : error.message.split('\n', 1)[0]!.replace(/\.$/, '');
    report(error.pos[0], {
      code: 'yaml_syntax',
      message: `This is not valid YAML: ${detail}`,
      found: textAround(text, error.pos[0]),
      allowed: 'YAML 1.2',
      remedy: REMEDIES[error.code] ?? REMEDY,
    });
  }
  return { contents: errors.length > 0 ? null : first.contents, findings };
}

/** Null when the text is nested so deeply that composing it (which recurses) would take seconds or the whole stack. */
function composeDocuments(text: string, report: Report): Parsed[] | null {
  const parser = new Parser();
  const tokens = [];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MAX_PARSER_STACK) {
      report(parser.offset, TOO_DEEP);
      return null;
    }
  }
  tokens.push(...parser.end());
  return [...new Composer<ParsedNode, true>(OPTIONS).compose(tokens)];
}

function isBlank(document: Parsed): boolean {
  const node = document.contents;
  if (document.errors.length > 0) return false;
  return (
    node === null || ('source' in node && node.source === '' && !('items' in node) && node.range[0] === node.range[1])
  );
}

/** What stands from the offset to the end of its line; the whole line when that is nothing. */
function textAround(text: string, offset: number): string | null {
  const lineStart = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
  const rest = text.slice(offset, offset + MAX_EXCERPT).split('\n', 1)[0]!;
  const line = text.slice(lineStart, lineStart + MAX_EXCERPT).split('\n', 1)[0]!;
  return [rest, line].find((part) => part.trim() !== '') ?? null;
}

export const TOO_DEEP: Problem = {
  code: 'too_deep',
  message: `Lists and mappings are nested more than ${MAX_DEPTH} levels deep`,
  found: null,
  allowed: `at most ${MAX_DEPTH} levels`,
  remedy: 'Compare the file with the examples of docs/files.md: none needs more than five levels.',
};
const EMPTY: Problem = {
  code: 'empty_file',
  message: 'The file is empty',
  found: null,
  allowed: 'one YAML mapping',
  remedy: 'Write the content, or delete the file.',
};
const SEVERAL: Problem = {
  code: 'multiple_documents',
  message: 'The file holds more than one YAML document',
  found: '---',
  allowed: 'one document',
  remedy: 'Put each document into a file of its own, and remove the line `---` between them.',
};
const DIRECTIVE: Problem = {
  code: 'directive',
  message: 'A %YAML directive changes how the file is read',
  found: '%YAML',
  allowed: 'YAML 1.2 without directives',
  remedy: 'Remove the line that begins with %YAML.',
};

const REMEDY = 'Repair this line: compare its colons, brackets, quotes and indentation with the lines around it.';
const REMEDIES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'Indent with spaces, not with tabs.',
  BAD_INDENT: 'Indent all keys of one mapping by the same number of spaces, and close every bracket.',
  MISSING_CHAR: 'Close the bracket or the quote that was opened.',
  NON_STRING_KEY: 'Use a simple word as the key.',
  BLOCK_AS_IMPLICIT_KEY: 'Put the text in quotes: it holds a colon, or a line is indented too little.',
  MULTILINE_IMPLICIT_KEY: 'Put a colon and a space after the key, on the same line.',
  UNEXPECTED_TOKEN: 'Remove what stands here, or put the text in quotes.',
  BAD_SCALAR_START: 'Put the text in quotes: it begins with a character that means something in YAML.',
};
