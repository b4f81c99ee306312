import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node } from 'yaml';
import type { Finding } from './finding.ts';
import { findSecrets } from './secrets.ts';
import { findTextProblems } from './text-findings.ts';
import {
  type DocumentPath,
  hideFound,
  makeFinding,
  type Position,
  type Problem,
  type YamlDocument,
} from './yaml-document.ts';
import { MAX_DEPTH, parseYamlSyntax, TOO_DEEP } from './yaml-syntax.ts';

export interface YamlOptions {
  /** Largest file in bytes of UTF-8. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 64 * 1024;
const FORBIDDEN_KEYS: readonly string[] = ['__proto__', 'constructor', 'prototype'];
const BYTE_ORDER_MARK = '\uFEFF';

type Source = Pick<YamlDocument, 'file' | 'holdsSecret'>;
interface Entry {
  readonly start: number;
  readonly keyStart: number;
  readonly written: string | null;
}

/**
 * Reads YAML 1.2 into plain data with positions. Never throws.
 * @returns `document` is null when nothing could be checked further; `findings` say why
 */
export function parseYaml(
  file: string,
  input: string,
  options: YamlOptions = {},
): { document: YamlDocument | null; findings: Finding[] } {
  const text = input.startsWith(BYTE_ORDER_MARK) ? input.slice(1) : input;
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  if (text.length > maxBytes || new TextEncoder().encode(text).length > maxBytes) {
    const tooLarge = makeFinding({ file, holdsSecret: false }, { line: 1, column: 1 }, [], tooLargeProblem(maxBytes));
    return { document: null, findings: [tooLarge] };
  }
  const locate = makeLocator(text);
  const source = { file, holdsSecret: findSecrets(text).length > 0 };
  const syntax = parseYamlSyntax(source, text, locate);
  const findings = [...findTextProblems(source, text, [], locate), ...syntax.findings];
  if (syntax.contents === null) return { document: null, findings };
  const converted = convert({ source, text, locate, entries: new Map(), findings }, syntax.contents);
  const holdsSecret = findings.some((finding) => finding.code === 'secret');
  const document = { ...converted, holdsSecret };
  return { document, findings: findings.map((finding) => hideFound(holdsSecret, finding)) };
}

function tooLargeProblem(maxBytes: number): Problem {
  return {
    code: 'file_too_large',
    message: `The file is larger than ${maxBytes / 1024} kB`,
    found: null,
    allowed: `at most ${maxBytes / 1024} kB`,
    remedy: 'Shorten the file: move long explanations to a page and name the page here.',
  };
}

function makeLocator(text: string): (offset: number) => Position {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
}

interface Conversion {
  readonly source: Source;
  readonly text: string;
  readonly locate: (offset: number) => Position;
  readonly entries: Map<string, Entry>;
  readonly findings: Finding[];
}

function entryKey(path: DocumentPath): string {
  return JSON.stringify(path);
}

function convert(conversion: Conversion, contents: Node): YamlDocument {
  const value = convertNode(conversion, contents, [], contents.range?.[0] ?? 0);
  const nearestEntry = (path: DocumentPath): Entry => {
    for (let length = path.length; length >= 0; length--) {
      const entry = conversion.entries.get(entryKey(path.slice(0, length)));
      if (entry) return entry;
    }
    return { start: 0, keyStart: 0, written: null };
  };
  return {
    ...conversion.source,
    value,
    position: (path) => conversion.locate(nearestEntry(path).start),
    keyPosition: (path) => conversion.locate(nearestEntry(path).keyStart),
    written: (path) => conversion.entries.get(entryKey(path))?.written ?? null,
  };
}

function report(conversion: Conversion, offset: number, path: DocumentPath, problem: Problem): void {
  conversion.findings.push(makeFinding(conversion.source, conversion.locate(offset), path, problem));
}

function convertNode(conversion: Conversion, node: Node | null, path: DocumentPath, keyStart: number): unknown {
  const range = node?.range;
  const written = range && range[1] > range[0] ? conversion.text.slice(range[0], range[1]) : null;
  const start = written === null ? keyStart : range![0];
  conversion.entries.set(entryKey(path), { start, keyStart, written });
  if (node === null) return null;
  reportFeatures(conversion, node, path, start);
  if (path.length >= MAX_DEPTH && !isScalar(node)) {
    report(conversion, start, path.slice(0, -1), TOO_DEEP);
    return null;
  }
  if (isMap(node)) return convertMap(conversion, node.items, path);
  if (isSeq(node)) {
    return node.items.map((item, index) => convertNode(conversion, item as Node, [...path, index], start));
  }
  if (!isScalar(node)) return null;
  // Raw text was searched before: only escapes in double quotes can hide something from that.
  if (typeof node.value === 'string' && written?.startsWith('"') && written.includes('\\')) {
    conversion.findings.push(...findTextProblems(conversion.source, node.value, path, () => conversion.locate(start)));
  }
  return node.value;
}

function convertMap(
  conversion: Conversion,
  pairs: readonly { key: unknown; value: unknown }[],
  path: DocumentPath,
): unknown {
  const result: Record<string, unknown> = Object.create(null);
  for (const pair of pairs) {
    if (!isScalar(pair.key)) continue;
    const key = String(pair.key.value ?? '');
    const keyPath = [...path, key];
    const keyStart = pair.key.range?.[0] ?? 0;
    reportFeatures(conversion, pair.key, keyPath, keyStart);
    const refusal = refuseKey(key, Object.hasOwn(result, key));
    if (refusal) report(conversion, keyStart, keyPath, refusal);
    else result[key] = convertNode(conversion, pair.value as Node | null, keyPath, keyStart);
  }
  return result;
}

function reportFeatures(conversion: Conversion, node: Node, path: DocumentPath, start: number): void {
  const anchor = isAlias(node) ? `*${node.source}` : 'anchor' in node && node.anchor ? `&${node.anchor}` : null;
  if (anchor !== null) {
    report(conversion, start, path, {
      code: 'alias',
      message: 'Anchors and aliases are not read',
      found: anchor,
      allowed: 'the value itself',
      remedy: 'Write the value in full in both places.',
    });
  }
  if (node.tag !== undefined) {
    report(conversion, start, path, {
      code: 'tag',
      message: 'YAML tags are not read',
      found: node.tag,
      allowed: 'values without tags',
      remedy: 'Remove the tag (the word with !). To make a text of a number, put it in quotes.',
    });
  }
}

function refuseKey(key: string, isDuplicate: boolean): Problem | null {
  if (FORBIDDEN_KEYS.includes(key)) {
    return {
      code: 'forbidden_key',
      message: `The key \`${key}\` is not allowed anywhere`,
      found: key,
      allowed: `any key but ${FORBIDDEN_KEYS.join(', ')}`,
      remedy: 'Remove the key, or give it another name.',
    };
  }
  if (key === '<<') {
    return {
      code: 'merge_key',
      message: 'Merge keys are not read',
      found: '<<',
      allowed: 'the keys themselves',
      remedy: 'Write the keys that `<<` was to bring in.',
    };
  }
  if (!isDuplicate) return null;
  return {
    code: 'duplicate_key',
    message: `The key \`${key.slice(0, 80)}\` stands twice in this mapping`,
    found: key,
    allowed: 'each key once',
    remedy: 'Remove one of the two.',
  };
}
