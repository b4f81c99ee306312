import type { MetricResultView, VerdictView } from '../api/change.ts';
import { escapeMarkdown, inlineCode, plainText } from './escape-markdown.ts';
import { formatCountOf, formatEstimate, formatInterval, formatTally, formatThreshold } from './format-number.ts';
import { countedWords, levelText } from './level-text.ts';
import { type Column, markdownTable } from './markdown-table.ts';
import { intervalChart } from './text-chart.ts';

const FINDINGS: Readonly<Record<string, string>> = {
  reached: 'reached',
  not_reached: 'not reached',
  harm_beyond_margin: '**worse than its margin**',
  non_inferior: 'no worse than its margin',
  unproven: 'not proven either way',
  watched: 'watched only',
};

const STATUSES: Readonly<Record<string, string>> = {
  insufficient: 'too little data',
  degenerate: 'no variation',
  invalid: 'contradictory counts',
};

/** Words for a code; one that is not known is shown as it is. */
export function wordsOf(table: Readonly<Record<string, string>>, code: string): string {
  return Object.hasOwn(table, code) ? table[code]! : inlineCode(code, 60);
}

function findingOf(metric: MetricResultView): string {
  const finding = wordsOf(FINDINGS, metric.finding);
  return metric.status === 'ok' ? finding : `${wordsOf(STATUSES, metric.status)}; ${finding}`;
}

/** A guardrail's margin is a loss, whatever sign it comes with. */
function asMargin(threshold: number | null): number | null {
  return threshold === null ? null : -Math.abs(threshold);
}

/** What the effect is held against: a minimum for the primary KPI, a margin for a guardrail. */
function thresholdOf(metric: MetricResultView): string {
  if (metric.threshold === null) return '–';
  if (metric.roles.includes('primary') && metric.threshold > 0) {
    return `at least ${formatThreshold(metric.threshold, metric.scale)}`;
  }
  return metric.threshold === 0 ? 'above zero' : `above ${formatThreshold(-Math.abs(metric.threshold), metric.scale)}`;
}

const ORDER = ['primary', 'leading', 'guardrail'] as const;

/** Primary, leading, guardrails; a metric with several roles stands at its first. */
export function inRoleOrder(metrics: readonly MetricResultView[]): MetricResultView[] {
  const rank = (metric: MetricResultView) =>
    ORDER.findIndex((role) => metric.roles.includes(role)) + (metric.roles.length > 0 ? 0 : 9);
  return [...metrics].sort((a, b) => rank(a) - rank(b));
}

/** The level of one side and what it rests on: "22.1% (1 105 of 5 000)", "12.34 EUR (5 000 units)". */
function levelOf(metric: MetricResultView, side: 'control' | 'treatment'): string {
  const tally = metric[side];
  const level = metric.levels[side];
  if (metric.type === 'proportion' && (tally.n > 0 || level === null)) return formatTally(tally);
  if (!(tally.n > 0)) return level === null ? 'no data' : levelText(level, metric.unit);
  return `${levelText(level, metric.unit)} (${formatCountOf(tally.n, ...countedWords(metric.type))})`;
}

const columnsOf = (design: VerdictView['design']): readonly Column[] => [
  { title: 'Metric' },
  { title: design === 'before_after' ? 'Weeks before' : 'Control', align: 'right' },
  { title: 'With the change', align: 'right' },
  { title: 'Effect', align: 'right' },
  { title: '90% interval', align: 'right' },
  { title: 'Needed', align: 'right' },
  { title: 'Finding' },
];

/** One row per metric; `short` names them by id and keeps the first `limit`. */
export function metricsTable(
  { metrics, design }: Pick<VerdictView, 'metrics' | 'design'>,
  limit: number,
  short: boolean,
): string {
  const rows = inRoleOrder(metrics)
    .slice(0, limit)
    .map((metric) => [
      `${short || metric.title.trim() === '' ? inlineCode(metric.kpi_id, 64) : escapeMarkdown(metric.title, 120)} (${metric.roles.join(', ')})`,
      levelOf(metric, 'control'),
      levelOf(metric, 'treatment'),
      formatEstimate(metric.estimate, metric.scale),
      formatInterval(metric.lo, metric.hi, metric.scale),
      thresholdOf(metric),
      findingOf(metric),
    ]);
  return markdownTable(columnsOf(design), rows);
}

const NAME_WIDTH = 28;
const CHART_WIDTH = 31;

/** The intervals as a picture in fixed-width text; empty when no metric has an estimate. */
export function intervalPicture(metrics: readonly MetricResultView[], limit: number): string {
  const lines = inRoleOrder(metrics)
    .slice(0, limit)
    .flatMap((metric) => {
      if (metric.estimate === null) return [];
      const { estimate, lo, hi } = metric;
      const threshold = metric.roles.includes('primary') ? metric.threshold : asMargin(metric.threshold);
      const name = plainText(metric.kpi_id, NAME_WIDTH).replaceAll('`', "'").padEnd(NAME_WIDTH);
      const chart = intervalChart({ estimate, lo, hi, threshold }, CHART_WIDTH);
      return [`${name}  ${chart}  ${formatEstimate(estimate, metric.scale)}`];
    });
  if (lines.length === 0) return '';
  const indent = ' '.repeat(NAME_WIDTH + 2);
  const legend = `${indent}│ no effect   ┊ needed   ● measured   ━ 90% interval`;
  return `\`\`\`text\n${indent}${'← worse'.padEnd(CHART_WIDTH - 8)}better →\n${lines.join('\n')}\n${legend}\n\`\`\``;
}
