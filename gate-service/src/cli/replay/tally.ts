import { GateError } from '../../contract/gate-error.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { type EpochMinute, HOUR_MINUTES, minuteOf, startOfMinute, WEEK_MINUTES } from '../../domain/model/time.ts';
import type { ReplayCounts, ReplayKpi } from '../../domain/replay/replay-data.ts';
import { isUsed } from './event-ids.ts';
import type { FieldMap } from './fields.ts';
import { hash64 } from './hash-index.ts';
import { makeKpiTally } from './kpi-tally.ts';
import type { ReadLimits } from './limits.ts';
import { contentOf, isBad, type Row } from './parse-row.ts';
import { type FileSource, readRows } from './read-rows.ts';
import type { ReplaySpan, TalliedRow } from './replay-span.ts';
import type { Survey } from './survey.ts';
import { TrialSet } from './trial-set.ts';
import { UnitTable } from './unit-table.ts';

/** How far back a KPI's history is read, as the gate service does. */
export const HISTORY_MINUTES = 12 * WEEK_MINUTES;
/** A file that is out of order by less than this is in order. */
const ORDERLY_MINUTES = 2 * HOUR_MINUTES;

export type WindowSpan = Omit<ReplaySpan, 'from'>;

export interface TalliedFile {
  readonly data: readonly ReplayKpi[];
  readonly counts: ReplayCounts;
  readonly units: number;
  readonly bytesOfUnits: number;
  readonly rows: {
    readonly history: number;
    readonly window: number;
    readonly after: number;
    /** Rows in the window that are in no variant. */
    readonly withoutVariant: number;
    /** Rows of the window by units that have an earlier trial of the KPI there. */
    readonly repeated: number;
    readonly tooOld: number;
    /** Rows with an empty value that counts as no success or 0 on the user's word, and where they are. */
    readonly emptyOutcomes: { readonly history: number; readonly off: number; readonly on: number };
  };
}

/** Reads the file again and counts its trials by minute. Nothing grows with the rows, whatever their order. */
export async function tallyFile(
  source: FileSource,
  maps: readonly FieldMap[],
  survey: Survey,
  { kpis, cohorts }: { readonly kpis: readonly Kpi[]; readonly cohorts: readonly string[] },
  span: WindowSpan,
  limits: ReadLimits,
): Promise<TalliedFile> {
  const from = Math.max(minuteOf(survey.first), span.start - HISTORY_MINUTES);
  const units = new UnitTable(startOfMinute(span.start), cohorts);
  const tallies = kpis.map((kpi) => makeKpiTally(kpi, units, { ...span, from }));
  const emptyOutcomes = { history: 0, off: 0, on: 0 };
  const counts = { history: 0, window: 0, after: 0, withoutVariant: 0, tooOld: 0, conflicting: 0 };
  const count = (row: Row, unit: number, minute: EpochMinute) => {
    if (row.hasEmpty && minute >= from && minute < span.start) emptyOutcomes.history++;
    if (row.hasEmpty && row.variant !== null && minute >= span.start && minute < span.end) emptyOutcomes[row.variant]++;
    if (minute < from) counts.tooOld++;
    else if (minute < span.start) counts.history++;
    else if (minute >= span.end) counts.after++;
    else if (row.variant === null) counts.withoutVariant++;
    else {
      counts.window++;
      if (unit !== NOBODY) units.expose(unit, row.at, row.variant, row.cohort);
    }
  };
  const isUsedRow = (row: Row) =>
    row.eventId === null || survey.conflicts.size === 0 || isUsed(survey.conflicts, row.eventId, contentOf(row));
  const reading = (take: (row: Row) => void) => readAll(source, maps, survey, take);
  const takesMinutes = tallies.some((tally) => tally.takeInMinute !== undefined);
  const slices = takesMinutes ? slicesOf(survey, limits.trials) : [{ from: -Infinity, to: Infinity }];
  for (const [pass, slice] of slices.entries()) {
    const trials = new TrialSet(survey.disorder);
    await reading((row) => {
      const minute = minuteOf(row.at);
      if (!isUsedRow(row)) {
        if (pass === 0 && minute >= span.start && minute < span.end) counts.conflicting++;
        return;
      }
      const taken = talliedRow(row, units);
      if (pass === 0) count(row, taken.unit, minute);
      if (pass === 0) for (const trial of row.trials) tallies[trial.kpi]!.takeRow(taken, trial);
      if (minute < slice.from || minute >= slice.to) return;
      for (const trial of row.trials) tallies[trial.kpi]!.takeInMinute?.(taken, trial, trials);
    });
  }
  if (tallies.some((tally) => tally.addUp !== undefined)) {
    await reading((row) => {
      if (!isUsedRow(row)) return;
      const taken = talliedRow(row, units);
      for (const trial of row.trials) tallies[trial.kpi]!.addUp?.(taken, trial);
    });
  }
  const duplicates = survey.duplicates.within(span.start, span.end);
  const exposed = units.exposed();
  return {
    data: tallies.map((tally) => tally.result()),
    counts: {
      exposed: { off: exposed.off, on: exposed.on },
      exposedMinutes: units.exposedMinutes(),
      multiExposedUnits: exposed.both,
      acceptedRows: Math.max(0, counts.window - duplicates),
      duplicateRows: duplicates,
      conflictingRows: counts.conflicting,
      unreadableRows: survey.bad.counts.within(span.start, span.end),
    },
    units: units.size,
    bytesOfUnits: units.bytes + tallies.reduce((sum, tally) => sum + tally.bytesOfUnits, 0),
    rows: { ...counts, emptyOutcomes, repeated: tallies.reduce((sum, tally) => sum + tally.repeated(), 0) },
  };
}

const NOBODY = -1;

function talliedRow({ unit, at, variant }: Row, units: UnitTable): TalliedRow {
  const hash = hash64(unit);
  return { unit: unit === '' ? NOBODY : units.numberOf(hash), hash, at, variant };
}

/** Reads the file from its beginning to its end. @throws GateError invalid_input: it is another one than before */
async function readAll(
  source: FileSource,
  maps: readonly FieldMap[],
  survey: Survey,
  take: (row: Row) => void,
): Promise<void> {
  let rows = 0;
  await readRows(source, maps, {
    header: () => undefined,
    unreadable: () => undefined,
    row: (values) => {
      const row = survey.parse(values);
      if (isBad(row)) return;
      rows++;
      if (row.other === null) take(row);
    },
  });
  if (rows !== survey.rows) throw changed(source.name);
}

/** Spans of whole hours to be read one after the other: one, unless many trials come in no order. */
function slicesOf(
  { disorder, rowsByHour }: Survey,
  most: number,
): readonly { readonly from: EpochMinute; readonly to: EpochMinute }[] {
  const slices: { from: EpochMinute; to: EpochMinute }[] = [{ from: -Infinity, to: Infinity }];
  if (disorder <= ORDERLY_MINUTES) return slices;
  let sum = 0;
  for (const [hour, rows] of [...rowsByHour].toSorted(([left], [right]) => left - right)) {
    sum += rows;
    if (sum <= most || sum === rows) continue;
    slices.at(-1)!.to = hour * HOUR_MINUTES;
    slices.push({ from: hour * HOUR_MINUTES, to: Infinity });
    sum = rows;
  }
  return slices;
}

function changed(name: string): GateError {
  return new GateError('invalid_input', `${name} changed while it was read.`, 'Replay a file that nothing writes to.');
}
