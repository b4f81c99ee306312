import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Finding } from '../../contract/finding.ts';
import { renderFindingsAsAnnotations, renderFindingsForTerminal } from '../../contract/format-findings.ts';
import { type FileText, readContract, readPolicy, readRegistry } from '../../contract/read-change-files.ts';
import { type CliIo, processIo } from '../io.ts';

const CONTRACT_FOLDER = '.changegate/changes';
const DEFAULT_REGISTRY = '.changegate/kpis.yml';
const DEFAULT_POLICY = '.changegate/policy.yml';
const EXIT = { fine: 0, findings: 1, usage: 2 } as const;
const FORMATS = ['terminal', 'github', 'json'] as const;

const HELP = `
Exit codes:
  0  no errors (warnings may be there)
  1  at least one error in the files
  2  no contract was found, or a file cannot be read

Examples:
  changegate validate
  changegate validate --format github .changegate/changes/short-quote-form.yml`;

interface ValidateOptions {
  readonly registry: string;
  readonly policy?: string;
  readonly format: (typeof FORMATS)[number];
  readonly json?: boolean;
}

/** What keeps the files from being checked at all: the message and the next step. */
interface Refusal {
  readonly message: string;
  readonly remedy: string;
}
interface InputFiles {
  readonly contracts: readonly FileText[];
  readonly registry: FileText;
  readonly policy: FileText | null;
}
type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

/** Adds `changegate validate`: checks contracts, the KPI registry and the policy, and prints every finding. */
export function addValidateCommand(program: Command, io: CliIo = processIo()): void {
  program
    .command('validate')
    .description('check contracts, the KPI registry and the policy')
    .argument('[contracts...]', `contract files (default: every file of ${CONTRACT_FOLDER})`)
    .option('--registry <file>', 'the KPI registry', DEFAULT_REGISTRY)
    .option('--policy <file>', `the policy (default: "${DEFAULT_POLICY}" when it is there)`)
    .addOption(new Option('--format <format>', 'how to print the findings').choices(FORMATS).default('terminal'))
    .option('--json', 'the same as --format json: one object {findings, files, errors, warnings}')
    .addHelpText('after', HELP)
    .action((contracts: string[], options: ValidateOptions) => io.exit(validate(contracts, options, io)));
}

function validate(paths: readonly string[], options: ValidateOptions, io: CliIo): number {
  const files = readFiles(paths, options, io.cwd);
  if (!files.ok) {
    io.err(`${files.refusal.message}\nNext: ${files.refusal.remedy}\n`);
    return EXIT.usage;
  }
  const { contracts, registry, policy } = files.value;
  const readKpis = readRegistry(registry);
  const findings = [
    ...contracts.flatMap((contract) => readContract(contract, readKpis).findings),
    ...readKpis.findings,
    ...readPolicy(policy).findings,
  ];
  const checked = [...contracts, registry, ...(policy === null ? [] : [policy])];
  io.out(render(findings, checked, options.json === true ? 'json' : options.format, io.color));
  return findings.some((finding) => finding.severity === 'error') ? EXIT.findings : EXIT.fine;
}

function render(
  findings: readonly Finding[],
  files: readonly FileText[],
  format: ValidateOptions['format'],
  color: boolean,
): string {
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  const warnings = findings.length - errors;
  const summary = `${count(files.length, 'file')}, ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`;
  switch (format) {
    case 'json':
      return `${JSON.stringify({ findings, files: files.map(({ path }) => path), errors, warnings }, null, 2)}\n`;
    case 'github':
      return renderFindingsAsAnnotations(findings) + summary;
    case 'terminal': {
      const sources = new Map(files.map(({ path, text }) => [path, text] as const));
      const shown = renderFindingsForTerminal(findings, { color, sources });
      return shown === '' ? summary : `${shown}\n${summary}`;
    }
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function readFiles(paths: readonly string[], options: ValidateOptions, cwd: string): Outcome<InputFiles> {
  const contractPaths = paths.length > 0 ? [...new Set(paths)] : findContracts(cwd);
  if (contractPaths.length === 0) {
    return refuse(
      `No contract was found: ${CONTRACT_FOLDER} holds no .yml file.`,
      `Add one (docs/files.md shows the smallest), name the files, or run this in the root of the repository.`,
    );
  }
  const contracts: FileText[] = [];
  for (const path of contractPaths) {
    const file = readText(path, cwd);
    if (!file.ok) return file;
    contracts.push(file.value);
  }
  const registry = readText(options.registry, cwd);
  if (!registry.ok) return registry;
  const policy = readText(options.policy ?? DEFAULT_POLICY, cwd);
  const noPolicy = !policy.ok && policy.isMissing && options.policy === undefined;
  if (!policy.ok && !noPolicy) return policy;
  return { ok: true, value: { contracts, registry: registry.value, policy: policy.ok ? policy.value : null } };
}

/** Both endings, so that a contract named .yaml is not passed over in silence. */
function findContracts(cwd: string): string[] {
  try {
    return readdirSync(join(cwd, CONTRACT_FOLDER))
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => `${CONTRACT_FOLDER}/${name}`);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}

/** Bytes that are not UTF-8 become U+FFFD, which the reader of the file reports. */
function readText(
  path: string,
  cwd: string,
): (Outcome<FileText> & { ok: true }) | (ReturnType<typeof refuse> & { isMissing: boolean }) {
  try {
    return { ok: true, value: { path, text: readFileSync(resolve(cwd, path), 'utf8') } };
  } catch (error) {
    const code = codeOf(error);
    const isMissing = code === 'ENOENT';
    const reason = isMissing ? 'there is no such file' : `it cannot be read (${code})`;
    const remedy = isMissing
      ? `Add the file, correct the path, or run this in the root of the repository (now: ${cwd}).`
      : 'Check that it is a file and that you may read it.';
    return { ...refuse(`${path}: ${reason}.`, remedy), isMissing };
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

function refuse(message: string, remedy: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { message, remedy } };
}
