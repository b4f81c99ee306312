import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '../src/adapters/store/sqlite/sqlite-store.ts';
import { GateError } from '../src/contract/gate-error.ts';
import { canonicalJson, sha256Hex } from '../src/domain/model/canonical-json.ts';
import type { AcceptedEvent } from '../src/domain/model/event.ts';
import { DAY_MINUTES, MINUTE_MS } from '../src/domain/model/time.ts';
import { runLook } from '../src/services/run-look.ts';
import { createFakeFlags } from '../test/fakes/fake-flags.ts';
import { type BenchGate, CHANGE_ID, openBenchGate, REPOSITORY, START, stampAndActivate } from './bench-gate.ts';
import { milliseconds, type Report, threeFigures } from './report.ts';
import { seedEvents, seedHistory } from './seed-store.ts';
import { median, quantile } from './statistics.ts';

const HISTORY_WEEKS = 4;
const SEEDED_DAYS = 6;
/** Visitors of each new minute, the same however much is behind it. */
const VISITORS_PER_MINUTE = 60;
const WARM_UP_LOOKS = 20;
const LOOKS = 60;

interface Timing {
  readonly ms: number;
  readonly cpuMs: number;
}

interface Subject {
  readonly events: number;
  readonly gate: BenchGate;
  /** Seconds for which the service built two KPIs' history from the seeded events: what registering a new KPI costs. */
  readonly registerSeconds: number;
  /** Seconds for which it started the window six days late and caught up: what a service that was down pays once. */
  readonly windowSeconds: number;
  readonly rounds: Timing[][];
}

/**
 * One look's time with ever more events behind it. All stores are open at once and take turns look by look, so that
 * other work on the machine meets each of them alike.
 */
export async function benchLook(quick: boolean, progress: (text: string) => void): Promise<Report> {
  const sizes = quick ? [1e4, 1e5] : [1e4, 1e6, 1e7];
  const repeats = quick ? 1 : 3;
  const directory = await mkdtemp(join(tmpdir(), 'changegate-bench-'));
  const subjects: Subject[] = [];
  const commitMs: number[] = [];
  const plain = openPlain(join(directory, 'plain.db'));
  try {
    for (const events of sizes) {
      progress(`look: making a store with ${events.toLocaleString('en-US')} events`);
      subjects.push(await makeSubject(join(directory, `${events}.db`), events));
    }
    for (let look = 0; look < WARM_UP_LOOKS; look += 1) for (const subject of subjects) await lookOnce(subject.gate);
    for (let repeat = 1; repeat <= repeats; repeat += 1) {
      progress(`look: repeat ${repeat} of ${repeats}`);
      for (const subject of subjects) subject.rounds.push([]);
      for (let look = 0; look < LOOKS; look += 1) {
        for (const { gate, rounds } of subjects) rounds.at(-1)!.push(await lookOnce(gate));
        commitMs.push(commitOnce(plain));
      }
    }
    for (const { gate } of subjects) await assertWatching(gate);
    return report(subjects, repeats, commitMs);
  } finally {
    plain.close();
    for (const { gate } of subjects) await gate.store.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function report(subjects: readonly Subject[], repeats: number, commitMs: readonly number[]): Report {
  const results = subjects.map(({ events, registerSeconds, windowSeconds, rounds }) => {
    const over = (read: (timing: Timing) => number) => median(rounds.map((round) => median(round.map(read))));
    const ratioOf = (read: (timing: Timing) => number) =>
      median(rounds.map((round, i) => median(round.map(read)) / median(subjects[0]!.rounds[i]!.map(read))));
    return {
      events,
      looks: rounds.flat().length,
      medianMs: over(({ ms }) => ms),
      p99Ms: quantile(
        rounds.flat().map(({ ms }) => ms),
        0.99,
      ),
      cpuMs: over(({ cpuMs }) => cpuMs),
      /** Within each repeat, against the smallest store. */
      ratio: ratioOf(({ ms }) => ms),
      cpuRatio: ratioOf(({ cpuMs }) => cpuMs),
      registerSeconds,
      windowSeconds,
    };
  });
  const commit = { medianMs: median(commitMs), p99Ms: quantile(commitMs, 0.99) };
  return {
    title: `One look at a change with two KPIs, median of ${repeats} times ${LOOKS} looks`,
    rows: [
      ...results.map(({ events, medianMs, p99Ms, cpuMs, ratio, cpuRatio }) => ({
        what: `${events.toLocaleString('en-US')} events behind it`,
        result: `median ${milliseconds(medianMs)}, p99 ${milliseconds(p99Ms)}, CPU ${milliseconds(cpuMs)}; to the smallest: time × ${ratio.toFixed(2)}, CPU × ${cpuRatio.toFixed(2)}`,
      })),
      {
        what: 'for comparison: one durable commit of one row',
        result: `median ${milliseconds(commit.medianMs)}, p99 ${milliseconds(commit.p99Ms)}`,
      },
      ...results.map(({ events, registerSeconds, windowSeconds }) => ({
        what: `building from ${events.toLocaleString('en-US')} events`,
        result: `history of two new KPIs ${threeFigures(registerSeconds)} s, a window started six days late ${threeFigures(windowSeconds)} s`,
      })),
    ],
    data: { results, commit },
  };
}

/** A store in the sixth day of a change's window, with all that the service itself builds from the seeded events. */
export async function makeSubject(path: string, events: number): Promise<Subject> {
  const seed = { events, from: START + MINUTE_MS, to: START + SEEDED_DAYS * DAY_MINUTES * MINUTE_MS };
  await createSqliteStore({ path }).close();
  seedEvents(path, seed);
  const flags = createFakeFlags();
  const stamping = openBenchGate(path, START, flags);
  const begun = performance.now();
  await stampAndActivate(stamping);
  const registerSeconds = (performance.now() - begun) / 1000;
  await stamping.store.close();
  seedHistory(path, seed, HISTORY_WEEKS);
  const gate = openBenchGate(path, seed.to, flags);
  const started = performance.now();
  await runLook(gate, { changeId: CHANGE_ID });
  const windowSeconds = (performance.now() - started) / 1000;
  return { events, gate, registerSeconds, windowSeconds, rounds: [] };
}

/** A minute passes, its events come in, and the look at it is timed. */
async function lookOnce(gate: BenchGate): Promise<Timing> {
  const minuteStart = gate.business.now();
  gate.business.advanceTo(minuteStart + MINUTE_MS);
  await gate.store.transaction((tx) => tx.events.append(eventsOf(minuteStart), gate.business.now()));
  const begun = performance.now();
  const before = process.cpuUsage();
  await runLook(gate, { changeId: CHANGE_ID });
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - begun, cpuMs: (user + system) / 1000 };
}

function openPlain(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (at REAL)');
  return database;
}

/** What the disk alone asks for: a look commits once. */
function commitOnce(plain: DatabaseSync): number {
  const begun = performance.now();
  plain.exec(`INSERT INTO rows (at) VALUES (${begun})`);
  return performance.now() - begun;
}

function eventsOf(minuteStart: number): readonly AcceptedEvent[] {
  return Array.from({ length: VISITORS_PER_MINUTE }, (_, index) => {
    const eventId = `${minuteStart}-${index}`;
    const fields = {
      eventId,
      repository: REPOSITORY,
      event: index % 6 === 5 ? 'quote_done' : 'quote_viewed',
      at: minuteStart + index * 1000,
      unit: sha256Hex(eventId).slice(0, 32),
      cohort: null,
      status: index === Math.floor(minuteStart / MINUTE_MS) % VISITORS_PER_MINUTE ? 'error' : 'success',
      latencyMs: null,
      value: null,
      tag: null,
      exposures: [{ changeId: CHANGE_ID, variant: index % 2 === 0 ? 'on' : 'off' }],
    } as const;
    return { ...fields, contentHash: sha256Hex(canonicalJson(fields)) };
  });
}

/** Looks at a change that was acted on are other looks: nothing in the seeded events gives cause to act. */
async function assertWatching(gate: BenchGate): Promise<void> {
  const { change, state } = await gate.store.transaction(async (tx) => ({
    change: await tx.changes.find(CHANGE_ID),
    state: await tx.watch.state(CHANGE_ID),
  }));
  const consumed = state?.monitors.every(({ totals }) => totals.on.n > 0 && totals.off.n > 0);
  if (change?.state === 'watching' && consumed && state?.alarms.length === 0) return;
  throw new GateError('internal', `The change of the benchmark is ${change?.state}.`, 'Report this.');
}
