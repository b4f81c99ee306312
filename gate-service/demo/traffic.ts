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
}

export interface SiteEvent {
  readonly at: number;
  readonly event: string;
  readonly userId: string;
  readonly status?: 'success' | 'error';
}

/** Quiet nights, busy afternoons; the mean over a day is 1. */
function busyness(minute: number): number {
  const hour = (minute / 60) % 24;
  return 1 + 0.8 * Math.sin(((hour - 9) / 24) * 2 * Math.PI);
}

/** Visitors of one page in one minute; a function of story, minute and seed alone, so order of asking does not matter. */
export function visitsOf(story: Story, minute: number, seed: number): readonly Visit[] {
  const random = seededRandom(seed * 7_919 + minute * 31 + story.pullRequest);
  const count = random.poisson(story.visitorsPerMinute * busyness(minute));
  return Array.from({ length: count }, (_, index) => ({
    userId: `${story.page}-${minute}-${index}`,
    at: minute * MINUTE_MS + random.int(MINUTE_MS),
    failDraw: random.next(),
    convertDraw: random.next(),
    delayMinutes: 1 + random.int(90),
  }));
}

/** What a visitor does once the variant is known: sees the page, and maybe finishes later. */
export function eventsOf(story: Story, visit: Visit, behaviour: Behaviour): readonly SiteEvent[] {
  const failed = visit.failDraw < behaviour.fails;
  const converts = !failed && visit.convertDraw < behaviour.converts;
  const { userId, at } = visit;
  return [
    { at, userId, event: `${story.page}_viewed`, status: failed ? 'error' : 'success' },
    ...(converts ? [{ at: at + visit.delayMinutes * MINUTE_MS, userId, event: `${story.page}_done` }] : []),
  ];
}
