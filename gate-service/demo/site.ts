import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { InMemStorageProvider, Unleash } from 'unleash-client';
import { IngestResponseSchema } from '../src/contract/api/requests.ts';
import { GateError } from '../src/contract/gate-error.ts';
import { formatInstant, MINUTE_MS } from '../src/domain/model/time.ts';
import { STORIES, type Story } from './stories.ts';
import { eventsOf, type SiteEvent, visitsOf } from './traffic.ts';

const BATCH_LINES = 4_000;
const REFRESH_MS = 500;

export interface SiteOptions {
  readonly unleashUrl: string;
  readonly clientToken: string;
  readonly gateUrl: string;
  readonly ingestToken: string;
  readonly seed: number;
  /** First minute of the simulated week: the silence of a page is counted from here. */
  readonly weekStartMinute: number;
}

/**
 * Sparky Electric's booking site: asks the real unleash-client for each visitor and posts what happened.
 * An event names the flag and its answer; the gate finds the change.
 */
export class Site {
  readonly #options: SiteOptions;
  readonly #unleash: Unleash;
  #later: { event: SiteEvent; flags: Record<string, 'on' | 'off'> | null }[] = [];
  #sent = 0;

  private constructor(options: SiteOptions, unleash: Unleash) {
    this.#options = options;
    this.#unleash = unleash;
  }

  static async open(options: SiteOptions): Promise<Site> {
    const unleash = new Unleash({
      url: `${options.unleashUrl}/api/`,
      appName: 'sparky-electric',
      customHeaders: { Authorization: options.clientToken },
      refreshInterval: REFRESH_MS,
      disableMetrics: true,
      storageProvider: new InMemStorageProvider(),
    });
    // A poll that fails during the end of the demo must not end the process.
    unleash.on('error', () => undefined);
    await once(unleash, 'synchronized');
    return new Site(options, unleash);
  }

  /** Events sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Sends the visits of [fromMinute, toMinute) before anything was deployed: nobody is in a change. `reach` moves the clock. */
  async sendBaseline(fromMinute: number, toMinute: number, reach: (minute: number) => void): Promise<void> {
    const step = 6 * 60;
    for (let minute = fromMinute; minute < toMinute; minute += step) {
      const until = Math.min(minute + step, toMinute);
      for (const story of STORIES) this.#visit(story, minute, until, null);
      reach(until);
      await this.#post(until * MINUTE_MS);
    }
  }

  /** Serves the visits of [fromMinute, toMinute) and sends everything that has happened by then. */
  async serve(fromMinute: number, toMinute: number): Promise<void> {
    for (const story of STORIES) this.#visit(story, fromMinute, toMinute, this.#unleash);
    await this.#post(toMinute * MINUTE_MS);
  }

  #visit(story: Story, fromMinute: number, toMinute: number, unleash: Unleash | null): void {
    for (let minute = fromMinute; minute < toMinute; minute += 1) {
      for (const visit of visitsOf(story, minute, this.#options.seed)) {
        const isOn = unleash?.isEnabled(story.flag, { userId: visit.userId }) ?? false;
        const flags = unleash ? { [story.flag]: isOn ? ('on' as const) : ('off' as const) } : null;
        for (const event of eventsOf(story, visit, isOn ? story.treatment : story.control))
          this.#later.push({ event, flags });
      }
    }
  }

  async #post(until: number): Promise<void> {
    const due = this.#later.filter(({ event }) => event.at < until && !this.#isSilenced(event));
    this.#later = this.#later.filter(({ event }) => event.at >= until);
    due.sort((left, right) => left.event.at - right.event.at);
    for (let first = 0; first < due.length; first += BATCH_LINES) {
      const lines = due.slice(first, first + BATCH_LINES).map(({ event, flags }) =>
        JSON.stringify({
          event: event.event,
          timestamp: formatInstant(event.at),
          event_id: `${event.userId}:${event.event}`,
          user_id: event.userId,
          ...(event.status ? { status: event.status } : {}),
          ...(event.latencyMs === undefined ? {} : { latency_ms: event.latencyMs }),
          ...(event.value === undefined ? {} : { value: event.value }),
          ...(flags ? { flags } : {}),
        }),
      );
      await this.#send(lines.join('\n'));
      this.#sent += lines.length;
    }
  }

  /** Once a page's metrics have stopped, late outcomes of its visitors are lost too. */
  #isSilenced(event: SiteEvent): boolean {
    const hours = STORIES.find(({ page }) => event.event.startsWith(`${page}_`))?.metricsStopAfterHours ?? null;
    return hours !== null && event.at >= (this.#options.weekStartMinute + hours * 60) * MINUTE_MS;
  }

  async #send(text: string): Promise<void> {
    const response = await fetch(`${this.#options.gateUrl}/v1/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.#options.ingestToken}`,
        'content-type': 'application/x-ndjson',
        'content-encoding': 'gzip',
      },
      body: gzipSync(text, { level: 1 }),
    });
    const answer = IngestResponseSchema.safeParse(await response.json());
    const lost = answer.success ? answer.data.rejected + answer.data.quarantined : -1;
    if (!response.ok || lost !== 0) {
      throw new GateError(
        'internal',
        `The gate answered ${response.status} to a batch of the demo (${lost} lines lost).`,
        'This is a mistake in the demo: report it.',
      );
    }
  }

  /** Waits in real time until this site's own SDK serves the flag to about the share that was set. */
  async waitForShare(flag: string, share: number, deadlineMs: number): Promise<number> {
    const started = performance.now();
    while (!this.#serves(flag, share)) {
      if (performance.now() - started > deadlineMs) {
        throw new GateError(
          'flag_service',
          `The site's SDK does not see ${flag} at ${share * 100}% after ${deadlineMs} ms.`,
          'Look at the Unleash server.',
        );
      }
      await delay(50);
    }
    return performance.now() - started;
  }

  #serves(flag: string, share: number): boolean {
    const definition = this.#unleash.getFeatureToggleDefinition(flag);
    if (!definition) return false;
    if (share === 0) return !definition.enabled;
    const rollout = Number(definition.strategies?.[0]?.parameters?.rollout);
    return definition.enabled && rollout === Math.round(share * 100);
  }

  close(): void {
    this.#unleash.destroy();
  }
}
