import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const BIN = join(import.meta.dirname, '../../bin/changegate.js');
const CLEAN = { PATH: process.env.PATH ?? '' };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'changegate-process-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const run = (args: readonly string[], nodeArgs: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, [...nodeArgs, BIN, ...args], {
    encoding: 'utf8',
    env: { ...CLEAN, ...env },
    cwd: directory,
  });

describe('the changegate command as a process', () => {
  test('--help', () => {
    const { status, stdout, stderr } = run(['--help']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Usage: changegate');
  });

  test('an unknown command exits with 2', () => {
    expect(run(['explode']).status).toBe(2);
  });

  test('an older Node is told what to do', () => {
    const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } })";
    const { status, stderr, stdout } = run(
      ['--help'],
      ['--import', `data:text/javascript,${encodeURIComponent(older)}`],
    );
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('changegate needs Node 24 or newer; this is 20.11.0.');
    expect(stderr).toContain('npx changegate');
  });

  test('serve without a configuration exits with 78 and names every problem', () => {
    const { status, stderr } = run(['serve']);
    expect(status).toBe(78);
    expect(stderr).toContain('CHANGEGATE_SECRET: missing');
    expect(stderr).toContain('CHANGEGATE_CONFIG: missing');
  });
});

describe('serve', () => {
  test('starts as docs/running.md says, answers, and stops on SIGTERM with 0', async () => {
    writeFileSync(
      join(directory, 'changegate.yml'),
      'listen: { port: 0 }\nstore: { path: gate.db }\nunleash: { url: "http://127.0.0.1:1" }\nlog_level: info\n',
    );
    const child = spawn(process.execPath, [BIN, 'serve'], {
      cwd: directory,
      env: {
        ...CLEAN,
        CHANGEGATE_CONFIG: 'changegate.yml',
        CHANGEGATE_SECRET: 'canary-secret-of-the-process',
        CHANGEGATE_ADMIN_TOKEN: 'canary-admin-token-of-the-process',
        UNLEASH_WATCH_TOKEN: 'user:canary-watch-token',
        UNLEASH_CLIENT_TOKEN: 'canary-client-token',
      },
    });
    let log = '';
    child.stderr.on('data', (chunk) => {
      log += chunk;
    });
    child.stdout.on('data', (chunk) => {
      log += chunk;
    });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    try {
      const url = await new Promise<string>((resolve, reject) => {
        child.stderr.on('data', () => {
          const found = /"url":"(http:[^"]+)"/.exec(log)?.[1];
          if (found) resolve(found);
        });
        child.on('exit', () => reject(new Error(log)));
      });
      expect(new URL(url).hostname).toBe('127.0.0.1');
      expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
      const ready = await fetch(`${url}/ready`);
      expect([ready.status, await ready.json()]).toMatchObject([
        503,
        { ready: false, checks: [{ ok: true }, { ok: false }] },
      ]);
      const authorization = 'Bearer canary-admin-token-of-the-process';
      expect((await fetch(`${url}/v1/changes`, { headers: { authorization } })).status).toBe(200);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toBe(0);
    expect(log).not.toContain('canary');
  });
});
