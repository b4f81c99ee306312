import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GateError } from '../contract/gate-error.ts';
import { readClientConfig } from './read-client-config.ts';
import { readConfig } from './read-config.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'changegate-config-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const SECRETS = {
  CHANGEGATE_SECRET: 'a-secret-of-sixteen-characters',
  UNLEASH_WATCH_TOKEN: 'watch',
  UNLEASH_CLIENT_TOKEN: 'client',
};
const SMALLEST = 'unleash: { url: "http://127.0.0.1:4242" }\n';

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function problemsOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof GateError && error.code === 'invalid_config') return error.message;
    throw error;
  }
  throw new Error('no problem was found');
}

const read = (text: string, env: Record<string, string> = {}) =>
  readConfig({ ...SECRETS, CHANGEGATE_CONFIG: write('changegate.yml', text), ...env });

describe('the configuration', () => {
  test('the smallest gets every default', () => {
    expect(read(SMALLEST)).toEqual({
      host: '127.0.0.1',
      port: 8787,
      storePath: '.data/changegate.db',
      unleash: {
        url: 'http://127.0.0.1:4242',
        project: 'default',
        environment: 'production',
        watchToken: 'watch',
        clientToken: 'client',
        activationToken: null,
        allowAdminToken: false,
      },
      eventSources: ['web'],
      sources: [],
      requireHash: false,
      ingestHmacKey: null,
      secret: SECRETS.CHANGEGATE_SECRET,
      adminToken: null,
      lookEveryMinutes: 1,
      flagReadEveryMinutes: 1,
      sdkRefreshMinutes: 1,
      blindGraceMinutes: 30,
      logLevel: 'info',
    });
  });

  test('every key is taken', () => {
    const text = `listen: { host: 0.0.0.0, port: 9000 }
store: { path: /var/lib/changegate/gate.db }
unleash: { url: "https://unleash.example.com", project: shop, environment: development }
sources: { web: { type: events }, app: { type: events } }
events: { require_hash: true }
watch: { look_every_minutes: 5, flag_read_every_minutes: 10, sdk_refresh_seconds: 61, blind_grace_minutes: 60 }
log_level: warn
`;
    expect(
      read(text, { UNLEASH_ACTIVATION_TOKEN: 'activation', CHANGEGATE_INGEST_KEY: 'an-ingest-key-of-tests' }),
    ).toMatchObject({
      host: '0.0.0.0',
      port: 9000,
      storePath: '/var/lib/changegate/gate.db',
      unleash: {
        url: 'https://unleash.example.com',
        project: 'shop',
        environment: 'development',
        activationToken: 'activation',
      },
      eventSources: ['web', 'app'],
      requireHash: true,
      ingestHmacKey: 'an-ingest-key-of-tests',
      lookEveryMinutes: 5,
      flagReadEveryMinutes: 10,
      sdkRefreshMinutes: 2,
      blindGraceMinutes: 60,
      logLevel: 'warn',
    });
  });

  test('all problems are told at once, with where they are and what is allowed', () => {
    const text = 'listen: { port: 70000 }\nstore: { path: "" }\nsources: { web: { type: oracle } }\nlogging: loud\n';
    const message = problemsOf(() =>
      readConfig({ CHANGEGATE_CONFIG: write('bad.yml', text), CHANGEGATE_SECRET: 'short' }),
    );
    expect(message).toMatch(/has \d+ problem/);
    for (const expected of [
      'configuration file: listen.port',
      'configuration file: store.path',
      'configuration file: sources.web.type',
      'logging',
      'environment: CHANGEGATE_SECRET: allowed: at least 16 characters',
    ]) {
      expect(message).toContain(expected);
    }
  });

  test('nothing at all is told as what is missing', () => {
    const message = problemsOf(() => readConfig({}));
    for (const name of ['CHANGEGATE_CONFIG', 'CHANGEGATE_SECRET', 'UNLEASH_WATCH_TOKEN', 'UNLEASH_CLIENT_TOKEN']) {
      expect(message).toContain(`${name}: missing`);
    }
  });

  test('a file that cannot be read is one problem, not a missing key each', () => {
    const message = problemsOf(() => readConfig({ ...SECRETS, CHANGEGATE_CONFIG: '/nowhere/changegate.yml' }));
    expect(message).toContain('cannot be read');
    expect(message).not.toContain('unleash: missing');
  });

  test('the tokens of the flag service are needed', () => {
    const message = problemsOf(() =>
      readConfig({ CHANGEGATE_SECRET: SECRETS.CHANGEGATE_SECRET, CHANGEGATE_CONFIG: write('c.yml', SMALLEST) }),
    );
    expect(message).toContain('UNLEASH_WATCH_TOKEN: missing');
    expect(message).toContain('UNLEASH_CLIENT_TOKEN: missing');
    expect(message).not.toContain('UNLEASH_ACTIVATION_TOKEN');
  });

  test.each([
    ['a key twice', `${SMALLEST}log_level: info\nlog_level: warn\n`],
    ['an alias', `${SMALLEST}events: &a { require_hash: true }\nwatch: *a\n`],
    ['no map', '- a\n- b\n'],
    ['no YAML', 'a: [1\n'],
    ['a key that is not known', `${SMALLEST}secret: abc\n`],
    ['a number as text', `${SMALLEST}listen: { port: "80" }\n`],
    ['another scheme', 'unleash: { url: "file:///etc/passwd" }\n'],
    ['a look every hour and a half', `${SMALLEST}watch: { look_every_minutes: 90 }\n`],
  ])('%s is a problem', (_, text) => {
    expect(problemsOf(() => read(text))).toContain('problem');
  });

  test('a file that is not there is a problem', () => {
    expect(problemsOf(() => readConfig({ ...SECRETS, CHANGEGATE_CONFIG: join(directory, 'nowhere.yml') }))).toContain(
      'nowhere.yml cannot be read',
    );
  });
});

describe('secrets', () => {
  test('come from files as well, without their line break', () => {
    const path = write('secret', 'a-secret-of-a-file-that-is-long\n');
    const { CHANGEGATE_SECRET: _, ...others } = SECRETS;
    const config = readConfig({ ...others, CHANGEGATE_SECRET_FILE: path, CHANGEGATE_CONFIG: write('c.yml', SMALLEST) });
    expect(config.secret).toBe('a-secret-of-a-file-that-is-long');
  });

  test('from two places at once are a problem, and so is a file that cannot be read', () => {
    const env = { CHANGEGATE_SECRET_FILE: write('s', 'x'), UNLEASH_ACTIVATION_TOKEN_FILE: join(directory, 'nowhere') };
    const message = problemsOf(() => read(SMALLEST, env));
    expect(message).toContain('CHANGEGATE_SECRET and CHANGEGATE_SECRET_FILE');
    expect(message).toContain('UNLEASH_ACTIVATION_TOKEN_FILE');
  });

  test('are in no problem', () => {
    const message = problemsOf(() => read('listen: 1', { CHANGEGATE_ADMIN_TOKEN: 'too-short-hunter' }).port);
    expect(message).not.toContain('hunter');
    expect(message).not.toContain(SECRETS.CHANGEGATE_SECRET);
  });
});

describe('where the commands find the service', () => {
  test('the default is this machine', () => {
    expect(readClientConfig({ CHANGEGATE_TOKEN: 't' })).toEqual({ url: 'http://127.0.0.1:8787', token: 't' });
    expect(readClientConfig({ CHANGEGATE_TOKEN: 't', CHANGEGATE_URL: 'https://gate.example.com/' }).url).toBe(
      'https://gate.example.com',
    );
  });

  test.each([
    ['no token', {}],
    ['an empty token', { CHANGEGATE_TOKEN: '' }],
    ['no URL', { CHANGEGATE_TOKEN: 't', CHANGEGATE_URL: 'gate' }],
    ['a host and a port', { CHANGEGATE_TOKEN: 't', CHANGEGATE_URL: 'localhost:8787' }],
    ['another scheme', { CHANGEGATE_TOKEN: 't', CHANGEGATE_URL: 'ftp://gate' }],
  ])('%s is refused', (_, env) => {
    expect(() => readClientConfig(env)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});
