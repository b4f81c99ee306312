import { setTimeout as delay } from 'node:timers/promises';
import type { GateConfig } from '../../src/config/read-config.ts';
import { MINUTE_MS } from '../../src/domain/model/time.ts';
import { DrivenGate, warmUp } from '../support/driven-gate-process.ts';
import type { UnleashReady } from '../support/unleash.ts';
import { createUnleashPerson, type Person } from '../support/unleash-person.ts';

export const REPOSITORY = 'acme/shop';
const ADMIN_TOKEN = 'admin-token-of-the-kill-test';
const START = Date.UTC(2026, 2, 2, 9);
/** Longer than any lease of the service. */
const LEASES_MS = 61_000;
const UNITS_PER_ARM = 80;

export type Expected = 'throttle' | 'turn_off';

/** A change with its flag, as the test knows it. */
export interface Victim {
  readonly changeId: string;
  readonly flag: string;
  readonly expected: Expected;
  strategyId: string;
  /** Proxy requests seen when its activation was over: from here on the gate may only lower. */
  activatedAfter: number;
  isRaisedByPerson: boolean;
}

const REGISTRY = `errors:
  title: Errors
  definition: Share of page views that fail
  owner: tests
  unit: ratio
  direction: decrease_is_good
  measure: { source: web, type: proportion, of: page_viewed }
`;

/** A fast rule on the treatment alone throttles; harm against the control arm turns off. */
function contractOf(flag: string, expected: Expected): string {
  return [
    'hypothesis: Fewer errors',
    `flag: ${flag}`,
    'primary: { kpi: errors, at_least: -20% }',
    ...(expected === 'throttle' ? ['fast: [{ kpi: errors, above: 20%, for: 15m, then: throttle }]'] : []),
    '',
  ].join('\n');
}

export interface KillSiteOptions {
  readonly unleash: UnleashReady;
  /** Where the gate finds the flag service: the chaos proxy. */
  readonly unleashUrl: string;
  readonly storePath: string;
  readonly seen: () => number;
}

/** One site with its gate, which dies and comes back over the same store, and the people and events around it. */
export class KillSite {
  readonly person: Person;
  readonly acknowledged: string[] = [];
  gate!: DrivenGate;
  clock = START;
  kills = 0;
  readonly #options: KillSiteOptions;
  #laterMs = 0;
  #spare = warmUp();
  #token = '';
  #activateToken = '';
  #made = 0;
  #batches = 0;

  constructor(options: KillSiteOptions) {
    this.#options = options;
    this.person = createUnleashPerson({ url: options.unleash.url, token: options.unleash.tokens.person });
  }

  /** Starts the gate; by default so much later that every lease of the one before has run out. */
  async start(options: { readonly leasesRanOut?: boolean } = {}): Promise<void> {
    if (options.leasesRanOut ?? true) this.#laterMs += LEASES_MS;
    const order = { config: this.#config(), clock: this.clock, laterMs: this.#laterMs };
    this.gate = await DrivenGate.start(order, this.#spare);
    this.#spare = warmUp();
    if (this.#token !== '') return;
    this.#token = await this.#newToken(['stamp', 'read', 'ingest']);
    this.#activateToken = await this.#newToken(['activate']);
  }

  async kill(): Promise<void> {
    await this.gate.kill();
    this.kills += 1;
  }

  /** Ends every process. */
  async stop(): Promise<void> {
    this.#spare.kill('SIGKILL');
    await this.gate?.kill();
  }

  /** Stamps and activates a change whose data will call for `expected`. */
  async open(expected: Expected): Promise<Victim> {
    this.#made += 1;
    const flag = `kill-${this.#made}`;
    const stamped = await this.#call<{ change: { change_id: string } }>('POST', '/v1/changes', this.#token, {
      repository: REPOSITORY,
      pull_request: this.#made,
      commit_sha: this.#made.toString(16).padStart(40, '0'),
      actor: 'test',
      contract: { path: `.changegate/changes/${flag}.yml`, text: contractOf(flag, expected) },
      registry: { path: '.changegate/kpis.yml', text: REGISTRY },
      policy: null,
    });
    const changeId = stamped.change.change_id;
    await this.#call('POST', `/v1/changes/${changeId}/activate`, this.#activateToken);
    const strategyId = await this.#strategyOf(flag);
    return { changeId, flag, expected, strategyId, activatedAfter: this.#options.seen(), isRaisedByPerson: false };
  }

  /** A few minutes of disastrous traffic (clocks may be off by five), then time moves on: the gate decides and acts. */
  async hurt(victims: readonly Victim[]): Promise<void> {
    for (const victim of victims) await this.send(this.#disaster(victim));
    this.clock += 10 * MINUTE_MS;
    this.gate.advanceTo(this.clock);
  }

  /** Posts events; what was acknowledged must be found in the store for ever. An unanswered batch may be in it or not. */
  async send(events: readonly Record<string, unknown>[]): Promise<void> {
    const lines = events.map((event) => JSON.stringify(event)).join('\n');
    const answer = await this.#fetch('POST', '/v1/events', this.#token, 'application/x-ndjson', lines);
    const { accepted } = (await answer.json()) as { accepted: number };
    if (accepted !== events.length) throw new Error(`accepted ${accepted} of ${events.length} events`);
    this.acknowledged.push(...events.map(({ event_id }) => String(event_id)));
  }

  /** Small batches without a pause, until the gate is gone. */
  async streamUntilKilled(): Promise<void> {
    try {
      for (;;) {
        this.#batches += 1;
        const batch = this.#batches;
        const timestamp = new Date(this.clock - MINUTE_MS).toISOString();
        await this.send(
          [0, 1, 2].map((n) => ({
            event: 'page_viewed',
            status: 'success',
            timestamp,
            user_id: `b${batch}-${n}`,
            event_id: `b${batch}-${n}`,
          })),
        );
        await delay(5);
      }
    } catch {
      // Killed: this batch was not acknowledged.
    }
  }

  /** A person wants the flag on, for more than before. */
  async raise(victim: Victim): Promise<void> {
    victim.isRaisedByPerson = true;
    await this.person.setRollout(victim.flag, victim.strategyId, '80');
    await this.person.turnOn(victim.flag);
  }

  async flagOf(flag: string): Promise<{ enabled: boolean; rollout: number; strategyId: string }> {
    const { unleash } = this.#options;
    const answer = await fetch(`${unleash.url}/api/admin/projects/default/features/${flag}/environments/development`, {
      headers: { authorization: unleash.tokens.admin },
    });
    const body = (await answer.json()) as {
      enabled: boolean;
      strategies: { id: string; parameters: { rollout: string } }[];
    };
    return {
      enabled: body.enabled,
      rollout: Number(body.strategies[0]?.parameters.rollout),
      strategyId: body.strategies[0]?.id ?? '',
    };
  }

  async #strategyOf(flag: string): Promise<string> {
    return (await this.flagOf(flag)).strategyId;
  }

  #disaster({ changeId, flag, expected }: Victim): Record<string, unknown>[] {
    const arms = expected === 'throttle' ? (['on'] as const) : (['on', 'off'] as const);
    return Array.from({ length: UNITS_PER_ARM }, (_, n) => n).flatMap((n) =>
      arms.map((variant) => ({
        event: 'page_viewed',
        timestamp: new Date(this.clock + (n % 4) * MINUTE_MS).toISOString(),
        user_id: `${flag}-${variant}-${n}`,
        event_id: `${flag}-${variant}-${n}`,
        change_id: changeId,
        version_flag: variant,
        status: variant === 'on' ? 'error' : 'success',
      })),
    );
  }

  async #newToken(scopes: readonly string[]): Promise<string> {
    return (await this.#call<{ token: string }>('POST', '/v1/tokens', ADMIN_TOKEN, { scopes, repository: REPOSITORY }))
      .token;
  }

  async #call<T>(method: string, path: string, token: string, body?: unknown): Promise<T> {
    const answer = await this.#fetch(
      method,
      path,
      token,
      'application/json',
      body === undefined ? undefined : JSON.stringify(body),
    );
    return (await answer.json()) as T;
  }

  async #fetch(method: string, path: string, token: string, type: string, body: string | undefined): Promise<Response> {
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) };
    const answer = await fetch(this.gate.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    if (answer.ok) return answer;
    throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
  }

  #config(): GateConfig {
    const { unleash, unleashUrl, storePath } = this.#options;
    return {
      host: '127.0.0.1',
      port: 0,
      storePath,
      unleash: {
        url: unleashUrl,
        project: 'default',
        environment: 'development',
        allowAdminToken: false,
        watchToken: unleash.tokens.watch,
        activationToken: unleash.tokens.activation,
        clientToken: unleash.tokens.client,
      },
      eventSources: ['web'],
      sources: [],
      requireHash: false,
      ingestHmacKey: null,
      secret: 'secret-of-the-kill-test',
      adminToken: ADMIN_TOKEN,
      // One look for each disaster is enough; changes of earlier cycles are looked at now and then.
      lookEveryMinutes: 30,
      flagReadEveryMinutes: 60,
      sdkRefreshMinutes: 1,
      blindGraceMinutes: 1_440,
      logLevel: 'error',
    };
  }
}
