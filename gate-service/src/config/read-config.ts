import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { GateError } from '../contract/gate-error.ts';
import { EVENTS_TYPE, readSources, type SourceKinds, type SourceSettings } from './read-sources.ts';

const Secret = z.string({ error: 'missing; allowed: at least 16 characters' }).min(16, {
  error: 'allowed: at least 16 characters',
});
const HttpUrl = z.url({ protocol: /^https?$/, error: 'allowed: an http or https URL' });

const SourcesSchema = z.record(z.string(), z.unknown()).default({ web: { type: EVENTS_TYPE } });

/** The one configuration file: what is not secret. Every key has a default. */
const FileSchema = z.strictObject({
  listen: z
    .strictObject({ host: z.string().default('127.0.0.1'), port: z.number().int().min(0).max(65_535).default(8787) })
    .prefault({}),
  store: z.strictObject({ path: z.string().min(1).default('.data/changegate.db') }).prefault({}),
  unleash: z
    .strictObject({
      url: HttpUrl,
      project: z.string().min(1).default('default'),
      environment: z.string().min(1).default('production'),
      allow_admin_token: z.boolean().default(false),
    })
    .optional(),
  sources: SourcesSchema,
  events: z.strictObject({ require_hash: z.boolean().default(false) }).prefault({}),
  watch: z
    .strictObject({
      look_every_minutes: z.number().int().min(1).max(60).default(1),
      flag_read_every_minutes: z.number().int().min(1).max(60).default(1),
      sdk_refresh_seconds: z.number().int().min(1).max(3_600).default(15),
      blind_grace_minutes: z.number().int().min(5).max(1_440).default(30),
    })
    .prefault({}),
  log_level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

/** Secrets come from the environment, or from a file that `<NAME>_FILE` names. */
const SecretsSchema = z.object({
  CHANGEGATE_SECRET: Secret,
  CHANGEGATE_ADMIN_TOKEN: Secret.optional(),
  CHANGEGATE_INGEST_KEY: Secret.optional(),
  UNLEASH_WATCH_TOKEN: z.string({ error: 'missing' }).min(1),
  UNLEASH_ACTIVATION_TOKEN: z.string().min(1).optional(),
  UNLEASH_CLIENT_TOKEN: z.string({ error: 'missing' }).min(1),
});

/** Every secret's variable; each may also come from the file that `<NAME>_FILE` names. */
export const SECRET_NAMES: readonly string[] = Object.keys(SecretsSchema.shape);

export interface GateConfig {
  readonly host: string;
  readonly port: number;
  readonly storePath: string;
  readonly unleash: {
    readonly url: string;
    readonly project: string;
    readonly environment: string;
    readonly watchToken: string;
    readonly clientToken: string;
    /** Null: this gate service activates nothing; teams turn their flags on themselves. */
    readonly activationToken: string | null;
    /** Admin tokens pass by change requests unseen; they are refused unless this says otherwise. */
    readonly allowAdminToken: boolean;
  };
  readonly eventSources: readonly string[];
  /** The sources that are asked, each with what its kind needs. */
  readonly sources: readonly SourceSettings[];
  readonly requireHash: boolean;
  readonly ingestHmacKey: string | null;
  readonly secret: string;
  readonly adminToken: string | null;
  readonly lookEveryMinutes: number;
  readonly flagReadEveryMinutes: number;
  readonly sdkRefreshMinutes: number;
  readonly blindGraceMinutes: number;
  readonly logLevel: string;
}

/**
 * Reads the configuration once: the file that CHANGEGATE_CONFIG names (YAML, optional) and the secrets of
 * the environment. All problems are told together.
 * @param kinds of sources that are asked, by their `type`; `events` is always there
 * @throws GateError invalid_config
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>, kinds: SourceKinds = {}): GateConfig {
  const problems: string[] = [];
  const content = readFile(env.CHANGEGATE_CONFIG, problems);
  const file = FileSchema.safeParse(content ?? {});
  const secrets = SecretsSchema.safeParse(readSecrets(env, SECRET_NAMES, problems));
  for (const [result, where] of [
    [file, 'configuration file'],
    [secrets, 'environment'],
  ] as const) {
    for (const issue of result.error?.issues ?? [])
      problems.push(`${where}: ${issue.path.join('.') || '(whole)'}: ${issue.message}`);
  }
  const read = readSources(sourcesOf(content), kinds, (names) => readSecrets(env, names, problems));
  problems.push(...read.problems.map((problem) => `configuration file: ${problem}`));
  const unleash = file.data?.unleash;
  if (content !== null && file.success && !unleash)
    problems.push('configuration file: unleash: missing; allowed: { url, project, environment }');
  if (problems.length > 0 || !file.success || !secrets.success || !unleash) {
    throw new GateError(
      'invalid_config',
      `The configuration has ${problems.length} problem(s):\n- ${problems.join('\n- ')}`,
      'See docs/running.md for every key and variable.',
    );
  }
  const { listen, store, events, watch, log_level } = file.data;
  const s = secrets.data;
  return {
    host: listen.host,
    port: listen.port,
    storePath: store.path,
    unleash: {
      url: unleash.url,
      project: unleash.project,
      environment: unleash.environment,
      allowAdminToken: unleash.allow_admin_token,
      watchToken: s.UNLEASH_WATCH_TOKEN,
      clientToken: s.UNLEASH_CLIENT_TOKEN,
      activationToken: s.UNLEASH_ACTIVATION_TOKEN ?? null,
    },
    eventSources: read.eventSources,
    sources: read.sources,
    requireHash: events.require_hash,
    ingestHmacKey: s.CHANGEGATE_INGEST_KEY ?? null,
    secret: s.CHANGEGATE_SECRET,
    adminToken: s.CHANGEGATE_ADMIN_TOKEN ?? null,
    lookEveryMinutes: watch.look_every_minutes,
    flagReadEveryMinutes: watch.flag_read_every_minutes,
    sdkRefreshMinutes: Math.ceil(watch.sdk_refresh_seconds / 60),
    blindGraceMinutes: watch.blind_grace_minutes,
    logLevel: log_level,
  };
}

/** Read by themselves, so that their problems are told together with all others. */
function sourcesOf(content: unknown): Readonly<Record<string, unknown>> {
  const read = z.object({ sources: SourcesSchema }).safeParse(content ?? {});
  return read.data?.sources ?? {};
}

/** The file's content; null when there is none to read, which is one problem and not a missing key each. */
function readFile(path: string | undefined, problems: string[]): unknown {
  if (path === undefined) {
    problems.push('environment: CHANGEGATE_CONFIG: missing; allowed: the path of the configuration file');
    return null;
  }
  try {
    return parse(readFileSync(path, 'utf8'), { maxAliasCount: 0 }) ?? {};
  } catch (error) {
    problems.push(`CHANGEGATE_CONFIG: ${path} cannot be read: ${(error as Error).message}`);
    return null;
  }
}

function readSecrets(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
  problems: string[],
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const path = env[`${name}_FILE`];
    if (env[name] !== undefined && path !== undefined)
      problems.push(`environment: ${name} and ${name}_FILE: set only one of the two`);
    if (env[name] !== undefined) found[name] = env[name];
    else if (path !== undefined) {
      try {
        found[name] = readFileSync(path, 'utf8').trim();
      } catch (error) {
        problems.push(`environment: ${name}_FILE: ${path} cannot be read: ${(error as Error).message}`);
      }
    }
  }
  return found;
}
