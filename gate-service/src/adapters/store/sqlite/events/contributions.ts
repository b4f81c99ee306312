import { GateError } from '../../../../contract/gate-error.ts';
import type { AcceptedEvent } from '../../../../domain/model/event.ts';
import { NO_SUMS } from '../../../../domain/model/tally.ts';
import { type EpochMinute, type EpochMs, minuteOf, weekOf } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { NO_VARIANT, WHOLE_WINDOW } from './codes.ts';
import type { ChangeWindow, Series } from './feeds.ts';
import { LatencyTrials } from './latency-trials.ts';
import { RollupDeltas } from './rollup-deltas.ts';
import { amountSteps } from './steps.ts';
import { clip, UnitAmounts } from './unit-amounts.ts';
import { UnitClusters } from './unit-clusters.ts';

/** Where a contribution is counted in the roll-ups. */
export interface Arm {
  readonly variant: number;
  readonly cohort: string;
}

/** One stored event, in the numbers of the tables. */
export interface StoredEvent {
  readonly event: AcceptedEvent;
  readonly nameId: number;
  readonly unitKey: number | null;
}

/** Where an event is counted in one scope: the arm of its unit, the variant that it names itself, and its week. */
export interface Place {
  readonly arm: Arm;
  readonly variant: number;
  readonly week: number;
}

interface Exposure extends Arm {
  readonly at: EpochMs;
  readonly eventId: string;
}

interface ExposureRow {
  first_at: number;
  first_event_id: string;
  variant: number;
  cohort: string;
  mixed: number;
}

interface ConversionRow {
  week: number;
  first_at: number;
  y: number;
}

const FIND_EXPOSURE =
  'SELECT first_at, first_event_id, variant, cohort, mixed FROM exposures WHERE scope_id = ? AND unit_key = ?';
const PUT_EXPOSURE = `INSERT INTO exposures (scope_id, unit_key, first_at, first_event_id, variant, cohort, mixed)
  VALUES (?, ?, ?, ?, ?, ?, 0)
  ON CONFLICT DO UPDATE SET first_at = excluded.first_at, first_event_id = excluded.first_event_id,
    variant = excluded.variant, cohort = excluded.cohort`;
const FIND_CONVERSION =
  'SELECT week, first_at, y FROM conversions WHERE series_id = ? AND unit_key = ? AND week BETWEEN ? AND ?';
const PUT_CONVERSION = `INSERT INTO conversions (series_id, unit_key, week, first_at, y) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET first_at = excluded.first_at, y = excluded.y`;
const HAS_SUCCESS = 'SELECT 1 AS found FROM events WHERE unit_key = ? AND name_id = ? AND at > ? AND at <= ? LIMIT 1';
const INSERT_TRIAL = `INSERT INTO status_trials (series_id, minute, unit_key, variant, bad) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`;
const MARK_BAD = `UPDATE status_trials SET bad = 1
  WHERE series_id = ? AND minute = ? AND unit_key = ? AND variant = ? AND bad = 0`;
/**
 * Minutes of the window in which a unit was served each variant, from its stored events. CROSS JOIN fixes the
 * order: the unit's few events first, never the change's many exposures.
 */
export const SERVED_MINUTES = `SELECT DISTINCT e.at / 60000 AS minute, x.variant FROM events e
  CROSS JOIN event_exposures x ON x.scope_id = ?1 AND x.variant IN (0, 1) AND x.at = e.at AND x.event_key = e.event_key
  WHERE e.unit_key = ?2 AND e.at >= ?3 AND e.at < ?4`;

/** Of a KPI's own history. */
export const HISTORY_ARM: Arm = { variant: NO_VARIANT, cohort: '' };

/** What units contribute, kept in step with the stored events; roll-ups are written by `flush`. */
export class Contributions {
  readonly #connection: SqliteConnection;
  readonly #deltas = new RollupDeltas();
  readonly #clusters = new UnitClusters(this.#deltas);
  readonly #amounts: UnitAmounts;
  readonly #latencies: LatencyTrials;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#amounts = new UnitAmounts(connection, this.#deltas);
    this.#latencies = new LatencyTrials(connection, this.#deltas);
  }

  flush(): void {
    this.#clusters.flush(this.#connection);
    this.#latencies.flush();
    this.#deltas.flush(this.#connection);
  }

  /** Takes note of an event that a series is about: its `of`, or the counted event of a rate. */
  addEvent(series: Series, { event, nameId, unitKey }: StoredEvent, { arm, variant, week }: Place): void {
    switch (series.kind) {
      case 'conversion':
        if (unitKey !== null) this.#addTrial(series, unitKey, week, event.at, arm);
        return;
      case 'amounts':
        if (unitKey !== null) this.#amounts.addTrial(series, unitKey, week, event.at, arm);
        return;
      case 'status':
        this.#addStatus(series, unitKey, event, { variant, cohort: arm.cohort });
        return;
      case 'quantile':
        this.#latencies.add(series, unitKey, event.at, event.latencyMs, variant);
        return;
      case 'gauge':
        this.#addSample(series, event, variant);
        return;
      case 'rate': {
        const [n, y] = [series.ofNameId, series.otherNameId].map((name) => (name === nameId ? 1 : 0)) as [0 | 1, 0 | 1];
        this.#deltas.add(series.seriesId, minuteOf(event.at), { variant, cohort: '' }, n, y);
        return;
      }
      default:
        series.kind satisfies never;
    }
  }

  /** Takes note of an event that may belong to trials of its unit, in a KPI's own history (null) or in a window. */
  addOutcome(series: Series, unitKey: number, { event, nameId }: StoredEvent, window: ChangeWindow | null): void {
    const { at, value } = event;
    const armOf = () => (window ? this.#armOf(window, unitKey) : HISTORY_ARM);
    if (series.kind === 'amounts') {
      this.#amounts.addOutcome(series, unitKey, { nameId, at, value }, window ? 'window' : 'history', armOf);
      return;
    }
    const weeks = window
      ? ([WHOLE_WINDOW, WHOLE_WINDOW] as const)
      : ([weekOf(minuteOf(at - series.withinMs)), weekOf(minuteOf(at))] as const);
    this.#addSuccess(series, unitKey, weeks, at, armOf);
  }

  /** Takes note that the unit was served a variant; answers the arm that its first exposure gives it. */
  expose(window: ChangeWindow, unitKey: number, exposure: Exposure): Arm {
    const { scopeId, exposureSeriesId } = window;
    const known = this.#connection.get<ExposureRow>(FIND_EXPOSURE, scopeId, unitKey);
    const put = () => {
      const { at, eventId, variant, cohort } = exposure;
      this.#connection.run(PUT_EXPOSURE, scopeId, unitKey, at, eventId, variant, cohort);
      this.#deltas.add(exposureSeriesId, minuteOf(at), { variant, cohort: '' }, 1, 0);
    };
    if (!known) {
      put();
      return exposure;
    }
    this.#noteMixed(window, unitKey, known, exposure);
    if (!isBefore(exposure, known)) return known;
    this.#deltas.add(exposureSeriesId, minuteOf(known.first_at), { variant: known.variant, cohort: '' }, -1, 0);
    put();
    this.#moveUnit(window, unitKey, known, exposure);
    return exposure;
  }

  /** @throws GateError internal, when the unit has a trial in the window but no exposure */
  #armOf(window: ChangeWindow, unitKey: number): Arm {
    const row = this.#connection.get<ExposureRow>(FIND_EXPOSURE, window.scopeId, unitKey);
    if (row) return row;
    throw new GateError(
      'internal',
      `Unit ${unitKey} has a trial but no exposure.`,
      'Report this with the log around it.',
    );
  }

  /** The earliest `of` event of the week (or window) is the trial of a conversion. */
  #addTrial(series: Series, unitKey: number, week: number, at: EpochMs, arm: Arm): void {
    const known = this.#connection.get<ConversionRow>(FIND_CONVERSION, series.seriesId, unitKey, week, week);
    if (known && known.first_at <= at) return;
    if (known) this.#deltas.add(series.seriesId, minuteOf(known.first_at), arm, -1, -known.y);
    const y = this.#connection.get(HAS_SUCCESS, unitKey, series.otherNameId, at, at + series.withinMs) ? 1 : 0;
    this.#connection.run(PUT_CONVERSION, series.seriesId, unitKey, week, at, y);
    this.#deltas.add(series.seriesId, minuteOf(at), arm, 1, y);
  }

  /** A `success` event, for the trials of the unit in these weeks, both included. */
  #addSuccess(series: Series, unitKey: number, weeks: readonly [number, number], at: EpochMs, armOf: () => Arm): void {
    for (const trial of this.#connection.all<ConversionRow>(FIND_CONVERSION, series.seriesId, unitKey, ...weeks)) {
      if (trial.y === 1 || at <= trial.first_at || at > trial.first_at + series.withinMs) continue;
      this.#connection.run(PUT_CONVERSION, series.seriesId, unitKey, trial.week, trial.first_at, 1);
      this.#deltas.add(series.seriesId, minuteOf(trial.first_at), armOf(), 0, 1);
    }
  }

  /** An event of a status KPI; `arm.variant` is the one that served the event. */
  #addStatus(series: Series, unitKey: number | null, { at, status }: AcceptedEvent, arm: Arm): void {
    const minute = minuteOf(at);
    const bad = status === 'error';
    const { seriesId, countsErrors } = series;
    if (
      unitKey === null ||
      this.#connection.run(INSERT_TRIAL, seriesId, minute, unitKey, arm.variant, bad ? 1 : 0) === 1
    ) {
      this.#countStatus(series, unitKey, minute, arm, 1, bad === countsErrors ? 1 : 0);
    } else if (bad && this.#connection.run(MARK_BAD, seriesId, minute, unitKey, arm.variant) === 1) {
      this.#countStatus(series, unitKey, minute, arm, 0, countsErrors ? 1 : -1);
    }
  }

  #countStatus(
    { seriesId, unitsSeriesId }: Series,
    unitKey: number | null,
    minute: EpochMinute,
    arm: Arm,
    n: 0 | 1,
    y: number,
  ): void {
    this.#deltas.add(seriesId, minute, arm, n, y);
    if (unitsSeriesId !== null) {
      this.#clusters.add(unitsSeriesId, { unitKey, variant: arm.variant }, minute, n, y);
    }
  }

  /** A sample of a gauge; one without a value is no sample. */
  #addSample({ seriesId, amounts }: Series, { at, value }: AcceptedEvent, variant: number): void {
    const level = amounts[0]!;
    const steps = amountSteps(value, level.step);
    const y = steps === null ? 0 : clip(steps, level);
    const sums = {
      ...NO_SUMS,
      yy: y * y,
      clipped: steps === null || y === steps ? 0 : 1,
      missing: steps === null ? 1 : 0,
    };
    this.#deltas.addTally(seriesId, minuteOf(at), { variant, cohort: '' }, { n: steps === null ? 0 : 1, y, sums }, 1);
  }

  /** Keeps the minutes of units that were served both variants, and of no others. */
  #noteMixed(window: ChangeWindow, unitKey: number, known: ExposureRow, exposure: Exposure): void {
    if (known.mixed === 0 && known.variant === exposure.variant) return;
    const minutes =
      known.mixed === 1
        ? [{ minute: minuteOf(exposure.at), variant: exposure.variant }]
        : this.#servedMinutes(window, unitKey);
    if (known.mixed === 0) {
      this.#connection.run(
        'UPDATE exposures SET mixed = 1 WHERE scope_id = ? AND unit_key = ?',
        window.scopeId,
        unitKey,
      );
    }
    const sql = `INSERT INTO mixed_exposures (scope_id, minute, unit_key, variant) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`;
    for (const { minute, variant } of minutes) this.#connection.run(sql, window.scopeId, minute, unitKey, variant);
  }

  /** A late event became the unit's first: all that the unit contributed goes with it to its arm. */
  #moveUnit(window: ChangeWindow, unitKey: number, from: Arm, to: Arm): void {
    if (from.variant === to.variant && from.cohort === to.cohort) return;
    for (const series of window.series) {
      const { seriesId, kind } = series;
      if (kind === 'status' && from.cohort !== to.cohort) {
        this.#moveStatus(window, series, unitKey, from.cohort, to.cohort);
      }
      if (kind === 'amounts') this.#amounts.move(series, unitKey, from, to);
      if (kind !== 'conversion') continue;
      const trial = this.#connection.get<ConversionRow>(FIND_CONVERSION, seriesId, unitKey, WHOLE_WINDOW, WHOLE_WINDOW);
      if (!trial) continue;
      this.#deltas.add(seriesId, minuteOf(trial.first_at), from, -1, -trial.y);
      this.#deltas.add(seriesId, minuteOf(trial.first_at), to, 1, trial.y);
    }
  }

  #moveStatus(window: ChangeWindow, series: Series, unitKey: number, from: string, to: string): void {
    const { seriesId, countsErrors } = series;
    for (const { minute, variant } of this.#servedMinutes(window, unitKey)) {
      const sql = 'SELECT bad FROM status_trials WHERE series_id = ? AND minute = ? AND unit_key = ? AND variant = ?';
      const trial = this.#connection.get<{ bad: number }>(sql, seriesId, minute, unitKey, variant);
      if (!trial) continue;
      const y = (trial.bad === 1) === countsErrors ? 1 : 0;
      this.#deltas.add(seriesId, minute, { variant, cohort: from }, -1, -y);
      this.#deltas.add(seriesId, minute, { variant, cohort: to }, 1, y);
    }
  }

  #servedMinutes(window: ChangeWindow, unitKey: number): { minute: EpochMinute; variant: number }[] {
    return this.#connection.all(SERVED_MINUTES, window.scopeId, unitKey, window.startMs, window.endMs);
  }
}

/** Order of events: by time, then by the bytes of their id, as the database orders them. */
function isBefore(exposure: Exposure, known: ExposureRow): boolean {
  if (exposure.at !== known.first_at) return exposure.at < known.first_at;
  return Buffer.compare(Buffer.from(exposure.eventId), Buffer.from(known.first_event_id)) < 0;
}
