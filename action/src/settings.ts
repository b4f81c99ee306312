import { z } from 'zod';
import { GateError } from '../../gate-service/src/contract/gate-error.ts';
import { ChangeIdSchema } from '../../gate-service/src/contract/identifiers.ts';
import { isLoopback } from './pace.ts';

export const COMMANDS = ['auto', 'forecast', 'stamp', 'activate', 'verdict'] as const;

/** The inputs of action.yml, in its order. A test keeps the two equal. */
export const INPUTS = [
  'command',
  'gate-url',
  'gate-token',
  'activate-token',
  'github-token',
  'change-id',
  'environment',
  'registry-path',
  'policy-path',
  'contracts-dir',
  'comment',
  'on-gate-error',
  'dry-run',
  'timeout-seconds',
] as const;
export type InputName = (typeof INPUTS)[number];

const choice = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `allowed: ${values.join(', ')}` });

/** A path inside the repository, with forward slashes and without tricks. */
const RepositoryPath = z
  .string()
  .max(500)
  .refine(
    (path) =>
      path !== '' && !path.startsWith('/') && !path.split('/').some((part) => part === '' || /^\.{1,2}$/.test(part)),
    {
      error: 'allowed: a path inside the repository without "." or "..", such as .changegate/kpis.yml',
    },
  );

const GateUrl = z.string().refine(isAllowedGateUrl, {
  error:
    'allowed: an https address without user, query or fragment, such as https://gate.example.com (http only on this machine)',
});

function isAllowedGateUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return isPlain && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)));
}

/** One id, several with commas, or a JSON list, as the output `change-ids` gives it. */
const ChangeIds = z
  .string()
  .max(10_000)
  .transform((text, context) => {
    const parsed = z.array(ChangeIdSchema).max(50).safeParse(splitIds(text.trim()));
    if (parsed.success) return [...new Set(parsed.data)];
    context.addIssue({
      code: 'custom',
      message: 'allowed: ids such as chg-12-0123456789, with commas or as a JSON list',
    });
    return z.NEVER;
  });

function splitIds(text: string): unknown {
  if (!text.startsWith('[')) return text === '' ? [] : text.split(',').map((part) => part.trim());
  try {
    return JSON.parse(text);
  } catch {
    // Told as a value that is not allowed.
    return text;
  }
}

const SettingsSchema = z.strictObject({
  command: choice(COMMANDS),
  'gate-url': GateUrl.or(z.literal('')),
  'gate-token': z.string().max(1_000),
  'activate-token': z.string().max(1_000),
  'github-token': z.string().min(1, { error: 'allowed: a token; leave the input out for the default' }),
  'change-id': ChangeIds,
  environment: z.string().min(1).max(100),
  'registry-path': RepositoryPath,
  'policy-path': RepositoryPath.or(z.literal('')),
  'contracts-dir': RepositoryPath,
  comment: choice(['always', 'changes', 'never']),
  'on-gate-error': choice(['', 'warn', 'fail']),
  'dry-run': choice(['true', 'false']).transform((text) => text === 'true'),
  'timeout-seconds': z
    .string()
    .regex(/^\d{1,4}$/, { error: 'allowed: whole seconds from 10 to 3600' })
    .transform(Number)
    .refine((seconds) => seconds >= 10 && seconds <= 3_600, { error: 'allowed: whole seconds from 10 to 3600' }),
});

export interface Settings {
  readonly command: (typeof COMMANDS)[number];
  /** Empty, as the token, on a fork: GitHub gives it neither variables nor secrets. */
  readonly gateUrl: string;
  readonly gateToken: string;
  readonly activateToken: string;
  readonly githubToken: string;
  readonly changeIds: readonly string[];
  readonly environment: string;
  readonly registryPath: string;
  readonly policyPath: string | null;
  readonly contractsDir: string;
  readonly comment: 'always' | 'changes' | 'never';
  /** Null: `warn` for a forecast, `fail` for everything else. */
  readonly onGateError: 'warn' | 'fail' | null;
  readonly dryRun: boolean;
  readonly timeoutMs: number;
}

const SECRET_INPUTS: readonly string[] = ['gate-token', 'activate-token', 'github-token'];

/**
 * Reads the inputs once, strictly.
 * @throws GateError invalid_input with every problem: input, value found, what is allowed
 */
export function parseSettings(inputs: Readonly<Record<InputName, string>>): Settings {
  const parsed = SettingsSchema.safeParse(inputs);
  if (!parsed.success) throw invalidInputs(inputs, parsed.error.issues);
  const s = parsed.data;
  return {
    command: s.command,
    gateUrl: s['gate-url'],
    gateToken: s['gate-token'],
    activateToken: s['activate-token'],
    githubToken: s['github-token'],
    changeIds: s['change-id'],
    environment: s.environment,
    registryPath: s['registry-path'],
    policyPath: s['policy-path'] === '' ? null : s['policy-path'],
    contractsDir: s['contracts-dir'],
    comment: s.comment,
    onGateError: s['on-gate-error'] === '' ? null : s['on-gate-error'],
    dryRun: s['dry-run'],
    timeoutMs: s['timeout-seconds'] * 1_000,
  };
}

function invalidInputs(inputs: Readonly<Record<string, string>>, issues: readonly z.core.$ZodIssue[]): GateError {
  const problems = issues.map((issue) => {
    const name = String(issue.path[0] ?? '');
    const found = SECRET_INPUTS.includes(name) ? '(hidden)' : JSON.stringify((inputs[name] ?? '').slice(0, 80));
    return `${name}: found ${found}, ${issue.message}`;
  });
  const names = [...new Set(issues.map((issue) => String(issue.path[0] ?? '')))];
  return new GateError(
    'invalid_input',
    `The inputs of the Action have ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}.\n${problems.join('\n')}`,
    `Correct ${names.join(', ')} under \`with:\` of this step.`,
  );
}
