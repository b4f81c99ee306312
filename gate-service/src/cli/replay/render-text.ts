import type { Kpi } from '../../contract/kpi-registry.ts';
import { renderForecastComment } from '../../contract/render/forecast-comment.ts';
import {
  formatAmount,
  formatCount,
  formatCountOf,
  formatRate,
  formatShare,
} from '../../contract/render/format-number.ts';
import { formatInstant, formatMinute } from '../../contract/render/format-time.ts';
import { terminalText } from '../../contract/render/terminal-text.ts';
import { levelOf, levelUnit } from '../../domain/decision/metric-levels.ts';
import type { Tally } from '../../domain/model/tally.ts';
import { minuteOf } from '../../domain/model/time.ts';
import type { ReplayAlarm, ReplayDay } from '../../domain/replay/replay-watch.ts';
import { displayWealth } from '../../domain/statistics/harm-monitor.ts';
import { replayNotes } from './notes.ts';
import type { ReplayedFile } from './replay-file.ts';
import { shownText, textTable } from './text-table.ts';
import { doneWord, forecastView, replayComment } from './views.ts';

/** Everything that a replay tells a person, in reading order. */
export function renderReplay(file: ReplayedFile): string {
  const { contract, replay } = file;
  const forecast = renderForecastComment({
    forecasts: [{ path: replay.evidence.change.contractPath, contract, forecast: forecastView(file) }],
    registry: 'present',
  });
  return [
    title('What was read'),
    ...header(file),
    '',
    title('Before the deploy'),
    terminalText(forecast).trim(),
    '',
    title('Day by day (UTC; the trials whose outcomes became known that day)'),
    ...days(file),
    '',
    title('The verdict, as the comment on the pull request'),
    terminalText(replayComment(file)).trim(),
    '',
  ].join('\n');
}

function title(text: string): string {
  return `=== ${text} ===`;
}

function header(file: ReplayedFile): readonly string[] {
  const { survey, tallied, span, source, contract, isShareStated, replay } = file;
  const { exposed, unreadableRows } = tallied.counts;
  const weeks = replay.evidence.metrics.find(({ kpiId }) => kpiId === contract.primary.kpi)?.history.weeks.length ?? 0;
  const bad = survey.bad.counts.total;
  const units = exposed.off + exposed.on;
  return [
    ...textTable(
      [
        ['file', `${shownText(source.name)} (${source.format}${source.gzip ? ', gzip' : ''})`],
        [
          'rows',
          `${formatCount(survey.rows)} read, ${formatCount(bad)} not readable (${formatCount(unreadableRows)} may be of the window)`,
        ],
        ['span', `${formatMinute(minuteOf(survey.first))} to ${formatMinute(minuteOf(survey.last))}`],
        ['units', `${formatCount(tallied.units)}`],
        ['history', `${formatCountOf(tallied.rows.history, 'row')}, ${formatCountOf(weeks, 'complete week')}`],
        [
          'window',
          `${formatMinute(span.start)} to ${formatMinute(span.end)}: ${formatCountOf(tallied.rows.window, 'row')}`,
        ],
        [
          'variants',
          `${formatCount(exposed.on)} units with the change, ${formatCount(exposed.off)} without: ${units > 0 ? formatRate(exposed.on / units) : 'none'} got it, ${formatShare(contract.rollout.start)} were meant to (${isShareStated ? '--share' : 'the contract'})`,
        ],
      ],
      new Set(),
    ),
    ...badRows(file),
    ...replayNotes(file).map((note) => `- ${withoutControls(note)}`),
  ];
}

/** Notes quote names of the file. */
function withoutControls(note: string): string {
  return note.replace(/\p{Cc}/gu, '\ufffd');
}

function badRows({ survey, source }: ReplayedFile): readonly string[] {
  const { shown, counts } = survey.bad;
  const lines = shown.map(
    ({ line, problem, found, allowed }) =>
      `  ${shownText(source.name)}:${line} ${problem}: found "${shownText(found)}", allowed: ${allowed}`,
  );
  const more = counts.total - shown.length;
  return [
    ...(lines.length > 0
      ? ['Rows that cannot be read count as missing; more than 0.5% of the window’s make the verdict inconclusive:']
      : []),
    ...lines,
    ...(more > 0 ? [`  and ${formatCountOf(more, 'more row')}`] : []),
  ];
}

const COLUMNS = ['day', 'until', 'KPI', 'control', '', 'with the change', '', 'signal', 'evidence of harm'] as const;

function days(file: ReplayedFile): readonly string[] {
  const { days: all } = file.replay;
  const rows = all.map((day) => dayRows(day, file.kpis));
  const lines = textTable([COLUMNS, ...rows.flat()], new Set([0, 3, 5]));
  let next = 1;
  return [
    lines[0]!,
    ...all.flatMap((day, index) => {
      const own = lines.slice(next, next + rows[index]!.length);
      next += own.length;
      return [...own, ...dayNotes(day, file)];
    }),
  ];
}

function dayRows(day: ReplayDay, kpis: readonly Kpi[]): readonly (readonly string[])[] {
  return day.looks.map(({ kpiId, signal }, index) => {
    const { off, on } = day.known[index]!;
    const kpi = kpis.find(({ id }) => id === kpiId);
    return [
      index === 0 ? String(day.day) : '',
      index === 0 ? formatMinute(day.to).replace(' UTC', '') : '',
      kpiId,
      levelText(kpi, off),
      ofTrials(off),
      levelText(kpi, on),
      ofTrials(on),
      signal,
      index === 0 ? evidenceOf(day.familyLogWealth) : '',
    ];
  });
}

/** "22.1%", "12.34 EUR", "812 ms". */
function levelText(kpi: Kpi | undefined, tally: Tally): string {
  const level = kpi === undefined ? null : levelOf(kpi, tally);
  if (kpi === undefined || level === null) return '–';
  return kpi.measure.type === 'proportion' ? formatRate(level) : `${formatAmount(level)} ${shownText(levelUnit(kpi))}`;
}

function ofTrials({ n }: Tally): string {
  return `of ${formatCount(n)}`;
}

/** Beyond it the digits say nothing more. */
const SHOWN_EVIDENCE = 1_000_000;

/** "0.8 of 20": at 20 the flag is throttled (40 with tiny traffic, docs/statistics.md K), at 100 turned off. */
function evidenceOf(logWealth: number | null): string {
  if (logWealth === null) return 'not known';
  const wealth = displayWealth(logWealth);
  if (wealth > SHOWN_EVIDENCE) return `over ${formatCount(SHOWN_EVIDENCE)} of 20`;
  return `${wealth >= 10 ? formatCount(wealth) : wealth.toPrecision(2)} of 20`;
}

function dayNotes(day: ReplayDay, file: ReplayedFile): readonly string[] {
  return [
    ...day.alarms.map((alarm) => alarmLine(alarm, file)),
    ...day.alerts.map(
      (alert) => `     ! ${formatInstant(alert.since)} ${alert.kind.replaceAll('_', ' ')}: ${alert.detail}`,
    ),
  ];
}

function alarmLine({ alarm, step }: ReplayAlarm, { contract }: ReplayedFile): string {
  const at = `     ! ${formatInstant(alarm.at)}`;
  const goesOn = `The file goes on at its recorded share of ${formatShare(contract.rollout.start)}.`;
  if (step === null) return `${at} an alarm, but the share is too small to be throttled. ${goesOn}`;
  const to = step.kind === 'throttle' ? ` (to ${formatShare(step.targetShare)})` : '';
  return `${at} would have ${doneWord(step.kind)} here${to}. ${step.reason} ${goesOn}`;
}
