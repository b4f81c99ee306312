import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/changegate.js', import.meta.url));

test('serve on a port that is taken says so and exits with 78', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  const directory = mkdtempSync(join(tmpdir(), 'changegate-port-'));
  const config = join(directory, 'changegate.yml');
  writeFileSync(
    config,
    `listen: { port: ${port} }\nstore: { path: ${directory}/gate.db }\nunleash: { url: "http://127.0.0.1:1" }\n`,
  );
  const env = {
    PATH: process.env.PATH,
    CHANGEGATE_CONFIG: config,
    CHANGEGATE_SECRET: 'a secret that is long enough',
    UNLEASH_WATCH_TOKEN: 'user:watch',
    UNLEASH_CLIENT_TOKEN: 'client',
  };
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, [BIN, 'serve'], { env }, (error, _stdout, text) =>
      resolve({ code: error?.code, stderr: text }),
    );
  });
  taken.close();
  rmSync(directory, { recursive: true, force: true });
  expect(stderr).toContain(`127.0.0.1:${port}`);
  expect(stderr).not.toContain('    at ');
  expect(code).toBe(78);
});
