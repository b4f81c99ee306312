import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrometheusSource } from '../../src/adapters/metric-sources/prometheus/prometheus-source.ts';
import { StampRequestSchema } from '../../src/contract/api/requests.ts';
import { GateError } from '../../src/contract/gate-error.ts';
import { MINUTE_MS, minuteOf, WEEK_MINUTES } from '../../src/domain/model/time.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { activateChange } from '../../src/services/activate-change.ts';
import { makeChangeId } from '../../src/services/hashes.ts';
import { emptyRecord } from '../../src/services/keep-answers.ts';
import { runLook } from '../../src/services/run-look.ts';
import { stampChange } from '../../src/services/stamp-change.ts';
import { startPrometheus } from '../../test/support/prometheus-server.ts';
import { type BenchGate, openBenchGate, REPOSITORY, START } from '../bench-gate.ts';
import { milliseconds, type Report, threeFigures } from '../report.ts';
import { median, quantile } from '../statistics.ts';
import { type Asked, countDue, countUnstarted, HttpCalls, serverCpuSeconds, TimedSource } from './prometheus-meter.ts';
import {
  METRICS_PER_CHANGE,
  minutesAfter,
  SCRAPE_SECONDS,
  SERIES_PER_CHANGE,
  SHOP_REGISTRY,
  shopConfig,
  shopContract,
  shopSamples,
} from './prometheus-shop.ts';

export interface PrometheusOptions {
  readonly changes: number;
  readonly rounds: number;
}

/** Looks at the same time: enough to keep the adapter's calls busy, and few enough that none waits for the others. */
const AT_ONCE = 4;
/** After the activation. Two more pass in each round. */
const WARM_UP_MINUTES = 6;
const DATA_BEFORE_MINUTES = 6;
const POLL_MS = 20;
/** As a look waits for its sources. */
const PATIENCE_MS = 500;
const MOST_PASSES = 30;

/** What one turn used, over all changes. */
interface Turn {
  readonly seconds: number;
  readonly gateCpuMs: number;
  readonly serverCpuMs: number;
}

type Looks = Turn & {
  /** Of each change: from the moment at which all looks were due until its last answer. */
  readonly delayMs: readonly number[];
  /** Of each change: from its first question to its last answer. */
  readonly readMs: readonly number[];
  /** Changes that were asked for all their metrics. */
  readonly whole: number;
};

interface Round {
  readonly looks: Looks;
  /** The same a minute later, by the scheduler with all its workers. */
  readonly scheduled: Looks;
  /** The questions of the looks without a store. */
  readonly reads: Turn;
  /** Their HTTP requests without anybody who reads the answers. */
  readonly calls: Turn & { readonly perLook: number };
}

interface World {
  readonly gate: BenchGate;
  readonly source: TimedSource;
  readonly http: HttpCalls;
  readonly url: string;
  readonly storePath: string;
  readonly changeIds: readonly string[];
}

/** Looks a second at changes whose every metric is asked of a real Prometheus, and how long after its minute each is over. */
export async function benchPrometheus(
  { changes, rounds }: PrometheusOptions,
  progress: (text: string) => void,
): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'changegate-bench-'));
  const flags = Array.from({ length: changes }, (_, i) => `flag-${i}`);
  const changeIds = flags.map((flag, i) => makeChangeId(REPOSITORY, i + 1, commitOf(i), pathOf(flag)));
  progress(`prometheus: ${(changes * SERIES_PER_CHANGE).toLocaleString('en-US')} series for ${changes} changes`);
  const from = START - DATA_BEFORE_MINUTES * MINUTE_MS;
  const server = await startPrometheus(
    shopSamples(changeIds, from, minutesAfter(START, WARM_UP_MINUTES + 2 * rounds + 2)),
  );
  const http = new HttpCalls();
  const storePath = join(directory, 'changegate.db');
  const plain = openBenchGate(storePath, START);
  try {
    const source = new TimedSource(
      createPrometheusSource(shopConfig(server.url), {}, { now: () => plain.business.now() }),
    );
    const gate: BenchGate = { ...plain, sources: new Map([['shop', source]]) };
    const world: World = { gate, source, http, url: server.url, storePath, changeIds };
    progress(`prometheus: stamping and activating ${changes} changes`);
    for (const [index, flag] of flags.entries()) await start(gate, flag, index);
    await keepHistory(gate);
    await warmUp(world);
    const found: Round[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      progress(`prometheus: round ${round} of ${rounds}`);
      found.push(await runRound(world, WARM_UP_MINUTES + 2 * round - 1));
    }
    return report(changes, found);
  } finally {
    http.restore();
    await plain.store.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

const commitOf = (index: number) => index.toString(16).padStart(40, '0');
const pathOf = (flag: string) => `.changegate/changes/${flag}.yml`;

async function start(gate: BenchGate, flag: string, index: number): Promise<void> {
  const request = StampRequestSchema.parse({
    repository: REPOSITORY,
    pull_request: index + 1,
    commit_sha: commitOf(index),
    actor: 'bench',
    contract: { path: pathOf(flag), text: shopContract(flag) },
    registry: { path: '.changegate/kpis.yml', text: SHOP_REGISTRY },
    policy: null,
  });
  const { changeId } = await stampChange(gate, request);
  await activateChange(gate, changeId, REPOSITORY, 'bench');
}

/** The windows start and the first answers are kept. */
async function warmUp(world: World): Promise<void> {
  world.gate.business.advanceTo(minutesAfter(START, WARM_UP_MINUTES));
  await settle(world);
}

/** Looks until every window has started and every answer is kept: one that came too late for its look is taken by the next. */
async function settle({ gate, source, storePath, changeIds }: World): Promise<void> {
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    source.forget();
    await forAll(changeIds, AT_ONCE, (changeId) => runLook(gate, { changeId }));
    await source.quiet();
    if (source.asked.length === 0 && countUnstarted(storePath) === 0) return;
  }
  throw new GateError('internal', 'The changes of the benchmark do not come to rest.', 'Report this.');
}

/** As if the KPIs' own past had been asked for before: once for all changes, it is no part of a look. */
async function keepHistory({ store }: BenchGate): Promise<void> {
  const to = minuteOf(START);
  const record = { ...emptyRecord('shop'), spans: [{ from: to - 12 * WEEK_MINUTES, to }] };
  await store.transaction(async (tx) => {
    for (const { id } of await tx.kpis.list(REPOSITORY)) await tx.sources.remember(REPOSITORY, id, record);
  });
}

async function runRound(world: World, minutes: number): Promise<Round> {
  const { source, http, changeIds } = world;
  const looks = await timeLooks(world, minutes, () =>
    forAll(changeIds, AT_ONCE, (changeId) => runLook(world.gate, { changeId })),
  );
  const failed = source.asked.find(({ status }) => status !== 'ok');
  const whole = [...byChange(source).values()].find((asked) => asked.length === METRICS_PER_CHANGE);
  if (failed !== undefined || whole === undefined) {
    throw new GateError('internal', failed?.detail ?? 'No look asked for all metrics.', 'Report this.');
  }
  const questions = whole.map(({ question }) => question);
  const ask = (changeId: string) =>
    Promise.all(questions.map((question) => source.inner.read({ ...question, changeId })));
  http.record();
  await ask(changeIds[0]!);
  const recorded = http.recorded();
  const reads = await turn(world, ask);
  const calls = await turn(world, (changeId) =>
    Promise.all(recorded.map((call) => http.replay(call, changeIds[0]!, changeId))),
  );
  await settle(world);
  const scheduled = await timeLooks(world, minutes + 1, () => runScheduler(world));
  return { looks, scheduled, reads, calls: { ...calls, perLook: recorded.length } };
}

/** Moves business time on, so that all looks are due at once. */
async function timeLooks({ gate, source, url }: World, minutes: number, work: () => Promise<unknown>): Promise<Looks> {
  source.forget();
  const { turn: used, result: begun } = await measure(url, async () => {
    gate.business.advanceTo(minutesAfter(START, minutes));
    const now = performance.now();
    await work();
    await source.quiet();
    return now;
  });
  const asked = [...byChange(source).values()];
  const endOf = (questions: readonly Asked[]) => Math.max(...questions.map(({ endedAt }) => endedAt));
  return {
    ...used,
    delayMs: asked.map((questions) => endOf(questions) - begun),
    readMs: asked.map((questions) => endOf(questions) - Math.min(...questions.map(({ startedAt }) => startedAt))),
    whole: asked.filter(({ length }) => length === METRICS_PER_CHANGE).length,
  };
}

async function runScheduler({ gate, storePath }: World): Promise<void> {
  const scheduler = new Scheduler(gate);
  scheduler.start();
  while (countDue(storePath, gate.business.now()) > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  await scheduler.stop();
}

function byChange({ asked }: TimedSource): ReadonlyMap<string, readonly Asked[]> {
  return Map.groupBy(asked, ({ question }) => question.changeId);
}

/** The work for every change, as many at once as the scheduler does. */
async function turn({ url, changeIds }: World, work: (changeId: string) => Promise<unknown>): Promise<Turn> {
  return (await measure(url, () => forAll(changeIds, AT_ONCE, work))).turn;
}

async function forAll(changeIds: readonly string[], atOnce: number, work: (changeId: string) => Promise<unknown>) {
  const waiting = changeIds.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const changeId of waiting) await work(changeId);
    }),
  );
}

async function measure<T>(url: string, work: () => Promise<T>): Promise<{ turn: Turn; result: T }> {
  const serverBefore = await serverCpuSeconds(url);
  const before = process.cpuUsage();
  const begun = performance.now();
  const result = await work();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  const serverCpuMs = ((await serverCpuSeconds(url)) - serverBefore) * 1000;
  return { turn: { seconds, gateCpuMs: (user + system) / 1000, serverCpuMs }, result };
}

function report(changes: number, rounds: readonly Round[]): Report {
  const over = (read: (round: Round) => number) => median(rounds.map(read));
  const perLook = (read: (round: Round) => number) => over(read) / changes;
  const looksOf = (read: (round: Round) => Looks) => {
    const all = rounds.map(read);
    const delayMs = all.flatMap((looks) => looks.delayMs);
    const readMs = all.flatMap((looks) => looks.readMs);
    return {
      perSecond: median(all.map(({ seconds }) => changes / seconds)),
      wholeShare: all.reduce((sum, { whole }) => sum + whole, 0) / (changes * rounds.length),
      lateShare: readMs.filter((ms) => ms > PATIENCE_MS).length / readMs.length,
      delayMs: { p50: quantile(delayMs, 0.5), p99: quantile(delayMs, 0.99) },
      readMs: { p50: quantile(readMs, 0.5), p99: quantile(readMs, 0.99) },
    };
  };
  const looks = looksOf((round) => round.looks);
  const scheduled = looksOf((round) => round.scheduled);
  const cpuMs = {
    server: perLook(({ reads }) => reads.serverCpuMs),
    http: perLook(({ calls }) => calls.gateCpuMs),
    adapter: perLook(({ reads, calls }) => reads.gateCpuMs - calls.gateCpuMs),
    // Looks that left questions out are no measure of what the rest of a look costs.
    storeAndDecision:
      looks.wholeShare === 1 ? perLook((round) => round.looks.gateCpuMs - round.reads.gateCpuMs) : Number.NaN,
  };
  const data = {
    changes,
    metrics: METRICS_PER_CHANGE,
    series: changes * SERIES_PER_CHANGE,
    requestsPerLook: over(({ calls }) => calls.perLook),
    looks,
    scheduled,
    readsPerSecond: over(({ reads }) => changes / reads.seconds),
    callsPerSecond: over(({ calls }) => changes / calls.seconds),
    looksToCalls: over((round) => round.looks.seconds / round.calls.seconds),
    cpuMs,
  };
  const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
  return {
    title: `Looks at ${changes.toLocaleString('en-US')} changes with ${METRICS_PER_CHANGE} metrics each on a real Prometheus, ${data.series.toLocaleString('en-US')} series every ${SCRAPE_SECONDS} s`,
    rows: [
      {
        what: `looks, ${AT_ONCE} at once`,
        result: `${threeFigures(looks.perSecond)}/s, ${data.requestsPerLook} HTTP requests each; ${percent(looks.wholeShare)} asked for all metrics`,
      },
      { what: 'their questions without store and decision', result: `${threeFigures(data.readsPerSecond)} looks/s` },
      {
        what: 'their HTTP requests, answers unread',
        result: `${threeFigures(data.callsPerSecond)} looks/s: a look takes ${threeFigures(data.looksToCalls)} times as long`,
      },
      {
        what: 'a look, from its first question to its last answer',
        result: `p50 ${milliseconds(looks.readMs.p50)}, p99 ${milliseconds(looks.readMs.p99)}; ${percent(looks.lateShare)} took longer than the ${PATIENCE_MS} ms that a look waits`,
      },
      {
        what: 'delay, all due in one minute: until its last answer',
        result: `p50 ${milliseconds(looks.delayMs.p50)}, p99 ${milliseconds(looks.delayMs.p99)}`,
      },
      {
        what: 'the same by the scheduler, all workers',
        result: `${threeFigures(scheduled.perSecond)}/s, ${percent(scheduled.wholeShare)} asked for all metrics; delay p50 ${milliseconds(scheduled.delayMs.p50)}, p99 ${milliseconds(scheduled.delayMs.p99)}; ${percent(scheduled.lateShare)} answered after ${PATIENCE_MS} ms`,
      },
      {
        what: 'CPU of a look',
        result: `server ${milliseconds(cpuMs.server)}; gate: HTTP ${milliseconds(cpuMs.http)}, queries, parsing and checks ${milliseconds(cpuMs.adapter)}, store and decision ${milliseconds(cpuMs.storeAndDecision)}`,
      },
    ],
    data,
  };
}
