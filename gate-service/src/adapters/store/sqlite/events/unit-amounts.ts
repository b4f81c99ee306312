import { NO_SUMS, type Tally } from '../../../../domain/model/tally.ts';
import { type EpochMs, minuteOf, weekOf } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { WHOLE_WINDOW } from './codes.ts';
import type { Series } from './feeds.ts';
import type { RollupDeltas } from './rollup-deltas.ts';
import { type AmountPart, isTold } from './series-definition.ts';
import { amountSteps } from './steps.ts';

interface Arm {
  readonly variant: number;
  readonly cohort: string;
}

/** A unit's trial with its two amounts in steps, not clipped; `missing` counts the events of y that had no value. */
interface AmountRow {
  readonly week: number;
  readonly first_at: EpochMs;
  readonly y: number;
  readonly d: number;
  readonly missing: number;
}

const FIND = `SELECT week, first_at, y, d, missing FROM unit_amounts
  WHERE series_id = ? AND unit_key = ? AND week BETWEEN ? AND ?`;
const PUT = `INSERT INTO unit_amounts (series_id, unit_key, week, first_at, y, d, missing) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET first_at = excluded.first_at, y = excluded.y, d = excluded.d, missing = excluded.missing`;
const SUM = `SELECT coalesce(sum(steps), 0) AS total, count(*) - count(steps) AS missing FROM (
  SELECT amount_steps(value, ?1) AS steps FROM events WHERE unit_key = ?2 AND name_id = ?3 AND at BETWEEN ?4 AND ?5)`;

/**
 * Amounts of units, kept in step with the stored events: an amount is a sum of whole steps over a span that the trial
 * fixes. An event is added to the trials whose span it is in; when the trial moves, its amounts are read again.
 */
export class UnitAmounts {
  readonly #connection: SqliteConnection;
  readonly #deltas: RollupDeltas;

  constructor(connection: SqliteConnection, deltas: RollupDeltas) {
    this.#connection = connection;
    this.#deltas = deltas;
  }

  /** Takes note of an `of` event; the earliest of the week (or window) is the trial. The event is stored already. */
  addTrial(series: Series, unitKey: number, week: number, at: EpochMs, arm: Arm): void {
    const known = this.#connection.get<AmountRow>(FIND, series.seriesId, unitKey, week, week);
    if (known && known.first_at <= at) return;
    const [y, d] = series.amounts.map((part) => this.#sum(part, unitKey, at)) as [Sum, Sum];
    const next = { week, first_at: at, y: y.total, d: d.total, missing: y.missing };
    this.#replace(series, unitKey, known ?? null, next, arm);
  }

  /** Takes note of an event that may belong to trials of its unit: in the history those of some weeks, or the window's. */
  addOutcome(
    series: Series,
    unitKey: number,
    event: { readonly nameId: number; readonly at: EpochMs; readonly value: number | null },
    scope: 'history' | 'window',
    armOf: () => Arm,
  ): void {
    for (const [index, part] of series.amounts.entries()) {
      if (part.nameId !== event.nameId) continue;
      const [from, to] = [event.at - part.toMs, event.at - part.fromMs];
      const weeks = scope === 'history' ? [weekOf(minuteOf(from)), weekOf(minuteOf(to))] : [WHOLE_WINDOW, WHOLE_WINDOW];
      const steps = amountSteps(event.value, part.step);
      for (const row of this.#connection.all<AmountRow>(FIND, series.seriesId, unitKey, ...weeks)) {
        if (row.first_at < from || row.first_at > to) continue;
        const next =
          index === 0
            ? { ...row, y: row.y + (steps ?? 0), missing: row.missing + (steps === null ? 1 : 0) }
            : { ...row, d: row.d + (steps ?? 0) };
        this.#replace(series, unitKey, row, next, armOf());
      }
    }
  }

  /** The unit's first exposure to the change is another one now: its trial goes with it. */
  move(series: Series, unitKey: number, from: Arm, to: Arm): void {
    const row = this.#connection.get<AmountRow>(FIND, series.seriesId, unitKey, WHOLE_WINDOW, WHOLE_WINDOW);
    if (!row) return;
    this.#deltas.addTally(series.seriesId, minuteOf(row.first_at), from, tallyOf(row, series), -1);
    this.#deltas.addTally(series.seriesId, minuteOf(row.first_at), to, tallyOf(row, series), 1);
  }

  #replace(series: Series, unitKey: number, known: AmountRow | null, next: AmountRow, arm: Arm): void {
    const { seriesId } = series;
    this.#connection.run(PUT, seriesId, unitKey, next.week, next.first_at, next.y, next.d, next.missing);
    if (known) this.#deltas.addTally(seriesId, minuteOf(known.first_at), arm, tallyOf(known, series), -1);
    this.#deltas.addTally(seriesId, minuteOf(next.first_at), arm, tallyOf(next, series), 1);
  }

  #sum({ nameId, step, fromMs, toMs }: AmountPart, unitKey: number, trialAt: EpochMs): Sum {
    return this.#connection.get<Sum>(SUM, step, unitKey, nameId, trialAt + fromMs, trialAt + toMs)!;
  }
}

interface Sum {
  readonly total: number;
  readonly missing: number;
}

/** What a unit contributes; an amount from before its trial is clipped without being told of. */
function tallyOf(row: AmountRow, { amounts }: Series): Tally {
  const [yPart, dPart] = amounts as [AmountPart, AmountPart];
  const [y, d] = [clip(row.y, yPart), clip(row.d, dPart)];
  const clipped = y !== row.y || (d !== row.d && isTold(dPart)) ? 1 : 0;
  const sums = { ...NO_SUMS, yy: y * y, d, dd: d * d, yd: y * d, clipped, missing: row.missing > 0 ? 1 : 0 };
  return { n: 1, y, sums };
}

/** Steps in [0, cap]. */
export function clip(steps: number, { cap }: AmountPart): number {
  return Math.max(0, Math.min(cap, steps));
}
