import { MINUTE_MS } from '../src/domain/model/time.ts';
import { seededRandom } from '../test/support/seeded-random.ts';
import type { Behaviour, Story } from './stories.ts';

export interface Visit {
  readonly userId: string;
  readonly at: number;
  /** Luck of this visitor, drawn before anybody knows the variant: the same in every run. */
  readonly failDraw: number;
  readonly convertDraw: number;
  readonly delayMinutes: number;
  readonly slowDraw: number;
  readonly priceDraw: number;
}

export interface SiteEvent {
  readonly at: number;
  readonly event: string;
  readonly userId: string;
  readonly status?: 'success' | 'error';
  readonly latencyMs?: number;
  readonly value?: number;
}

/** The luck of amounts is drawn apart, so that a page that measures more has the same visitors. */
const AMOUNTS = 0x5f356495;
/** How far the times and the prices of a page spread around their median: one in twenty takes 2.4 times as long. */
const SPREAD = 0.3;

/** Quiet nights, busy afternoons; the mean over a day is 1. */
function busyness(minute: number): number {
  const hour = (minute / 60) % 24;
  return 1 + 0.8 * Math.sin(((hour - 9) / 24) * 2 * Math.PI);
}

/** Visitors of one page in one minute; a function of story, minute and seed alone, so order of asking does not matter. */
export function visitsOf(story: Story, minute: number, seed: number): readonly Visit[] {
  const seeded = seed * 7_919 + minute * 31 + story.pullRequest;
  const random = seededRandom(seeded);
  const amounts = seededRandom(seeded ^ AMOUNTS);
  const count = random.poisson(story.visitorsPerMinute * busyness(minute));
  return Array.from({ length: count }, (_, index) => ({
    userId: `${story.page}-${minute}-${index}`,
    at: minute * MINUTE_MS + random.int(MINUTE_MS),
    failDraw: random.next(),
    convertDraw: random.next(),
    delayMinutes: 1 + random.int(90),
    slowDraw: amounts.next(),
    priceDraw: amounts.next(),
  }));
}

/** A log-logistic amount in whole units: skewed to the right, as times and prices are. */
function amountOf(median: number, draw: number): number {
  return Math.round(median * (draw / (1 - draw)) ** SPREAD);
}

/** What a visitor does once the variant is known: sees the page, and maybe finishes later. */
export function eventsOf(story: Story, visit: Visit, behaviour: Behaviour): readonly SiteEvent[] {
  const failed = visit.failDraw < behaviour.fails;
  const converts = !failed && visit.convertDraw < behaviour.converts;
  const { userId, at } = visit;
  const { medianMs, medianEur } = behaviour;
  const latency = medianMs === undefined ? {} : { latencyMs: amountOf(medianMs, visit.slowDraw) };
  const price = medianEur === undefined ? {} : { value: amountOf(medianEur, visit.priceDraw) };
  const doneAt = at + visit.delayMinutes * MINUTE_MS;
  return [
    { at, userId, event: `${story.page}_viewed`, status: failed ? 'error' : 'success', ...latency },
    ...(converts ? [{ at: doneAt, userId, event: `${story.page}_done`, ...price }] : []),
  ];
}
