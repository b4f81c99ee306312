import { readFileSync } from 'node:fs';
import { Pool, type PoolClient, type PoolConfig, type QueryConfig } from 'pg';
import type { Column } from './columns.ts';
import type { PostgresConfig, PostgresSecrets } from './config.ts';
import { PostgresFault } from './fault.ts';
import type { Row } from './parse-rows.ts';
import { toFault } from './pg-error.ts';
import { parseRole, ROLE_QUERY } from './role.ts';

/** A read-only transaction on one connection. */
export interface Session {
  /** Name of the role, which has been found to be one that only reads. */
  readonly role: string;
  /** Runs one statement with the limits of this source and of the time that is left. */
  ask(text: string, values?: readonly (string | null)[]): Promise<{ rows: readonly Row[]; columns: readonly Column[] }>;
}

const MOST_CONNECTIONS = 2;
const ATTEMPTS = 2;
const IDLE_MS = 60_000;
/** A connection is made anew after it, and the role's rights are looked at again. */
const LIFETIME_SECONDS = 600;
const LIMITS = `select set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),
  set_config('idle_in_transaction_session_timeout', $1, true), set_config('search_path', $3, true),
  set_config('standard_conforming_strings', 'on', true), set_config('timezone', 'UTC', true)`;
const ALL_AS_TEXT = { getTypeParser: () => (text: unknown) => text };

/** Own small pool of one source. Every answer is all text; every failure a PostgresFault. */
export class PostgresClient {
  readonly #config: PostgresConfig;
  readonly #secrets: PostgresSecrets;
  readonly #roles = new WeakMap<PoolClient, string>();
  #pool: Pool | null = null;
  #closed = false;

  constructor(config: PostgresConfig, secrets: PostgresSecrets) {
    this.#config = config;
    this.#secrets = secrets;
  }

  /** By when a call that starts now is over, on the monotonic clock. */
  deadline(): number {
    return performance.now() + this.#config.timeout_seconds * 1000;
  }

  /**
   * Does the work in a read-only transaction that is always rolled back; once more when the connection broke.
   * @throws PostgresFault
   */
  async transaction<T>(deadline: number, work: (session: Session) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(deadline, work);
      } catch (error) {
        const fault = toFault(error);
        if (attempt === ATTEMPTS || !fault.passing || this.#closed || left(deadline) === 0) throw fault;
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool?.end();
    this.#pool = null;
  }

  async #attempt<T>(deadline: number, work: (session: Session) => Promise<T>): Promise<T> {
    const overdue = Promise.withResolvers<never>();
    const timer = setTimeout(() => overdue.reject(this.#tooLate()), left(deadline));
    try {
      const client = await this.#connect(overdue.promise);
      try {
        const result = await Promise.race([this.#run(client, deadline, work), overdue.promise]);
        client.release();
        return result;
      } catch (error) {
        // Nothing of a connection that failed is used again; a query under way loses its socket.
        client.release(true);
        throw error;
      }
    } finally {
      clearTimeout(timer);
      overdue.promise.catch(() => undefined);
    }
  }

  async #connect(overdue: Promise<never>): Promise<PoolClient> {
    if (this.#closed) throw new PostgresFault('unreachable', 'This source has been closed.');
    this.#pool ??= this.#open();
    const pool = this.#pool;
    const isFull = pool.totalCount >= MOST_CONNECTIONS && pool.idleCount === 0;
    const connecting = pool.connect();
    try {
      return await Promise.race([connecting, overdue]);
    } catch (error) {
      connecting.then(
        (late) => late.release(true),
        () => undefined,
      );
      if (isFull && error instanceof PostgresFault && error.fault === 'deadline') {
        throw new PostgresFault(
          'overloaded',
          `Both connections of this source were busy for ${this.#config.timeout_seconds} s. Make its queries faster.`,
        );
      }
      throw error;
    }
  }

  #open(): Pool {
    const pool = new Pool({ ...connectionOf(this.#config, this.#secrets), max: MOST_CONNECTIONS });
    // A connection that breaks while nobody uses it says so here; the next call sees it for itself.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    return pool;
  }

  async #run<T>(client: PoolClient, deadline: number, work: (session: Session) => Promise<T>): Promise<T> {
    const ask: Session['ask'] = async (text, values = []) => {
      await this.#limit(client, deadline);
      return send(client, text, values);
    };
    await send(client, 'begin transaction isolation level read committed, read only');
    const role = this.#roles.get(client) ?? parseRole((await ask(ROLE_QUERY)).rows);
    this.#roles.set(client, role);
    const result = await work({ role, ask });
    await send(client, 'rollback');
    // What outlives a transaction, such as locks that a query took for the session, ends here.
    await send(client, 'discard all');
    return result;
  }

  /** Anew before each statement, since a query can change settings for those after it. */
  async #limit(client: PoolClient, deadline: number): Promise<void> {
    const { lock_timeout_seconds, search_path } = this.#config;
    const path = search_path.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ');
    const most = Math.max(1, Math.floor(left(deadline)));
    await send(client, LIMITS, [String(most), String(lock_timeout_seconds * 1000), path]);
  }

  #tooLate(): PostgresFault {
    return new PostgresFault(
      'deadline',
      `No answer within ${this.#config.timeout_seconds} s (timeout_seconds). Make the query faster (an index on the time), or raise it.`,
    );
  }
}

/** The extended protocol, always: it prepares one statement only, and an empty list of values would not ask for it. */
async function send(
  client: PoolClient,
  text: string,
  values: readonly (string | null)[] = [],
): Promise<{ rows: readonly Row[]; columns: readonly Column[] }> {
  const query: QueryConfig & { readonly queryMode: 'extended' } = {
    text,
    values: [...values],
    types: ALL_AS_TEXT,
    queryMode: 'extended',
  };
  const { rows, fields } = await client.query<Record<string, string | null>>(query);
  return { rows, columns: fields.map(({ name, dataTypeID }) => ({ name, typeId: dataTypeID })) };
}

function left(deadline: number): number {
  return Math.max(0, deadline - performance.now());
}

/** Everything is said, so that no PG* variable of the environment says it instead. */
function connectionOf(config: PostgresConfig, { password }: PostgresSecrets): PoolConfig {
  const { host, port, database, user, tls, timeout_seconds } = config;
  return {
    host,
    port,
    database,
    user,
    password,
    ssl:
      tls.mode === 'off' ? false : { rejectUnauthorized: true, ...(tls.ca_file && { ca: readAuthority(tls.ca_file) }) },
    application_name: 'changegate',
    options: '-c default_transaction_read_only=on',
    connectionTimeoutMillis: timeout_seconds * 1000,
    idleTimeoutMillis: IDLE_MS,
    maxLifetimeSeconds: LIFETIME_SECONDS,
    allowExitOnIdle: true,
  };
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new PostgresFault('not_configured', `tls.ca_file: ${path} cannot be read.`);
  }
}
