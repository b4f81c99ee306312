import type { z } from 'zod';
import type { Finding } from './finding.ts';
import type { FindingCode } from './finding-codes.ts';
import { codePointName } from './hidden-characters.ts';
import { nearest } from './nearest.ts';
import { type DocumentPath, findingAt, formatPath, type Problem, valueAt, type YamlDocument } from './yaml-document.ts';

type Issue = z.core.$ZodIssue;
type IssueOf<Code extends Issue['code']> = Extract<Issue, { code: Code }>;
/** The parts of zod's definitions that we walk: what wraps what. */
interface Definition {
  readonly type: string;
  readonly in?: Schema;
  readonly innerType?: Schema;
  readonly element?: Schema;
  readonly valueType?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  /** Of a union: its branches, and the key that tells them apart. */
  readonly options?: readonly Schema[];
  readonly discriminator?: string;
  readonly values?: readonly unknown[];
}
interface Schema {
  readonly def: Definition;
  readonly description?: string | undefined;
}

/** Our schemas say what they allow in their error messages, after this word. */
const ALLOWED = 'allowed: ';

/** Says what zod found in the words of the file: place, value as written, what is allowed, next step. */
export function findSchemaProblems(document: YamlDocument, schema: z.ZodType, issues: readonly Issue[]): Finding[] {
  const root = schema as unknown as Schema;
  return issues.flatMap((issue) => findingsOf(document, root, issue));
}

function findingsOf(document: YamlDocument, root: Schema, issue: Issue): Finding[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(document, root, issue.path, key));
    case 'invalid_key':
      return [invalidKey(document, issue)];
    case 'invalid_type':
      return [invalidType(document, root, issue)];
    case 'invalid_value':
      return [missing(document, root, issue.path, issue) ?? invalidOption(document, issue)];
    case 'invalid_union':
      return issue.discriminator === undefined
        ? [missing(document, root, issue.path, issue) ?? invalidFormat(document, root, issue)]
        : [invalidBranch(document, root, issue)];
    case 'too_big':
    case 'too_small': {
      const code = issue.origin === 'number' ? 'out_of_range' : issue.code === 'too_big' ? 'too_long' : 'invalid_value';
      return [findingAt(document, issue.path, valueProblem(document, root, issue, code))];
    }
    default:
      return [missing(document, root, issue.path, issue) ?? invalidFormat(document, root, issue)];
  }
}

function unwrap(schema: Schema | undefined): Schema | undefined {
  const inner = schema?.def.in ?? schema?.def.innerType;
  return inner ? unwrap(inner) : schema;
}

/** The schema of the value at a path; in a union the branch that the value itself names, when it names one. */
function schemaAt(root: Schema, path: DocumentPath, document: YamlDocument): Schema | undefined {
  return path.reduce<Schema | undefined>((schema, part, depth) => {
    const value = valueAt(document.value, path.slice(0, depth));
    const def = (branchOf(schema, value) ?? unwrap(schema))?.def;
    if (def?.shape && typeof part === 'string') return Object.hasOwn(def.shape, part) ? def.shape[part] : undefined;
    return typeof part === 'number' ? def?.element : def?.valueType;
  }, root);
}

function branchOf(schema: Schema | undefined, value: unknown): Schema | undefined {
  return branchesOf(schema).find(({ name }) => name === valueAt(value, [discriminatorOf(schema) ?? '']))?.branch;
}

function discriminatorOf(schema: Schema | undefined): string | undefined {
  return unwrap(schema)?.def.discriminator;
}

/** The branches of a union by the name that tells each apart; empty for everything else. */
function branchesOf(schema: Schema | undefined): { name: string; branch: Schema; keys: string[] }[] {
  const key = discriminatorOf(schema);
  return (unwrap(schema)?.def.options ?? []).flatMap((option) => {
    const branch = unwrap(option)!;
    const name = branch.def.shape?.[key ?? '']?.def.values?.[0];
    return typeof name === 'string' ? [{ name, branch, keys: Object.keys(branch.def.shape ?? {}) }] : [];
  });
}

function knownKeys(root: Schema, path: DocumentPath, document: YamlDocument): string[] {
  const schema = schemaAt(root, path, document);
  return Object.keys((branchOf(schema, valueAt(document.value, path)) ?? unwrap(schema))?.def.shape ?? {});
}

/** Where else a key is known, so that a key on the wrong level can be sent home: `primary.at_least`. */
function homesOf(root: Schema, key: string): string[] {
  return Object.entries(unwrap(root)?.def.shape ?? {}).flatMap(([parent, schema]) => {
    const inner = unwrap(schema);
    const shape = (unwrap(inner?.def.element) ?? inner)?.def.shape ?? {};
    return Object.hasOwn(shape, key) ? [parent] : [];
  });
}

function unknownKey(document: YamlDocument, root: Schema, parent: DocumentPath, key: string): Finding {
  const path = [...parent, key];
  const known = knownKeys(root, parent, document);
  const union = schemaAt(root, parent, document);
  const others = branchesOf(union).flatMap(({ name, keys }) => (keys.includes(key) ? [name] : []));
  if (others.length > 0)
    return keyOfAnotherBranch(document, path, { known, others, discriminator: discriminatorOf(union)! });
  const [near] = nearest(key, known);
  const homes = near === undefined ? homesOf(root, key).filter((home) => home !== parent[0]) : [];
  const remedy =
    near !== undefined
      ? `Write \`${near}\` instead of \`${key.slice(0, 80)}\`.`
      : homes.length > 0
        ? `Move it under ${homes.map((home) => `\`${home}\``).join(' or ')}.`
        : 'Remove it.';
  const problem: Problem = {
    code: 'unknown_key',
    message: `\`${key.slice(0, 80)}\` is not a key ${parent.length === 0 ? 'of this file' : `of \`${formatPath(parent)}\``}`,
    found: key,
    allowed: known.join(', '),
    remedy,
  };
  return findingAt(document, path, problem, document.keyPosition(path));
}

function keyOfAnotherBranch(
  document: YamlDocument,
  path: DocumentPath,
  { known, others, discriminator }: { known: readonly string[]; others: readonly string[]; discriminator: string },
): Finding {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const chosen = String(valueAt(document.value, [...parent, discriminator]));
  const problem: Problem = {
    code: 'unknown_key',
    message: `\`${key}\` is not a key of \`${formatPath(parent)}\` when its \`${discriminator}\` is ${chosen}`,
    found: key,
    allowed: known.join(', '),
    remedy: `Remove it, or write the ${discriminator} that has it: ${others.map((name) => `\`${name}\``).join(' or ')}.`,
  };
  return findingAt(document, path, problem, document.keyPosition(path));
}

/** A union whose branch cannot be told: its name is missing or not known. The keys beside it may give it away. */
function invalidBranch(document: YamlDocument, root: Schema, issue: IssueOf<'invalid_union'>): Finding {
  const parent = issue.path.slice(0, -1);
  const branches = branchesOf(schemaAt(root, parent, document));
  const siblings = Object.keys((valueAt(document.value, parent) ?? {}) as object);
  const others = siblings.filter((key) => key !== issue.path.at(-1));
  const fitting = branches.filter(({ keys }) => others.every((key) => keys.includes(key)));
  const value = valueAt(document.value, issue.path);
  const [near] =
    typeof value === 'string'
      ? nearest(
          value,
          branches.map(({ name }) => name),
        )
      : [];
  const likely = near ?? (fitting.length === 1 ? fitting[0]!.name : undefined);
  const name = formatPath(issue.path);
  const isThere = value !== undefined && value !== null;
  const problem: Problem = {
    code: value === undefined ? 'missing_key' : value === null ? 'missing_value' : 'invalid_value',
    message: isThere
      ? `\`${name}\` has a value that is not known`
      : `\`${name}\` ${value === null ? 'has no value' : 'is missing'}`,
    ...(isThere ? {} : { found: null }),
    allowed: branches.map((branch) => branch.name).join(', '),
    remedy:
      likely === undefined
        ? 'Write one of the allowed values: it decides which keys stand beside it.'
        : `Write \`${String(issue.path.at(-1))}: ${likely}\`${near === undefined ? ': it has all the keys that stand here' : ''}.`,
  };
  return findingAt(document, issue.path, problem, value === null ? document.keyPosition(issue.path) : undefined);
}

function invalidKey(document: YamlDocument, issue: IssueOf<'invalid_key'>): Finding {
  const key = String(issue.path.at(-1));
  const problem: Problem = {
    code: 'invalid_name',
    message: `\`${key.slice(0, 80)}\` cannot be a name here${foreignCharacter(key)}`,
    found: key,
    allowed: allowedOf(issue.issues[0]?.message) ?? 'a name',
    remedy: 'Give it another name.',
  };
  return findingAt(document, issue.path, problem, document.keyPosition(issue.path));
}

/** A key that is not there, or is there without a value; null when there is a value. */
function missing(document: YamlDocument, root: Schema, path: DocumentPath, issue: Issue): Finding | null {
  const value = valueAt(document.value, path);
  if (value !== undefined && value !== null) return null;
  const name = formatPath(path);
  const schema = schemaAt(root, path, document);
  const purpose = schema?.description ? ` (${schema.description})` : '';
  const code: FindingCode = value === null ? 'missing_value' : 'missing_key';
  const problem: Problem = {
    code,
    message: value === null ? `\`${name}\` has no value` : `\`${name}\` is missing`,
    found: null,
    allowed: allowedOf(issue.message) ?? describe(schema) ?? optionsOf(issue),
    remedy:
      value === null
        ? `Write a value, or remove the key.${purpose}`
        : `Add the key \`${String(path.at(-1))}\`.${purpose}`,
  };
  return findingAt(document, path, problem, value === null ? document.keyPosition(path) : document.position(path));
}

function invalidType(document: YamlDocument, root: Schema, issue: IssueOf<'invalid_type'>): Finding {
  const absent = missing(document, root, issue.path, issue);
  if (absent) return absent;
  return findingAt(document, issue.path, valueProblem(document, root, issue, 'wrong_type'));
}

function valueProblem(document: YamlDocument, root: Schema, issue: Issue, code: FindingCode): Problem {
  const schema = schemaAt(root, issue.path, document);
  const value = valueAt(document.value, issue.path);
  const allowed = allowedOf(issue.message) ?? describe(schema) ?? limitOf(issue);
  return {
    code,
    message: `${nameOf(issue.path)} is ${code === 'too_long' ? 'too long' : code === 'out_of_range' ? 'outside its limits' : kindOf(value)}`,
    allowed,
    remedy:
      code === 'too_long'
        ? 'Shorten it.'
        : code === 'out_of_range'
          ? 'Write a number within these limits.'
          : remedyFor(value, unwrap(schema)?.def, allowed),
  };
}

function remedyFor(value: unknown, def: Definition | undefined, allowed: string): string {
  const wanted = def?.type;
  const needsText = wanted === 'string' || wanted === 'enum';
  if (needsText && typeof value === 'number' && /%|minutes/.test(allowed)) return 'Add the unit.';
  if (needsText && typeof value === 'number') return 'Put the value in quotes.';
  if (needsText && typeof value === 'boolean') return 'Put the value in quotes.';
  if (wanted === 'boolean') return 'Write true or false, without quotes (YAML 1.2 reads yes, no, on and off as texts).';
  if (wanted === 'array') return 'Put a dash before each item, or write [ ] around them.';
  if (wanted === 'number' && typeof value === 'string') return 'Write the number without quotes and without a unit.';
  if (wanted === 'object' || wanted === 'record' || def?.discriminator)
    return 'Write keys with values, indented below this key.';
  return 'Write one of the allowed values.';
}

function invalidOption(document: YamlDocument, issue: IssueOf<'invalid_value'>): Finding {
  const options = issue.values.map(String);
  const value = valueAt(document.value, issue.path);
  const [near] = typeof value === 'string' ? nearest(value, options) : [];
  return findingAt(document, issue.path, {
    code: 'invalid_value',
    message: `${nameOf(issue.path)} has a value that is not known`,
    allowed: options.join(', '),
    remedy: near === undefined ? 'Write one of the allowed values.' : `Write \`${near}\`.`,
  });
}

function invalidFormat(document: YamlDocument, root: Schema, issue: Issue): Finding {
  const value = valueAt(document.value, issue.path);
  const text = typeof value === 'string' ? value : '';
  return findingAt(document, issue.path, {
    code: 'invalid_value',
    message: `${nameOf(issue.path)} has a value that is not allowed${foreignCharacter(text)}`,
    allowed: allowedOf(issue.message) ?? describe(schemaAt(root, issue.path, document)) ?? issue.message,
    remedy: 'Change it to what is allowed.',
  });
}

/** Names the first character that is not ASCII: look-alikes and long dashes cannot be told by eye. */
function foreignCharacter(text: string): string {
  const foreign = Array.from(text.slice(0, 200)).find((character) => character.codePointAt(0)! > 0x7e);
  return foreign === undefined
    ? ''
    : `: it has ${codePointName(foreign.codePointAt(0)!)}, which is not an ASCII character`;
}

function nameOf(path: DocumentPath): string {
  return path.length === 0 ? 'The file' : `\`${formatPath(path)}\``;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value === null) return 'empty';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text';
  return typeof value === 'number' ? 'a number' : typeof value === 'boolean' ? 'true or false' : 'something else';
}

function allowedOf(message: string | undefined): string | null {
  return message?.startsWith(ALLOWED) ? message.slice(ALLOWED.length) : null;
}

function describe(schema: Schema | undefined): string | null {
  const inner = unwrap(schema);
  if (inner?.def.shape) return `a mapping with the keys ${Object.keys(inner.def.shape).join(', ')}`;
  const branches = branchesOf(schema).map(({ name }) => name);
  if (branches.length > 0) {
    return `a mapping with the key ${discriminatorOf(schema)} (${branches.join(', ')}) and the keys that go with it`;
  }
  if (inner?.def.type === 'record') return 'a mapping from names to definitions';
  return null;
}

function optionsOf(issue: Issue): string {
  if (issue.code === 'invalid_value') return issue.values.map(String).join(', ');
  return issue.code === 'invalid_type' ? `a value of type ${issue.expected}` : issue.message;
}

function limitOf(issue: Issue): string {
  if (issue.code === 'too_big') return `at most ${issue.maximum} items`;
  if (issue.code === 'too_small') return `at least ${issue.minimum}`;
  return issue.code === 'invalid_type' && issue.expected === 'array' ? 'a list' : optionsOf(issue);
}
