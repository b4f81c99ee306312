import type { Amount, MeanMeasure, RatioMeasure } from '../../src/contract/kpi-measure.ts';
import type { Kpi } from '../../src/contract/kpi-registry.ts';
import type { Change } from '../../src/domain/model/change.ts';
import type { AcceptedEvent } from '../../src/domain/model/event.ts';
import { isStatus } from '../../src/domain/model/measure.ts';
import { NO_SUMS, type Sums, type Tally } from '../../src/domain/model/tally.ts';
import { type EpochMinute, MINUTE_MS, minuteOf, weekOf } from '../../src/domain/model/time.ts';
import type { Variant } from '../../src/domain/model/variant.ts';
import { logHistogramOf } from '../../src/domain/statistics/log-histogram.ts';
import type { NaiveEvents } from './store-naive.ts';

/** What one trial, event or unit adds to the tally of its minute and arm; null is the arm of a KPI's own history. */
export interface Piece {
  readonly minute: EpochMinute;
  readonly arm: Variant | null;
  readonly n: number;
  readonly y: number;
  readonly sums?: Partial<Sums>;
  readonly latencyMs?: number | null;
}

interface Seen {
  readonly event: AcceptedEvent;
  readonly arm: Variant | null;
}

const PRE_PERIOD_MS = 28 * 24 * 60 * MINUTE_MS;

/** Pieces of any KPI, in the window of a change or (null) in its own history. */
export function naivePieces(naive: NaiveEvents, repository: string, change: Change | null, kpi: Kpi): Piece[] {
  const { measure } = kpi;
  const seen: Seen[] = change
    ? naive.inside(change).map(({ event, variant }) => ({ event, arm: variant }))
    : naive.all(repository).map((event) => ({ event, arm: null }));
  const of = seen.filter(({ event }) => event.event === measure.of);
  switch (measure.type) {
    case 'proportion':
      return change ? naive.trials(change, kpi).map(onePiece) : naive.history(repository, kpi).map(onePiece);
    case 'mean':
    case 'ratio': {
      const firstArm = new Map<string | null, Variant | null>();
      for (const { event, arm } of seen) if (!firstArm.has(event.unit)) firstArm.set(event.unit, arm);
      const first = new Map<string, AcceptedEvent>();
      for (const { event } of of) {
        const key = `${event.unit} ${change ? '' : weekOf(minuteOf(event.at))}`;
        if (event.unit !== null && !first.has(key)) first.set(key, event);
      }
      return [...first.values()].map((trial) => amountPiece(naive, trial, measure, firstArm.get(trial.unit)!));
    }
    case 'rate':
      return seen.map(({ event, arm }) => ({
        minute: minuteOf(event.at),
        arm,
        n: event.event === measure.of ? 1 : 0,
        y: event.event === measure.count ? 1 : 0,
      }));
    case 'quantile':
      return groupsOf(of).map((group) => {
        const latencies = group.flatMap(({ event }) => (event.latencyMs === null ? [] : [event.latencyMs]));
        const [n, missing] = [latencies.length > 0 ? 1 : 0, latencies.length < group.length ? 1 : 0];
        return { ...placeOf(group), n, y: 0, sums: { missing }, latencyMs: n === 1 ? Math.max(...latencies) : null };
      });
    case 'gauge':
      return of.map(({ event, arm }) => {
        const steps = stepsOf(event, measure.amount);
        const y = clip(steps ?? 0, measure.amount);
        const sums = { yy: y * y, clipped: steps !== null && steps !== y ? 1 : 0, missing: steps === null ? 1 : 0 };
        return { minute: minuteOf(event.at), arm, n: steps === null ? 0 : 1, y, sums };
      });
    default:
      return measure satisfies never;
  }
}

/** The units behind a status KPI's trials, at the minute of their first one; none for other KPIs. */
export function naiveUnits(naive: NaiveEvents, change: Change, kpi: Kpi): Piece[] {
  const { measure } = kpi;
  if (!isStatus(measure)) return [];
  const of = naive.inside(change).filter(({ event }) => event.event === measure.of);
  const trials = groupsOf(of.map(({ event, variant }) => ({ event, arm: variant }))).map((group) => {
    const { event, arm } = group[0]!;
    const bad = group.some((one) => one.event.status === 'error');
    const unit = event.unit === null ? `event ${event.eventId}` : `${event.unit} ${arm}`;
    return { unit, ...placeOf(group), y: bad === (measure.counts === 'error') ? 1 : 0 };
  });
  return [...Map.groupBy(trials, ({ unit }) => unit).values()].map((list) => {
    const [d, y] = [list.length, list.filter((trial) => trial.y === 1).length];
    const minute = Math.min(...list.map((trial) => trial.minute));
    return { minute, arm: list[0]!.arm, n: 1, y, sums: { yy: y * y, d, dd: d * d, yd: y * d } };
  });
}

/** A tally of some pieces, with what the KPI's type keeps. */
export function tallyOf(pieces: readonly Piece[], type: Kpi['measure']['type'] | 'units'): Tally {
  const over = (read: (piece: Piece) => number) => pieces.reduce((sum, piece) => sum + read(piece), 0);
  const counts = { n: over(({ n }) => n), y: over(({ y }) => y) };
  if (type === 'proportion' || type === 'rate') return counts;
  const columns = Object.keys(NO_SUMS) as (keyof Sums)[];
  const sums = Object.fromEntries(columns.map((key) => [key, over((piece) => piece.sums?.[key] ?? 0)]));
  const latencies = pieces.flatMap(({ latencyMs }) =>
    latencyMs === undefined || latencyMs === null ? [] : [latencyMs],
  );
  const histogram = type === 'quantile' ? { histogram: logHistogramOf(latencies)! } : {};
  return { ...counts, sums: sums as unknown as Sums, ...histogram };
}

/** Tallies by minute, in the form of the port; only minutes in which anything was counted. */
export function talliesByMinute(pieces: readonly Piece[], type: Kpi['measure']['type']) {
  const counted = pieces.filter(({ n, y, sums }) => n + y + (sums?.missing ?? 0) > 0);
  const minutes = Map.groupBy(counted, ({ minute }) => minute);
  return [...minutes]
    .sort(([left], [right]) => left - right)
    .map(([minute, list]) => ({ minute, ...talliesByArm(list, type) }));
}

export function talliesByArm(pieces: readonly Piece[], type: Kpi['measure']['type'] | 'units') {
  const side = (arm: Variant) =>
    tallyOf(
      pieces.filter((piece) => piece.arm === arm),
      type,
    );
  return { off: side('off'), on: side('on') };
}

/** A unit's amounts: after its trial, and below them either those before it (mean) or the denominator (ratio). */
function amountPiece(
  naive: NaiveEvents,
  trial: AcceptedEvent,
  measure: MeanMeasure | RatioMeasure,
  arm: Variant | null,
): Piece {
  const own = naive.all(trial.repository).filter(({ unit }) => unit === trial.unit);
  const until = trial.at + measure.withinMinutes * MINUTE_MS;
  const after = own.filter(({ at }) => at > trial.at && at <= until);
  const before = own.filter(({ at }) => at >= trial.at - PRE_PERIOD_MS && at < trial.at);
  const [upper, lower] =
    measure.type === 'mean'
      ? [sumOf(after, measure.amount), sumOf(before, measure.amount)]
      : [sumOf(after, measure.numerator), sumOf(after, measure.denominator)];
  const [y, d] = [upper.inside, lower.inside];
  const clipped = upper.clipped || (measure.type === 'ratio' && lower.clipped) ? 1 : 0;
  const sums = { yy: y * y, d, dd: d * d, yd: y * d, clipped, missing: upper.missing ? 1 : 0 };
  return { minute: minuteOf(trial.at), arm, n: 1, y, sums };
}

function sumOf(events: readonly AcceptedEvent[], amount: Amount) {
  const steps = events.filter(({ event }) => event === amount.event).map((event) => stepsOf(event, amount));
  const sum = steps.reduce<number>((total, one) => total + (one ?? 0), 0);
  const inside = clip(sum, amount);
  return { inside, clipped: inside !== sum, missing: steps.includes(null) };
}

/** One event is held to a billion steps either way. */
function stepsOf({ value }: AcceptedEvent, { add, step }: Amount): number | null {
  if (add === 'events') return 1;
  return value === null ? null : Math.round(Math.max(-1e9, Math.min(1e9, value / step)));
}

function clip(steps: number, { cap, step }: Amount): number {
  const inside = Math.max(0, Math.min(Math.round(cap / step), steps));
  return inside === 0 ? 0 : inside;
}

/** Events of one unit, minute and variant together; each of nobody alone. */
function groupsOf(seen: readonly Seen[]): Seen[][] {
  const keyOf = ({ event, arm }: Seen) =>
    event.unit === null ? `event ${event.eventId}` : `${event.unit} ${minuteOf(event.at)} ${arm}`;
  return [...Map.groupBy(seen, keyOf).values()];
}

function placeOf(group: readonly Seen[]): { minute: EpochMinute; arm: Variant | null } {
  return { minute: minuteOf(group[0]!.event.at), arm: group[0]!.arm };
}

function onePiece({ minute, arm, y }: { minute: EpochMinute; arm: Variant | null; y: 0 | 1 }): Piece {
  return { minute, arm, n: 1, y };
}
