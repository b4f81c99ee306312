import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';

/** An invented shop: visitors (some of them come again), and which of them book. */
export interface JobsPlan {
  readonly seed: number;
  readonly rows: number;
  /** Share of rows by a visitor who was there before. */
  readonly returning: number;
  readonly historyDays: number;
  readonly windowDays: number;
  readonly rate: { readonly off: number; readonly on: number };
  /** The first row of the window is one with the change at this time. */
  readonly start: string;
}

export interface JobRow {
  readonly time: string;
  readonly unit: string;
  readonly variant: 'on' | 'off' | '';
  readonly outcome: 'success' | 'error' | '';
}

export const SMALL_SHOP: JobsPlan = {
  seed: 11,
  rows: 10_000,
  returning: 0.05,
  historyDays: 28,
  windowDays: 7,
  rate: { off: 0.3, on: 0.36 },
  start: '2026-11-02T09:15:00.000Z',
};

const DAY_MS = 86_400_000;

/** The rows in the order of time. The same plan gives the same rows on every machine. */
export function* jobRows(plan: JobsPlan): Generator<JobRow> {
  const random = seededRandom(plan.seed);
  const start = Date.parse(plan.start);
  const inWindow = Math.round((plan.rows * plan.windowDays) / (plan.historyDays + plan.windowDays));
  const inHistory = plan.rows - inWindow;
  let visitors = 0;
  for (let row = 0; row < plan.rows; row++) {
    const isHistory = row < inHistory;
    const [number, count, days] = isHistory
      ? [row, inHistory, plan.historyDays]
      : [row - inHistory, inWindow, plan.windowDays];
    const begin = isHistory ? start - plan.historyDays * DAY_MS : start;
    // Within the history's last moment, so that no row of it is in the minute in which the window starts.
    const at = begin + Math.floor((number * (days * DAY_MS - 60_000)) / count);
    const isBack = visitors > 0 && random.next() < plan.returning;
    const visitor = isBack ? random.int(visitors) : visitors++;
    yield { time: new Date(at).toISOString(), ...visit(plan, random, visitor, isHistory, number === 0) };
  }
}

function visit(plan: JobsPlan, random: SeededRandom, visitor: number, isHistory: boolean, isFirst: boolean) {
  // A visitor keeps its variant, whenever it comes.
  const arm = isFirst || seededRandom(visitor * 2_654_435 + plan.seed).next() < 0.5 ? 'on' : 'off';
  const variant = isHistory ? '' : arm;
  const isBooked = random.next() < plan.rate[isHistory ? 'off' : arm];
  return { unit: `visitor-${visitor}`, variant, outcome: isBooked ? 'success' : 'error' } as const;
}

/** A small contractor: some 20 quotes on each working day, and the jobs that came of them. */
export function* contractorRows(seed: number, weeks: number, rate = { off: 0.4, on: 0.45 }): Generator<JobRow> {
  const random = seededRandom(seed);
  const end = Date.parse('2026-11-09T00:00:00Z');
  let job = 0;
  for (let day = -7 * weeks; day < 0; day++) {
    const midnight = end + day * DAY_MS;
    const weekday = new Date(midnight).getUTCDay();
    if (weekday === 0 || weekday === 6) continue;
    const minutes = Array.from({ length: 16 + random.int(9) }, () => 8 * 60 + random.int(10 * 60));
    for (const minute of minutes.toSorted((left, right) => left - right)) {
      const isNew = day >= -7 && random.next() < 0.5;
      const isBooked = random.next() < rate[isNew ? 'on' : 'off'];
      const variant = day < -7 ? '' : isNew ? 'on' : 'off';
      const time = new Date(midnight + minute * 60_000).toISOString();
      yield { time, unit: `job-${++job}`, variant, outcome: isBooked ? 'success' : 'error' };
    }
  }
}

export function csvOf(rows: Iterable<JobRow>): string {
  return `time,unit,variant,outcome\n${[...rows].map(csvLine).join('')}`;
}

function csvLine({ time, unit, variant, outcome }: JobRow): string {
  return `${time},${unit},${variant},${outcome}\n`;
}

/** `node make-jobs-file.ts <file> <rows>`: writes a large file, to measure with. */
async function main([path, rows = '1000000', returning = '0.05']: readonly string[]): Promise<void> {
  const file = createWriteStream(path ?? 'jobs.csv');
  let chunk = 'time,unit,variant,outcome\n';
  for (const row of jobRows({ ...SMALL_SHOP, rows: Number(rows), returning: Number(returning) })) {
    chunk += csvLine(row);
    if (chunk.length < 1_000_000) continue;
    if (!file.write(chunk)) await once(file, 'drain');
    chunk = '';
  }
  file.end(chunk);
  await once(file, 'finish');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2));
