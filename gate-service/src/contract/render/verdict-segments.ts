import type { KpiSegmentsView, SegmentView, VerdictView } from '../api/change.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { formatCount, formatEstimate, formatInterval, formatShare } from './format-number.ts';
import { collapsed, markdownTable } from './markdown-table.ts';
import { titleLookup } from './reason-text.ts';
import { wordsOf } from './verdict-metrics.ts';

/** More rows than most contracts have; what is beyond them is counted. */
const ROWS = 60;

const FINDINGS: Readonly<Record<string, string>> = {
  stands_out: '**stands out**',
  no_difference_shown: 'no effect shown',
  no_answer: 'too little data',
};

const COLUMNS = [
  { title: 'Cohort' },
  { title: 'Units without', align: 'right' },
  { title: 'Units with', align: 'right' },
  { title: 'Effect', align: 'right' },
  { title: '90% interval', align: 'right' },
  { title: 'q', align: 'right' },
  { title: 'Part of what moved', align: 'right' },
  { title: 'Finding' },
] as const;

const NOTE =
  'A look at where the effect is, for people: **it decides nothing**, and whoever looks at many groups finds something in some. A cohort stands out only with q under 0.10: of all that stand out, about one in ten does so by chance. Plus is better; units are whatever the metric counts. Part of what moved is signed: what was lost in one cohort has a minus.';

/**
 * The effect by cohort, folded away; empty when the contract declares no cohorts.
 * @param short the primary KPI only
 */
export function segmentsSection({ segments, metrics }: VerdictView, short: boolean): string {
  if (segments === null || segments.length === 0) return '';
  const primary = metrics.find(({ roles }) => roles.includes('primary'))?.kpi_id;
  const shown = short ? segments.filter(({ kpi_id }) => kpi_id === primary).slice(0, 1) : segments;
  let room = ROWS;
  const title = titleLookup(metrics);
  const parts = shown.flatMap((one) => {
    const rows = one.cohorts.slice(0, room);
    const isCut = room <= 0;
    room -= Math.max(1, rows.length);
    return isCut ? [] : [partOf(one, rows, title(one.kpi_id))];
  });
  const hidden = segments.length - parts.length;
  const more = hidden > 0 ? [`_And ${formatCount(hidden)} more metrics._`] : [];
  return collapsed('Segments (exploratory, decides nothing)', [...parts, ...more, NOTE].join('\n\n'));
}

function partOf(one: KpiSegmentsView, rows: readonly SegmentView[], title: string): string {
  const head = `**${title}**`;
  if (rows.length === 0) return `${head}: ${escapeMarkdown(one.note ?? 'no cohort has data.', 200)}`;
  const table = markdownTable(
    COLUMNS,
    rows.map((segment) => rowOf(segment, one.scale)),
  );
  const hidden = one.cohorts.length - rows.length;
  const more = hidden > 0 ? `\n\n_And ${formatCount(hidden)} more cohorts._` : '';
  return `${head}\n\n${table}${more}\n\n${concentration(one)}`;
}

function rowOf(segment: SegmentView, scale: KpiSegmentsView['scale']): readonly string[] {
  const { cohort, control, treatment, estimate, lo, hi, q, share, finding } = segment;
  return [
    cohort === '' ? '_all others_' : escapeMarkdown(cohort, 100),
    formatCount(control.n),
    formatCount(treatment.n),
    formatEstimate(estimate, scale),
    formatInterval(lo, hi, scale),
    q === null || !Number.isFinite(q) ? '–' : formatP(q),
    share === null ? '–' : `${share < 0 ? '-' : ''}${formatShare(Math.abs(share))}`,
    wordsOf(FINDINGS, finding),
  ];
}

function formatP(p: number): string {
  return p < 0.001 ? 'under 0.001' : p.toFixed(p < 0.1 ? 3 : 2);
}

/** Whether the cohorts differ from each other, which a q-value does not say. */
function concentration({ heterogeneity }: KpiSegmentsView): string {
  if (heterogeneity === null || !Number.isFinite(heterogeneity)) {
    return 'Whether the effect differs between cohorts cannot be told.';
  }
  const p = `p ${heterogeneity < 0.001 ? '' : '= '}${formatP(heterogeneity)}`;
  return heterogeneity < 0.1
    ? `The cohorts differ from each other more than chance explains (${p}): the effect may be concentrated.`
    : `The cohorts differ from each other no more than chance explains (${p}).`;
}
