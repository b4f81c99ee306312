import type { Cell, DetectionResult } from './bench-detection.ts';
import type { IdeasResult } from './bench-ideas.ts';
import { ONSET_ALLOWANCE, type Setting } from './settings.ts';

/** Below this share of weeks with an alarm a mean delay says little without it. */
const NEARLY_ALL = 0.985;

export function renderDetection({ rules, settings, late, restless }: DetectionResult): string {
  const names = settings.map(({ setting }) => setting.name);
  const sections: string[] = [
    `### Harm from the first minute\n\nFalse alarms in % of A/A weeks / mean minutes to the alarm (share of weeks with one, where not nearly all).\n\n${table(
      ['rule', ...names],
      [
        ['two-arm bound', ...settings.map(({ boundMinutes }) => minutes(boundMinutes))],
        ...rules.map((rule, r) => [
          rule,
          ...settings.map(({ falseAlarms, harm }) => `${percent(falseAlarms[r]!.alarmShare)} / ${delay(harm[r]!)}`),
        ]),
      ],
    )}`,
    `### Score: mean delay / two-arm bound\n\n${table(
      ['rule', ...names],
      [
        ...rules.map((rule, r) => [
          rule,
          ...settings.map(({ harm, boundMinutes }) => (harm[r]!.meanMinutes / boundMinutes).toFixed(2)),
        ]),
        ['target, all at the deploy', ...settings.map(({ setting }) => target(setting, 0))],
        ['target, onset mixture', ...settings.map(({ setting }) => target(setting, ONSET_ALLOWANCE))],
      ],
    )}`,
  ];
  if (late.length > 0)
    sections.push(
      `### Harm that begins later (S1)\n\nMean minutes after the onset.\n\n${table(
        ['rule', ...late.map(({ onsetHours }) => `${onsetHours} h`)],
        rules.map((rule, r) => [rule, ...late.map(({ cells }) => delay(cells[r]!))]),
      )}`,
    );
  if (restless.length > 0)
    sections.push(
      `### A/A weeks that are not calm (S1)\n\nFalse alarms in %.\n\n${table(
        ['rule', ...restless.map(({ name }) => name)],
        rules.map((rule, r) => [rule, ...restless.map(({ cells }) => percent(cells[r]!.alarmShare))]),
      )}`,
    );
  return sections.join('\n\n');
}

export function renderIdeas({ settings, ideas }: IdeasResult): string {
  return table(
    ['idea', ...settings, 'late 24 h, min', 'false alarms, %'],
    ideas.map(({ name, scores, lateMinutes, falseAlarmShare }) => [
      name,
      ...scores.map((score) => score.toFixed(2)),
      lateMinutes.toFixed(0),
      percent(falseAlarmShare),
    ]),
  );
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const percent = (share: number) => (100 * share).toFixed(1);
const minutes = (value: number) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
const target = ({ target }: Setting, more: number) => (target === null ? '-' : `≤ ${(target + more).toFixed(2)}`);

function delay({ weeks, alarmShare, meanMinutes }: Cell): string {
  if (weeks === 0) return 'always before';
  if (alarmShare === 0) return 'never';
  return alarmShare < NEARLY_ALL ? `${minutes(meanMinutes)} (${(100 * alarmShare).toFixed(0)}%)` : minutes(meanMinutes);
}
