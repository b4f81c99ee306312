import type { z } from 'zod';
import type { Finding } from './finding.ts';
import { parseYaml, type YamlOptions } from './parse-yaml.ts';
import { findSchemaProblems } from './schema-findings.ts';
import { type DocumentPath, hideFound, orderFindings, type Position, type YamlDocument } from './yaml-document.ts';

export type YamlFile<T> =
  | {
      readonly ok: true;
      readonly value: T;
      readonly document: YamlDocument;
      /** Where the value of a path stands. */
      position(path: DocumentPath): Position;
      /** Warnings only. */
      readonly findings: Finding[];
    }
  | {
      readonly ok: false;
      /** The plain data, when the YAML itself could be read: for checks that go on regardless. */
      readonly document: YamlDocument | null;
      readonly findings: Finding[];
    };

export interface YamlFileOptions extends YamlOptions {
  /** Checks beyond the schema; they see the plain data whether the schema accepts it or not. */
  readonly check?: (document: YamlDocument) => Finding[];
}

/**
 * Reads a YAML file against a schema and reports all problems of both together. Never throws.
 * @param file how findings name the file
 * @param text its content, decoded from UTF-8 (bytes that are not become U+FFFD, which is reported)
 */
export function readYamlFile<T>(
  file: string,
  text: string,
  schema: z.ZodType<T>,
  options: YamlFileOptions = {},
): YamlFile<T> {
  const { document, findings } = parseYaml(file, text, options);
  if (document === null) return { ok: false, document, findings: orderFindings(findings) };
  const parsed = schema.safeParse(document.value);
  const issues = parsed.success ? [] : findSchemaProblems(document, schema, parsed.error.issues);
  const checked = [...issues, ...(options.check?.(document) ?? [])];
  const all = orderFindings([...findings, ...checked.map((finding) => hideFound(document.holdsSecret, finding))]);
  if (!parsed.success || all.some((finding) => finding.severity === 'error')) {
    return { ok: false, document, findings: all };
  }
  return { ok: true, value: parsed.data, document, position: (path) => document.position(path), findings: all };
}
