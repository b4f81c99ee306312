import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { callGate } from '../src/cli/gate-api.ts';
import { toLedgerEntry } from '../src/cli/ledger-export.ts';
import type { ChangeView } from '../src/contract/api/change.ts';
import * as api from '../src/contract/api/requests.ts';
import { GateError } from '../src/contract/gate-error.ts';
import { type LedgerVerification, verifyLedger } from '../src/domain/model/ledger-chain.ts';
import { MINUTE_MS, minuteOf, WEEK_MINUTES } from '../src/domain/model/time.ts';
import { startGateService } from '../src/main.ts';
import { startUnleash } from '../test/support/unleash.ts';
import { DrivenClock } from './driven-clock.ts';
import { GitHubWorld, REPOSITORY } from './github-world.ts';
import { Site } from './site.ts';
import { REGISTRY, STORIES, type Story } from './stories.ts';

/** Monday, 2026-03-02, 09:00 UTC: when the four pull requests are merged. */
const WEEK_START = Date.UTC(2026, 2, 2, 9);
const BASELINE_MINUTES = 4 * WEEK_MINUTES;
/** One tick of the simulated clock. */
export const TICK_MINUTES = 5;
/** Longest wait in real time for a flag to reach the SDKs. */
const SETTLE_DEADLINE_MS = 60_000;
const SEED = 20_260_302;
const HISTORY_SLACK_MINUTES = 60;

export interface Latency {
  readonly what: string;
  readonly ms: number;
}

export interface Played {
  readonly changes: readonly {
    readonly story: Story;
    readonly change: ChangeView;
    readonly comments: readonly string[];
    readonly tallies: unknown;
  }[];
  readonly ledger: z.output<typeof api.LedgerResponseSchema>;
  /** The ledger against its head and the heads that the verdict comments show. */
  readonly verification: LedgerVerification;
  /** Real time between an act and what showed it; not part of the simulation. */
  readonly latencies: readonly Latency[];
  readonly eventsSent: number;
  readonly gateUrl: string;
  readonly unleash: { readonly url: string; readonly username: string; readonly password: string };
  readonly seconds: { readonly startUp: number; readonly play: number };
  /** Ends everything that the demo started. */
  stop(): Promise<void>;
}

export interface Narrator {
  /** What is going on, with a share in [0, 1] where one is known. */
  progress(text: string, share?: number): void;
  /** Something happened that a person wants to read. */
  tell(text: string): void;
}

/** Undoes, in reverse order, what was started; each step is run even when another fails. */
class Undo {
  readonly #steps: (() => Promise<unknown> | unknown)[] = [];

  add(step: () => Promise<unknown> | unknown): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await Promise.resolve(step()).catch(() => undefined);
  }
}

/** Plays the four changes of one simulated week through the real parts. `signal` ends it early and tidily. */
export async function play(narrator: Narrator, signal: AbortSignal): Promise<Played> {
  const undo = new Undo();
  try {
    return await playWith(undo, narrator, signal);
  } catch (error) {
    await undo.run();
    throw error;
  }
}

async function playWith(undo: Undo, narrator: Narrator, signal: AbortSignal): Promise<Played> {
  const begun = performance.now();
  narrator.progress('starting a real Unleash server');
  const unleash = await startUnleash();
  undo.add(() => unleash.stop());
  signal.throwIfAborted();
  narrator.progress('starting the gate service and a fake GitHub');
  const clock = new DrivenClock(WEEK_START - BASELINE_MINUTES * MINUTE_MS);
  const directory = await mkdtemp(join(tmpdir(), 'changegate-demo-'));
  undo.add(() => rm(directory, { recursive: true, force: true }));
  const adminToken = randomBytes(24).toString('hex');
  const gate = await startGateService(
    {
      host: '127.0.0.1',
      port: 0,
      storePath: join(directory, 'changegate.db'),
      unleash: {
        url: unleash.url,
        project: 'default',
        environment: 'development',
        watchToken: unleash.tokens.watch,
        activationToken: unleash.tokens.activation,
        clientToken: unleash.tokens.client,
        allowAdminToken: false,
      },
      eventSources: ['web'],
      sources: [],
      requireHash: false,
      ingestHmacKey: null,
      secret: randomBytes(24).toString('hex'),
      adminToken,
      lookEveryMinutes: TICK_MINUTES,
      flagReadEveryMinutes: 60,
      sdkRefreshMinutes: 1,
      blindGraceMinutes: 30,
      logLevel: 'warn',
    },
    { businessClock: clock },
  );
  undo.add(() => gate.stop());
  const admin = { url: gate.url, token: adminToken };
  const makeToken = async (scopes: readonly string[]) =>
    (await callGate(admin, api.CreateTokenResponseSchema, 'POST', '/v1/tokens', { scopes, repository: REPOSITORY }))
      .token;
  const token = await makeToken(['forecast', 'stamp', 'read', 'evaluate']);
  const site = await Site.open({
    unleashUrl: unleash.url,
    clientToken: unleash.tokens.client,
    gateUrl: gate.url,
    ingestToken: await makeToken(['ingest']),
    seed: SEED,
    weekStartMinute: minuteOf(WEEK_START),
  });
  undo.add(() => site.close());
  const github = await GitHubWorld.open(clock, { url: gate.url, token, activateToken: await makeToken(['activate']) });
  undo.add(() => github.close());
  await callGate({ url: gate.url, token }, api.RegisterKpisResponseSchema, 'PUT', '/v1/kpis', {
    repository: REPOSITORY,
    registry: { path: '.changegate/kpis.yml', text: REGISTRY },
  });
  const started = performance.now();
  const week = new Week({
    clock,
    site,
    github,
    gate: { url: gate.url, token, drain: () => gate.scheduler.drain() },
    narrator,
    signal,
  });
  await week.run();
  const changes = await week.results();
  const ledger = await readLedger(admin);
  const ended = performance.now();
  return {
    changes,
    ledger,
    verification: verify(ledger, changes),
    latencies: week.latencies,
    eventsSent: site.sent,
    gateUrl: gate.url,
    unleash: { url: unleash.url, ...unleash.login },
    seconds: { startUp: (started - begun) / 1000, play: (ended - started) / 1000 },
    stop: () => undo.run(),
  };
}

function verify(ledger: Played['ledger'], changes: Played['changes']): LedgerVerification {
  const posted = changes.flatMap(({ change }) => change.verdicts.map(({ ledger_head }) => ledger_head));
  return verifyLedger(ledger.entries.map(toLedgerEntry), { anchors: [...posted, ledger.head] });
}

async function readLedger(admin: { url: string; token: string }): Promise<Played['ledger']> {
  const page = await callGate(admin, api.LedgerResponseSchema, 'GET', '/v1/ledger');
  const entries = [...page.entries];
  while (entries.length < page.head.size) {
    entries.push(
      ...(await callGate(admin, api.LedgerResponseSchema, 'GET', `/v1/ledger?after=${entries.at(-1)!.seq}`)).entries,
    );
  }
  return { head: page.head, entries };
}

interface WeekParts {
  readonly clock: DrivenClock;
  readonly site: Site;
  readonly github: GitHubWorld;
  readonly gate: { readonly url: string; readonly token: string; drain(): Promise<void> };
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
}

/** The driver: advances business time in ticks, and lets it stand still while a flag is on its way to the SDKs. */
class Week {
  readonly #parts: WeekParts;
  readonly #changeIds = new Map<Story, string>();
  readonly #known = new Map<string, string>();
  readonly latencies: Latency[] = [];

  constructor(parts: WeekParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    await this.#loadBaseline();
    await this.#openAndMerge();
    await this.#liveThroughTheWeek();
  }

  async results(): Promise<Played['changes']> {
    const results = [];
    for (const [story, changeId] of this.#changeIds) {
      const pack = await callGate(this.#parts.gate, api.EvidencePackSchema, 'GET', `/v1/changes/${changeId}/evidence`);
      const comments = this.#parts.github.comments(story.pullRequest).map(({ body }) => body);
      results.push({ story, change: await this.#change(changeId), comments, tallies: pack.evidence.metrics });
    }
    return results;
  }

  async #loadBaseline(): Promise<void> {
    const { clock, site, narrator, signal } = this.#parts;
    const end = minuteOf(WEEK_START);
    const from = end - BASELINE_MINUTES - HISTORY_SLACK_MINUTES;
    await site.sendBaseline(from, end, (minute) => {
      signal.throwIfAborted();
      clock.advanceTo(minute * MINUTE_MS);
      narrator.progress('loading 28 days of visitors from before the deploys', (minute - from) / (end - from));
    });
    clock.advanceTo(WEEK_START);
  }

  async #openAndMerge(): Promise<void> {
    const { github, narrator, signal } = this.#parts;
    for (const story of STORIES) {
      signal.throwIfAborted();
      narrator.progress(`pull request #${story.pullRequest}: ${story.title}`);
      const forecast = await github.forecast(story);
      const stamp = await github.stamp(story);
      const changeId = stamp.outputs['change-id']!;
      this.#changeIds.set(story, changeId);
      await github.activate(story, changeId);
      await this.#settle(changeId, 'activation');
      narrator.tell(
        `#${story.pullRequest} ${story.title}: forecast ${forecast.outputs.conclusion}, merged as ${changeId}, flag ${story.flag} on`,
      );
    }
  }

  async #liveThroughTheWeek(): Promise<void> {
    const { clock, site, gate, github, narrator, signal } = this.#parts;
    const start = minuteOf(WEEK_START);
    for (let minute = start; !(await this.#allJudged(minute)); minute += TICK_MINUTES) {
      signal.throwIfAborted();
      await site.serve(minute, minute + TICK_MINUTES);
      clock.advanceTo((minute + TICK_MINUTES) * MINUTE_MS);
      await gate.drain();
      if (await this.#settleAll()) await github.schedule();
      narrator.progress(
        `day ${Math.floor((minute - start) / 1440) + 1} of 7`,
        Math.min(1, (minute - start) / WEEK_MINUTES),
      );
    }
    await github.schedule();
  }

  /** Verdicts are asked for only after the window: until then nobody looks at them. */
  async #allJudged(minute: number): Promise<boolean> {
    const late = minute - minuteOf(WEEK_START) - WEEK_MINUTES;
    if (late < 0) return false;
    if (late > WEEK_MINUTES)
      throw new GateError(
        'internal',
        'A change was not judged within a week after its window.',
        'This is a mistake: report it.',
      );
    for (const changeId of this.#changeIds.values())
      if ((await this.#change(changeId)).verdicts.length === 0) return false;
    return true;
  }

  async #change(changeId: string): Promise<ChangeView> {
    return (await callGate(this.#parts.gate, api.ChangeResponseSchema, 'GET', `/v1/changes/${changeId}`)).change;
  }

  /** Waits, with the simulated clock standing still, until every act is published and seen by the site's own SDK. */
  async #settleAll(): Promise<boolean> {
    let acted = false;
    const { changes } = await callGate(
      this.#parts.gate,
      api.ChangeListResponseSchema,
      'GET',
      '/v1/changes?state=watching,throttled,off,judged',
    );
    for (const change of changes) {
      const latest = change.interventions.at(-1);
      if (!latest || this.#known.get(change.change_id) === latest.intervention_id) continue;
      await this.#settle(change.change_id, latest.kind);
      this.#known.set(change.change_id, latest.intervention_id);
      acted = true;
    }
    return acted;
  }

  async #settle(changeId: string, what: string): Promise<void> {
    const { site, gate, narrator } = this.#parts;
    const started = performance.now();
    for (;;) {
      const change = await this.#change(changeId);
      const latest = change.interventions.at(-1);
      if (!latest || latest.published_at !== null) {
        const share = latest ? latest.target_share : change.rollout_start;
        await site.waitForShare(change.flag, share, SETTLE_DEADLINE_MS);
        const ms = Math.round(performance.now() - started);
        this.latencies.push({ what: `${change.flag}: ${what} until the site's SDK saw it`, ms });
        if (latest)
          narrator.tell(
            `#${change.pull_request} ${change.flag}: ${what} to ${latest.target_share * 100}%. ${latest.reason}`,
          );
        return;
      }
      if (performance.now() - started > SETTLE_DEADLINE_MS)
        throw new GateError(
          'flag_service',
          `${what} of ${change.flag} was not published: ${latest.outcome}.`,
          'Look at the Unleash server.',
        );
      await delay(25);
      await gate.drain();
    }
  }
}
