import type { EpochMinute, EpochMs } from '../../src/domain/model/time.ts';
import type { Variant } from '../../src/domain/model/variant.ts';
import type { PulledShop } from './pulled-gate.ts';
import { seededRandom } from './seeded-random.ts';

const MINUTE_MS = 60_000;
/** Share of the visits that fail, whatever the variant. */
const ERRORS = 0.02;

/** One event of a visitor, as any kind of source may hold it. */
export interface ShopEvent {
  readonly at: EpochMs;
  readonly event: 'quote_viewed' | 'quote_done';
  readonly unit: string;
  /** Null when nobody had been given a variant. */
  readonly variant: Variant | null;
  readonly status: 'success' | 'error' | null;
}

/** Visits in [from, to) and what came of them within an hour, in the order of time; half of a change's are with it. */
export function visitsOf(
  seed: number,
  { perMinute, control, treatment }: PulledShop,
  [from, to]: readonly [EpochMinute, EpochMinute],
  changeId: string | null,
): readonly ShopEvent[] {
  const random = seededRandom(seed);
  const events: ShopEvent[] = [];
  for (let minute = from; minute < to; minute += 1) {
    for (let visits = random.poisson(perMinute); visits > 0; visits -= 1) {
      const arm: Variant = random.next() < 0.5 ? 'on' : 'off';
      const variant = changeId === null ? null : arm;
      const visit = { unit: `u-${seed}-${events.length}`, variant };
      const at = minute * MINUTE_MS + Math.floor(random.next() * MINUTE_MS);
      const status = random.next() < ERRORS ? 'error' : 'success';
      events.push({ ...visit, at, event: 'quote_viewed', status });
      if (random.next() < (variant === 'on' ? treatment : control)) {
        const after = (1 + random.next() * 59) * MINUTE_MS;
        events.push({ ...visit, at: Math.floor(at + after), event: 'quote_done', status: null });
      }
    }
  }
  return events.toSorted((left, right) => left.at - right.at);
}
