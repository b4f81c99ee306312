import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { judgeChange } from '../../src/domain/decision/judge-change.ts';
import { evaluateLook, type LookInput } from '../../src/domain/decision/run-look.ts';
import { startWatch } from '../../src/domain/decision/start-watch.ts';
import type { MinuteTally, WatchState } from '../../src/domain/model/look.ts';
import { watchedMetricsOf } from '../../src/domain/model/metric.ts';
import { startOfMinute } from '../../src/domain/model/time.ts';
import { contractOf, evidenceOf, historyOf, KPIS, START } from '../../test/support/decision/evidence.ts';
import { HALF } from '../../test/support/decision/looks.ts';
import { fastRandom } from '../detection/random.ts';
import { type Report, threeFigures } from '../report.ts';
import { median } from '../statistics.ts';

const WATCHED_METRICS = 10_000;
const DAY = 24 * 60;
/** Minutes behind a look, from the first hour to the last day of the window. */
const WINDOW_MINUTES = [60, DAY, 6 * DAY] as const;
/** Minutes that a look after an outage catches up on. */
const BACKLOG_MINUTES = 60;
/** Arrivals per minute and arm, and their rate of errors. */
const PER_ARM = 50;
const ERROR_RATE = 0.01;

const CONTRACT = contractOf({
  primary: { kpi: 'errors', at_least: '-5%' },
  leading: { kpi: 'started' },
  guardrails: [],
});
const CHANGE = { changeId: 'bench', contract: CONTRACT, kpis: KPIS, state: 'watching', effectiveAt: START } as const;
const METRICS = watchedMetricsOf(CHANGE);
const HISTORIES = KPIS.map(({ id }) => historyOf(id, PER_ARM * 120, id === 'errors' ? ERROR_RATE : 0.5));

/** Looks, verdicts, memory and cost against the window's length, of the pure judgement alone. */
export function benchJudge(quick: boolean): Report {
  const repeats = quick ? 1 : 5;
  const windows = WINDOW_MINUTES.map((minutes) => {
    const watch = watchAfter(minutes);
    const looks = quick ? 200 : 2000;
    return { minutes, microseconds: timed(repeats, looks, () => lookOnce(watch, minutes + 1, 1)) };
  });
  const fleet = benchFleet(quick ? 1000 : WATCHED_METRICS, repeats);
  const backlog = timed(repeats, quick ? 5 : 50, () => lookOnce(startOf(), BACKLOG_MINUTES, BACKLOG_MINUTES));
  const evidence = evidenceOf();
  const verdict = timed(repeats, quick ? 50 : 500, () => judgeChange(evidence));
  const look = windows[1]!.microseconds;
  return {
    title: 'The judgement alone, one core, medians',
    rows: [
      {
        what: 'looks at a change with two metrics, one new minute',
        result: `${threeFigures(1e6 / look)} a second (${threeFigures(look)} µs each)`,
      },
      {
        what: `one minute look over ${fleet.metrics.toLocaleString('en-US')} watched metrics`,
        result: `${threeFigures(fleet.ms)} ms of the second it has`,
      },
      ...windows.map(({ minutes, microseconds }) => ({
        what: `a look with ${threeFigures(minutes / 60)} h behind it`,
        result: `${threeFigures(microseconds)} µs`,
      })),
      { what: 'a look that catches up on an hour', result: `${threeFigures(backlog / 1000)} ms` },
      {
        what: 'verdicts on a week with three metrics',
        result: `${threeFigures(1e6 / verdict)} a second (${threeFigures(verdict)} µs each)`,
      },
      {
        what: 'memory of a watched metric',
        result: `${threeFigures(fleet.heapBytes)} bytes of heap; ${fleet.jsonBytes} bytes as JSON, of which ${fleet.stateBytes} are the monitor’s state`,
      },
    ],
    data: { windows, fleet, backlogMs: backlog / 1000, verdictMicroseconds: verdict },
  };
}

function benchFleet(metrics: number, repeats: number) {
  const changes = metrics / METRICS.length;
  const collect = garbageCollector();
  const one = JSON.stringify(watchAfter(DAY));
  collect();
  const before = process.memoryUsage().heapUsed;
  const watches = Array.from({ length: changes }, () => JSON.parse(one) as WatchState);
  collect();
  const heapBytes = (process.memoryUsage().heapUsed - before) / metrics;
  const inputs = watches.map((watch) => lookInput(watch, DAY + 1, 1));
  const rounds = Array.from({ length: repeats }, () => {
    const begun = performance.now();
    for (const input of inputs) evaluateLook(input);
    return performance.now() - begun;
  });
  const [monitor] = watches[0]!.monitors;
  return {
    metrics,
    ms: median(rounds),
    heapBytes,
    jsonBytes: JSON.stringify(monitor).length,
    stateBytes: JSON.stringify(monitor!.cumulative).length,
  };
}

function startOf(): WatchState {
  return startWatch({ change: CHANGE, histories: HISTORIES });
}

function watchAfter(minutes: number): WatchState {
  return lookOnce(startOf(), minutes, minutes).watch;
}

function lookOnce(watch: WatchState, after: number, newMinutes: number) {
  return evaluateLook(lookInput(watch, after, newMinutes));
}

/** A look `after` minutes into the window whose sources hold the last `newMinutes`. */
function lookInput(watch: WatchState, after: number, newMinutes: number): LookInput {
  const seen = START + after - 1;
  return {
    change: CHANGE,
    phases: HALF,
    watch,
    metrics: METRICS.map(({ kpi }, index) => ({
      kpiId: kpi.id,
      minutes: minutesBefore(seen, newMinutes, index),
      source: { status: 'ok' as const },
      lastSeen: { kpi: seen, change: seen },
      history: HISTORIES.find(({ kpiId }) => kpiId === kpi.id)!,
    })),
    interventions: [],
    personRaisedAt: null,
    paused: false,
    // Two minutes later, so that the watermark has passed the minute that is new.
    now: startOfMinute(START + after + 2),
  };
}

function minutesBefore(last: number, count: number, seed: number): readonly MinuteTally[] {
  return Array.from({ length: count }, (_, i): MinuteTally => {
    const minute = last - count + 1 + i;
    const random = fastRandom(seed, minute);
    const tally = () => {
      const y = random.poisson(PER_ARM * ERROR_RATE);
      return { n: y + PER_ARM, y };
    };
    return { minute, off: tally(), on: tally() };
  });
}

/** Median microseconds of a call. */
function timed(repeats: number, calls: number, call: () => unknown): number {
  for (let i = 0; i < calls / 10; i += 1) call();
  const rounds = Array.from({ length: repeats }, () => {
    const begun = performance.now();
    for (let i = 0; i < calls; i += 1) call();
    return ((performance.now() - begun) * 1000) / calls;
  });
  return median(rounds);
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
