import type { ChangeView } from '../../src/contract/api/change.ts';
import { GATE_REGISTRY, REPOSITORY } from './gate-files.ts';
import { type GateHarness, START } from './gate-harness.ts';
import { seededRandom } from './seeded-random.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const WEEK_MS = 7 * DAY_MS;
const MOST_LINES = 4_000;

export interface Behaviour {
  readonly converts: number;
  readonly fails: number;
}

/** A shop with one page: how many come, and what they do with and without the change. */
export interface Shop {
  readonly visitsPerWeek: number;
  readonly control: Behaviour;
  readonly treatment: Behaviour;
  /** Opens at 8 and closes at 18 o'clock, Monday to Friday (UTC); else visitors come at any time. */
  readonly officeHours?: boolean;
}

export interface ShopEvent {
  readonly at: number;
  readonly arm: 'on' | 'off' | null;
  readonly line: Readonly<Record<string, unknown>> & { readonly event: string };
}

/** A visitor's luck, drawn before anybody knows the variant. */
export interface Visit {
  readonly user: string;
  readonly at: number;
  readonly place: number;
  readonly failDraw: number;
  readonly convertDraw: number;
  readonly delayMs: number;
}

/** Who comes in [from, to), by time. */
export function shopVisits(seed: number, shop: Shop, from: number, to: number): readonly Visit[] {
  const random = seededRandom(seed);
  const visits = Array.from({ length: random.poisson((shop.visitsPerWeek * (to - from)) / WEEK_MS) }, (_, n) => ({
    user: `u-${seed}-${n}`,
    at: shop.officeHours ? officeTime(random.next(), from, to) : from + Math.floor(random.next() * (to - from)),
    place: random.next(),
    failDraw: random.next(),
    convertDraw: random.next(),
    delayMs: (1 + random.int(90)) * MINUTE_MS,
  }));
  return visits.sort((left, right) => left.at - right.at);
}

/** What a visitor does: views the page once, which may fail, and may book within 90 minutes. `share` null: before the deploy. */
export function eventsOf(shop: Shop, visit: Visit, share: number | null): readonly ShopEvent[] {
  const { user, at } = visit;
  const arm = share === null ? null : visit.place < share ? 'on' : 'off';
  const { converts, fails } = arm === 'on' ? shop.treatment : shop.control;
  const failed = visit.failDraw < fails;
  const event = (name: string, time: number, more: object): ShopEvent => ({
    at: time,
    arm,
    line: {
      event: name,
      timestamp: new Date(time).toISOString(),
      event_id: `${user}:${name}`,
      user_id: user,
      ...more,
      ...(arm === null ? {} : { flags: { 'short-form': arm } }),
    },
  });
  return [
    event('quote_viewed', at, { status: failed ? 'error' : 'success' }),
    ...(!failed && visit.convertDraw < converts ? [event('quote_done', at + visit.delayMs, {})] : []),
  ];
}

/** Everything that happens to the visitors of [from, to) under one share, by time. */
export function shopEvents(
  seed: number,
  shop: Shop,
  from: number,
  to: number,
  share: number | null,
): readonly ShopEvent[] {
  const events = shopVisits(seed, shop, from, to).flatMap((visit) => eventsOf(shop, visit, share));
  return events.sort((left, right) => left.at - right.at);
}

/** A time of the office hours in [from, to), by its share of them. */
function officeTime(share: number, from: number, to: number): number {
  const hours: number[] = [];
  for (let hour = Math.floor(from / HOUR_MS); hour * HOUR_MS < to; hour += 1) {
    const date = new Date(hour * HOUR_MS);
    const isOpen = date.getUTCDay() >= 1 && date.getUTCDay() <= 5 && date.getUTCHours() >= 8 && date.getUTCHours() < 18;
    if (isOpen && hour * HOUR_MS >= from) hours.push(hour);
  }
  const place = share * hours.length;
  return Math.floor((hours[Math.floor(place)]! + (place % 1)) * HOUR_MS);
}

export async function sendAll(harness: GateHarness, events: readonly ShopEvent[]): Promise<void> {
  for (let first = 0; first < events.length; first += MOST_LINES) {
    const { status, body } = await harness.send(events.slice(first, first + MOST_LINES).map(({ line }) => line));
    if (status !== 202 || body.rejected > 0) throw new Error(`not ingested: ${JSON.stringify(body).slice(0, 500)}`);
  }
}

/** Registers the KPIs and loads so many weeks of visitors from before the deploy; leaves the clock at START. */
export async function loadBaseline(harness: GateHarness, seed: number, shop: Shop, weeks: number): Promise<void> {
  harness.business.set(START - weeks * WEEK_MS);
  const registry = { path: '.changegate/kpis.yml', text: GATE_REGISTRY };
  const token = await harness.token(['stamp']);
  await harness.call('PUT', '/v1/kpis', { token, body: { repository: REPOSITORY, registry } });
  harness.business.set(START);
  await sendAll(
    harness,
    shopEvents(seed + 7_919, shop, START - weeks * WEEK_MS, START, null).filter(({ at }) => at < START),
  );
}

export interface PlayOptions {
  readonly contract?: string;
  readonly baselineWeeks?: number;
  /** Minutes between two rounds of sending and looking. */
  readonly stepMinutes?: number;
  /** Which events are never sent. */
  readonly lose?: (event: ShopEvent, index: number) => boolean;
  /** The cohort that a visitor's events carry. */
  readonly cohortOf?: (user: string) => string;
}

/** Plays one change from its stamp to its verdict. */
export async function playChange(
  harness: GateHarness,
  seed: number,
  shop: Shop,
  options: PlayOptions = {},
): Promise<ChangeView> {
  const { contract, baselineWeeks = 4, stepMinutes = 6 * 60, lose = () => false, cohortOf } = options;
  if (baselineWeeks > 0) await loadBaseline(harness, seed, shop, baselineWeeks);
  const changeId = await harness.stampAndActivate(1, contract);
  const visits = [...shopVisits(seed, shop, START, START + WEEK_MS + DAY_MS)];
  let coming: ShopEvent[] = [];
  let count = 0;
  for (let now = START; (await harness.show(changeId)).verdicts.length === 0; now += stepMinutes * MINUTE_MS) {
    if (now > START + 2 * WEEK_MS) throw new Error('no verdict after two weeks');
    const share = await shareOf(harness);
    while (visits.length > 0 && visits[0]!.at < now) coming.push(...eventsOf(shop, visits.shift()!, share));
    harness.business.set(now);
    await sendAll(
      harness,
      coming.filter((event) => event.at < now && !lose(event, count++)).map((event) => inCohort(event, cohortOf)),
    );
    coming = coming.filter(({ at }) => at >= now);
    await harness.scheduler.drain();
  }
  return harness.show(changeId);
}

function inCohort(event: ShopEvent, cohortOf: PlayOptions['cohortOf']): ShopEvent {
  return cohortOf ? { ...event, line: { ...event.line, user_cohort: cohortOf(String(event.line.user_id)) } } : event;
}

/** What the flag service serves now: visitors follow it, as an SDK does. */
async function shareOf(harness: GateHarness): Promise<number> {
  const reading = await harness.flags.control.read('short-form');
  return reading.ok && reading.value.kind === 'present' ? reading.value.share : 0;
}
