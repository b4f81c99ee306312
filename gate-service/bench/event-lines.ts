import { formatInstant, MINUTE_MS } from '../src/domain/model/time.ts';
import { type SeededRandom, seededRandom } from '../test/support/seeded-random.ts';
import { CHANGE_ID, FLAG } from './bench-gate.ts';

/** Of a hundred visitors: how many are in the change, by the way in which their events name it; the others are baseline. */
const NAMED_BY = { flags: 40, change_id: 20, changes: 10 } as const;
const RETURNS = 0.3;
const FAILS = 0.02;
const CONVERTS = 0.2;
const SEED = 20_260_302;

interface Occurrence {
  readonly at: number;
  readonly line: Record<string, unknown>;
}

/**
 * Lines as a shop's site would send them, in order of time, spread evenly over `spanMs` from `from`: views of a page
 * with their status, some visitors twice, one in five of them a booking later. The same count gives the same lines.
 */
export function makeEventLines(count: number, from: number, spanMs: number): readonly string[] {
  const random = seededRandom(SEED);
  const occurrences: Occurrence[] = [];
  for (let visitor = 0; occurrences.length < count; visitor += 1) {
    occurrences.push(...visit(visitor, from + random.int(spanMs), from + spanMs, random));
  }
  return occurrences
    .toSorted((left, right) => left.at - right.at)
    .slice(0, count)
    .map(({ line, at }, index) => JSON.stringify({ ...line, event_id: eventId(at, index) }));
}

function visit(visitor: number, at: number, end: number, random: SeededRandom): Occurrence[] {
  const names = namesOf(random);
  const rest = { user_id: `visitor-${visitor}`, ...names };
  const view = (when: number): Occurrence => {
    const status = random.next() < FAILS ? 'error' : 'success';
    return {
      at: when,
      line: {
        event: 'quote_viewed',
        timestamp: formatInstant(when),
        status,
        latency_ms: 20 + random.int(400),
        ...rest,
      },
    };
  };
  const later = (minutes: number) => Math.min(end - 1, at + (1 + random.int(minutes)) * MINUTE_MS);
  const seen = [view(at)];
  if (random.next() < RETURNS) seen.push(view(later(60)));
  if (random.next() < CONVERTS) {
    const when = later(90);
    seen.push({ at: when, line: { event: 'quote_done', timestamp: formatInstant(when), ...rest } });
  }
  return seen;
}

function namesOf(random: SeededRandom): Record<string, unknown> {
  const draw = random.int(100);
  const variant = random.next() < 0.5 ? 'on' : 'off';
  if (draw < NAMED_BY.flags) return { flags: { [FLAG]: variant } };
  if (draw < NAMED_BY.flags + NAMED_BY.change_id) return { change_id: CHANGE_ID, version_flag: variant };
  if (draw < NAMED_BY.flags + NAMED_BY.change_id + NAMED_BY.changes) return { changes: { [CHANGE_ID]: variant } };
  return {};
}

/** Of a ULID's length and order: time first. */
function eventId(at: number, index: number): string {
  return (at.toString(32).padStart(10, '0') + index.toString(32).padStart(16, '0')).toUpperCase();
}
