import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { createSqliteStore } from '../../src/adapters/store/sqlite/sqlite-store.ts';
import type { ChangeView } from '../../src/contract/api/change.ts';
import type { Scope } from '../../src/contract/api/requests.ts';
import type { Route } from '../../src/http/route.ts';
import { makeRoutes } from '../../src/http/routes.ts';
import { createServer } from '../../src/http/server.ts';
import type { MetricSource } from '../../src/ports/metric-source.ts';
import type { Store } from '../../src/ports/store.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import type { ActivationGate, Gate, GateOptions } from '../../src/services/gate.ts';
import { IngestQueue } from '../../src/services/ingest-queue.ts';
import { createFakeFlags, type FakeFlags } from '../fakes/fake-flags.ts';
import { type LogLine, TestBusinessClock, TestRealClock, testLog, testRandom } from './gate-clocks.ts';
import { conformanceOf } from './gate-conformance.ts';
import { REPOSITORY, stampBody } from './gate-files.ts';

export const ADMIN_TOKEN = 'admin-token-of-the-tests';
/** Monday, 2026-03-02, 09:00 UTC. */
export const START = Date.UTC(2026, 2, 2, 9);
const MINUTE_MS = 60_000;

export interface HarnessOptions extends Partial<GateOptions> {
  /** File of the store; default: in memory. */
  readonly path?: string;
  readonly start?: number;
  readonly flags?: FakeFlags;
  readonly withoutActivation?: boolean;
  /** Of the randomness; two services on one store must differ. */
  readonly seed?: number;
  readonly wrapStore?: (store: Store) => Store;
  /** Sources that are asked, by name. */
  readonly sources?: ReadonlyMap<string, MetricSource>;
}

export interface Call {
  readonly token?: string | null;
  readonly body?: unknown;
  /** Sent as it is, with its own content type. */
  readonly raw?: { readonly type?: string; readonly payload: string | Buffer };
  readonly headers?: Record<string, string>;
}

export interface Answer<Body = Record<string, never>> {
  readonly status: number;
  readonly body: Body;
  readonly response: LightMyRequestResponse;
}

/** A gate service in this process: real store, real routes, fake flags, clocks that the test drives. */
export class GateHarness {
  readonly gate: Gate;
  readonly routes: readonly Route[];
  readonly app: FastifyInstance;
  readonly scheduler: Scheduler;
  readonly flags: FakeFlags;
  readonly business: TestBusinessClock;
  readonly real = new TestRealClock();
  readonly queue: IngestQueue;
  readonly log: LogLine[] = [];
  readonly #tokens = new Map<string, string>();

  constructor(options: HarnessOptions = {}) {
    const {
      path = ':memory:',
      start = START,
      flags = createFakeFlags(),
      withoutActivation,
      wrapStore,
      seed = 7,
      sources = new Map(),
      ...own
    } = options;
    const random = testRandom(seed);
    const store = createSqliteStore({ path, random: (count) => random.bytes(count) });
    this.flags = flags;
    this.business = new TestBusinessClock(start);
    this.gate = {
      store: wrapStore ? wrapStore(store) : store,
      business: this.business,
      real: this.real,
      flags: flags.control,
      observer: flags.observer,
      sources,
      log: testLog(this.log),
      random,
      options: {
        lookEveryMinutes: 1,
        flagReadEveryMinutes: 1,
        sdkRefreshMinutes: 1,
        blindGraceMinutes: 30,
        requireHash: false,
        ingestHmacKey: null,
        secret: 'a-secret-of-the-tests',
        eventSources: ['web'],
        owner: 'worker-1',
        ...own,
      },
    };
    const activation: ActivationGate | null = withoutActivation ? null : { ...this.gate, activation: flags.activation };
    this.queue = new IngestQueue(this.gate);
    this.routes = makeRoutes(this.gate, activation, this.queue);
    this.app = createServer(this.gate, this.routes, { adminToken: ADMIN_TOKEN });
    this.scheduler = new Scheduler(this.gate);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.gate.store.close();
  }

  /** A token with these scopes, made over HTTP; the same request gives the same token. */
  async token(scopes: readonly Scope[], repository: string | null = REPOSITORY, days = 90): Promise<string> {
    const key = JSON.stringify([scopes, repository, days]);
    const known = this.#tokens.get(key);
    if (known) return known;
    const { status, body } = await this.call<{ token: string }>('POST', '/v1/tokens', {
      token: ADMIN_TOKEN,
      body: { scopes, repository, days },
    });
    if (status !== 201) throw new Error(`no token: ${JSON.stringify(body)}`);
    this.#tokens.set(key, body.token);
    return body.token;
  }

  /** One request without a port. Every answer is held against the OpenAPI document. */
  async call<Body = Record<string, never>>(
    method: Route['method'],
    url: string,
    call: Call = {},
  ): Promise<Answer<Body>> {
    const payload = call.raw ? call.raw.payload : call.body === undefined ? undefined : JSON.stringify(call.body);
    const type = call.raw ? call.raw.type : call.body === undefined ? undefined : 'application/json';
    const request: InjectOptions = {
      method,
      url,
      headers: {
        ...(call.token == null ? {} : { authorization: `Bearer ${call.token}` }),
        ...(type === undefined ? {} : { 'content-type': type }),
        ...call.headers,
      },
      ...(payload === undefined ? {} : { payload }),
    };
    const response = await this.app.inject(request);
    const body = response.body === '' ? null : JSON.parse(response.body);
    const problem = await conformanceOf(this.routes, method, url, response.statusCode, body);
    if (problem !== null) throw new Error(`${method} ${url} answered ${response.statusCode}, which ${problem}`);
    return { status: response.statusCode, body: body as Body, response };
  }

  /** Stamps change `n`; see stampBody. */
  async stamp(n = 1, contract?: string, repository = REPOSITORY): Promise<ChangeView> {
    const token = await this.token(['stamp'], repository);
    const answer = await this.call<{ change: ChangeView }>('POST', '/v1/changes', {
      token,
      body: stampBody(n, contract, repository),
    });
    if (answer.status > 201) throw new Error(`not stamped: ${JSON.stringify(answer.body)}`);
    return answer.body.change;
  }

  async activate(changeId: string, repository = REPOSITORY): Promise<ChangeView> {
    const token = await this.token(['activate'], repository);
    const answer = await this.call<{ change: ChangeView }>('POST', `/v1/changes/${changeId}/activate`, { token });
    if (answer.status !== 200) throw new Error(`not activated: ${JSON.stringify(answer.body)}`);
    return answer.body.change;
  }

  async stampAndActivate(n = 1, contract?: string, repository = REPOSITORY): Promise<string> {
    const { change_id } = await this.stamp(n, contract, repository);
    await this.activate(change_id, repository);
    return change_id;
  }

  async show(changeId: string, repository = REPOSITORY): Promise<ChangeView> {
    const token = await this.token(['read'], repository);
    return (await this.call<{ change: ChangeView }>('GET', `/v1/changes/${changeId}`, { token })).body.change;
  }

  async evaluate(
    changeId: string,
    head: unknown = null,
  ): Promise<{ verdict: string; new_revision: boolean; change: ChangeView }> {
    const token = await this.token(['evaluate']);
    const answer = await this.call<{ verdict: string; new_revision: boolean; change: ChangeView }>(
      'POST',
      `/v1/changes/${changeId}/evaluate`,
      { token, body: { head } },
    );
    if (answer.status !== 200) throw new Error(`not evaluated: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Posts events; texts are sent as they are, objects as JSON, one a line. */
  async send(
    lines: readonly (string | object)[],
    options: { repository?: string; headers?: Record<string, string> } = {},
  ) {
    const payload = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    return this.call<IngestAnswer>('POST', '/v1/events', {
      token: await this.token(['ingest'], options.repository ?? REPOSITORY),
      raw: { type: 'application/x-ndjson', payload },
      ...(options.headers ? { headers: options.headers } : {}),
    });
  }

  /** Moves business time to `at` in steps and does what is due at each. */
  async runTo(at: number, stepMinutes: number): Promise<void> {
    while (this.business.now() < at) {
      this.business.set(Math.min(at, this.business.now() + stepMinutes * MINUTE_MS));
      await this.scheduler.drain();
    }
  }

  /** Types of the ledger's entries for a change (or all), in order. */
  async ledgerTypes(changeId?: string): Promise<readonly string[]> {
    const entries = await this.gate.store.transaction((tx) =>
      tx.ledger.entries(changeId === undefined ? {} : { changeId }),
    );
    // The tokens are the harness's own, made when a call first needs one.
    return entries.map(({ type }) => type).filter((type) => type !== 'token.issued');
  }
}

export interface IngestAnswer {
  readonly accepted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly rejected: number;
  readonly lines: readonly { readonly line: number; readonly outcome: string; readonly reason: string }[];
}
