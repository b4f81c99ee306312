import type { Kpi } from '../../contract/kpi-registry.ts';
import { toWire } from '../../contract/wire-case.ts';
import { levelOf, levelUnit } from '../../domain/decision/metric-levels.ts';
import type { Tally, TallyByVariant } from '../../domain/model/tally.ts';
import { formatInstant, minuteOf, startOfMinute } from '../../domain/model/time.ts';
import type { ReplayAlarm, ReplayDay } from '../../domain/replay/replay-watch.ts';
import { displayWealth } from '../../domain/statistics/harm-monitor.ts';
import { replayNotes } from './notes.ts';
import type { ReplayedFile } from './replay-file.ts';
import { forecastView, replayComment, verdictView } from './views.ts';

/** Everything that a replay tells a program. */
export function replayObject(file: ReplayedFile, evidencePath: string | null): Record<string, unknown> {
  const days = file.replay.days;
  return {
    read: readObject(file),
    forecast: forecastView(file),
    days: days.map((day) => dayObject(day, file.kpis)),
    alarms: days.flatMap((day) => day.alarms.map(alarmObject)),
    verdict: { ...verdictView(file), comment: replayComment(file) },
    ...(evidencePath === null ? {} : { evidence: evidencePath }),
  };
}

function readObject(file: ReplayedFile): Record<string, unknown> {
  const { survey, tallied, span, source, contract, isShareStated, replay } = file;
  const { counts, rows } = tallied;
  const { bad } = survey;
  const primary = replay.evidence.metrics.find(({ kpiId }) => kpiId === contract.primary.kpi);
  return {
    file: source.name,
    format: source.format,
    gzip: source.gzip,
    rows: survey.rows,
    first: formatInstant(survey.first),
    last: formatInstant(survey.last),
    units: tallied.units,
    window: { start: formatInstant(startOfMinute(span.start)), end: formatInstant(startOfMinute(span.end)) },
    history_weeks: primary?.history.weeks.length ?? 0,
    rows_by_place: toWire(rows),
    exposed: { ...counts.exposed, both: counts.multiExposedUnits },
    share: contract.rollout.start,
    share_from: isShareStated ? 'option' : 'contract',
    event_ids: survey.hasEventIds,
    duplicates: survey.duplicates.total,
    conflicts: counts.conflictingRows,
    bad_rows: {
      total: bad.counts.total,
      in_window: counts.unreadableRows,
      by_problem: Object.fromEntries([...bad.problems].toSorted(([left], [right]) => (left < right ? -1 : 1))),
      shown: bad.shown,
    },
    ends_early: replay.endsEarly,
    notes: replayNotes(file),
  };
}

function dayObject(shown: ReplayDay, kpis: readonly Kpi[]): Record<string, unknown> {
  const { day, from, to, looks, known, knownSoFar, familyLogWealth, alarms, alerts } = shown;
  return {
    day,
    from: formatInstant(startOfMinute(from)),
    to: formatInstant(startOfMinute(to)),
    kpis: looks.map(({ kpiId, signal, detail }, index) => {
      const kpi = kpis.find(({ id }) => id === kpiId);
      return {
        kpi_id: kpiId,
        ...(kpi && { type: kpi.measure.type, unit: levelUnit(kpi) }),
        signal,
        detail,
        known_today: armsObject(kpi, known[index]!),
        known_so_far: armsObject(kpi, knownSoFar[index]!),
      };
    }),
    evidence_of_harm: familyLogWealth === null ? null : displayWealth(familyLogWealth),
    throttles_at: 20,
    alarms: alarms.map(alarmObject),
    alerts: alerts.map(({ kind, kpiId, since, detail }) => ({
      kind,
      kpi_id: kpiId,
      since: formatInstant(since),
      detail,
    })),
  };
}

function armsObject(kpi: Kpi | undefined, { off, on }: TallyByVariant): Record<string, unknown> {
  return { off: tallyObject(kpi, off), on: tallyObject(kpi, on) };
}

/** What was counted, and the level that it makes in the KPI's unit; sums and histograms stay in the evidence. */
function tallyObject(kpi: Kpi | undefined, tally: Tally): Record<string, unknown> {
  return { n: tally.n, y: tally.y, level: kpi === undefined ? null : levelOf(kpi, tally) };
}

function alarmObject({ alarm, step }: ReplayAlarm): Record<string, unknown> {
  return {
    at: formatInstant(alarm.at),
    minute: minuteOf(alarm.at),
    kind: alarm.kind,
    kpi_id: alarm.kpiId,
    would_have: step === null ? null : step.kind,
    target_share: step === null ? null : step.targetShare,
    evidence: alarm.logWealth === null ? null : displayWealth(alarm.logWealth),
    reason: step?.reason ?? null,
  };
}
