import type { ChangeView, MetricResultView, VerdictView } from '../api/change.ts';
import type { ChangeContract } from '../change-contract.ts';
import { ruleInWords, thresholdInWords } from './contract-words.ts';
import { escapeMarkdown, inlineCode } from './escape-markdown.ts';
import { fitComment, type Section } from './fit.ts';
import { formatCount, formatEffectWithInterval, formatShare } from './format-number.ts';
import { formatInstant, formatMinute } from './format-time.ts';
import { interventionsTable } from './intervention-words.ts';
import { linksLine, type RenderLinks } from './links.ts';
import { bulletList, collapsed, markdownTable } from './markdown-table.ts';
import type { Marker } from './markers.ts';
import { nextSteps } from './next-steps.ts';
import { proof } from './proof.ts';
import { qualityTitle } from './quality-text.ts';
import { explainReason, titleLookup } from './reason-text.ts';
import { intervalPicture, metricsTable } from './verdict-metrics.ts';
import { segmentsSection } from './verdict-segments.ts';

export interface VerdictOptions extends RenderLinks {
  /** The locked contract, when the caller has it: then the rule is spelled out. */
  readonly contract?: ChangeContract;
}

const EMOJI = { pass: '✅', fail: '❌', inconclusive: '❔' } as const;
/** More rows than any honest change has; what is beyond them is counted. */
const ROWS = { metrics: 40, interventions: 40, checks: 60, reasons: 20, warnings: 30 } as const;

/** "FAIL: Quote errors got worse than the margin allows". Markdown without emoji. */
export function verdictHeadline(change: ChangeView, verdict: VerdictView): string {
  const [first] = verdict.reasons;
  const why =
    first === undefined
      ? 'the gate gives no reason'
      : explainReason(first, titleLookup(verdict.metrics), unmadeChecks(verdict)).headline;
  const overruled = wasOverruled(change) ? '; a person overruled the switch-off' : '';
  const design = verdict.design === 'before_after' ? ' (a before/after comparison)' : '';
  return `${verdict.verdict.toUpperCase()}: ${why}${overruled}${design}`;
}

function primaryOf(verdict: VerdictView): MetricResultView | undefined {
  return verdict.metrics.find((metric) => metric.roles.includes('primary'));
}

/** Whether a person decided otherwise when the watch last wanted to turn the flag off, before the act or after it. */
function wasOverruled({ interventions, phases }: ChangeView): boolean {
  const offs = interventions.filter(({ kind }) => kind === 'turn_off').sort((a, b) => a.decided_at - b.decided_at);
  const last = offs[offs.length - 1];
  if (last === undefined) return false;
  const raised = phases.some(
    ({ cause, share, start_minute }) => cause === 'person' && share > 0 && start_minute * 60_000 >= last.decided_at,
  );
  return last.outcome === 'superseded' || raised;
}

/** "**Booking conversion:** +7.6% (90% interval +1.3% … +14.2%)", when there is something to say. */
function measured(verdict: VerdictView): string[] {
  const primary = primaryOf(verdict);
  if (primary === undefined || primary.estimate === null) return [];
  const title = titleLookup([primary])(primary.kpi_id);
  return [`**${title}:** ${formatEffectWithInterval(primary, primary.scale)}`];
}

/** The better bet while the verdict is open, marked as the opinion that it is. */
function adviceText({ advice }: VerdictView): string[] {
  if (advice === null || !Number.isFinite(advice.p_gain)) return [];
  const gain = `${formatShare(advice.p_gain)} likely a gain`;
  return [`The better bet on what is known: **${advice.advice}** (${gain}). This is an opinion, not a verdict.`];
}

function more(total: number, shown: number, what: string): string {
  return total > shown ? `\n\n_And ${formatCount(total - shown)} more ${what}._` : '';
}

function opening(change: ChangeView, verdict: VerdictView): string {
  const revises =
    verdict.revision > 1
      ? [
          `**Revision ${verdict.revision}** of this verdict. ${revisedText(change, verdict)} The window and the rule are the same; the data changed.`,
        ]
      : [];
  const headline = `## ${EMOJI[verdict.verdict]} ${verdictHeadline(change, verdict)}`;
  return [headline, escapeMarkdown(verdict.summary, 600), ...measured(verdict), ...adviceText(verdict), ...revises]
    .filter((part) => part !== '')
    .join('\n\n');
}

function revisedText(change: ChangeView, verdict: VerdictView): string {
  const earlier = change.verdicts
    .filter((each) => each.revision < verdict.revision)
    .sort((a, b) => a.revision - b.revision);
  const last = earlier[earlier.length - 1];
  if (last === undefined) return 'It revises an earlier one, which stays visible.';
  return `It revises revision ${last.revision} (${verdictHeadline(change, last)}; ${formatInstant(last.made_at)}), which stays visible.`;
}

function promise(change: ChangeView, verdict: VerdictView, options: VerdictOptions): string {
  const primary = primaryOf(verdict);
  const rule =
    options.contract !== undefined
      ? ruleInWords(options.contract)
      : thresholdInWords(primary?.threshold ?? null, primary?.scale ?? 'relative');
  const window =
    change.effective_at === null
      ? 'The window never started.'
      : `${formatMinute(change.effective_at)} to ${formatMinute(change.window_end)}.`;
  const early =
    change.window_end !== null && verdict.made_at < change.window_end * 60_000 ? ' Judged before its end.' : '';
  const observe = change.observe_only ? ' This contract only observes: the gate touches nothing.' : '';
  return [
    `**Hypothesis:** ${escapeMarkdown(change.hypothesis, 500)}`,
    `**Rule, fixed before the deploy:** ${rule}`,
    `**Window:** ${window} Flag ${inlineCode(change.flag)}.${early}${observe}`,
  ].join('\n\n');
}

function unmadeChecks(verdict: VerdictView): string[] {
  return verdict.quality.filter(({ status }) => status === 'unknown').map(({ check }) => check);
}

function reasons(verdict: VerdictView): string {
  const title = titleLookup(verdict.metrics);
  const unmade = unmadeChecks(verdict);
  const shown = verdict.reasons.slice(0, ROWS.reasons);
  const lines = shown.map((code) => {
    const { sentence, known } = explainReason(code, title, unmade);
    return known ? `${sentence} (${inlineCode(code, 120)})` : sentence;
  });
  if (lines.length === 1) return `**Why:** ${lines[0]!}`;
  return `**Why:**\n\n${bulletList(lines)}${more(verdict.reasons.length, shown.length, 'reasons')}`;
}

function metrics(verdict: VerdictView, short: boolean): string {
  const rows = short ? 15 : ROWS.metrics;
  if (verdict.metrics.length === 0) return '### What was measured\n\nNothing: the verdict has no metric.';
  const note =
    'Effects are signed so that **plus is better** for every metric; % is relative, pp is percentage points. The true effect lies in a 90% interval in nine of ten cases.';
  const design =
    verdict.design === 'before_after'
      ? ' **Weeks before** is the same KPI before the change: whatever else changed since then is in the effect too.'
      : '';
  return `### What was measured\n\n${metricsTable(verdict, rows, short)}${more(verdict.metrics.length, rows, 'metrics')}\n\n${note}${design}`;
}

function interventions(change: ChangeView, short: boolean): string {
  const head = '### Interventions';
  const all = change.interventions;
  if (all.length === 0) return `${head}\n\nNo intervention.`;
  const rows = short ? 20 : ROWS.interventions;
  return `${head}\n\n${interventionsTable(all, rows, !short)}${more(all.length, rows, 'earlier ones in the ledger')}`;
}

function quality(verdict: VerdictView): string {
  const head = '### Data quality';
  const order = { failed: 0, unknown: 1, ok: 2 } as const;
  const checks = [...verdict.quality].sort((a, b) => order[a.status] - order[b.status]).slice(0, ROWS.checks);
  if (checks.length === 0) return `${head}\n\nNo check is recorded.`;
  const table = (rows: typeof checks) =>
    markdownTable(
      [{ title: 'Check' }, { title: 'Result' }, { title: 'Detail' }],
      rows.map((each) => [
        qualityTitle(each.check),
        each.status === 'failed' ? '**failed**' : each.status,
        escapeMarkdown(each.detail, 300),
      ]),
    );
  const bad = checks.filter((each) => each.status !== 'ok');
  const good = checks.filter((each) => each.status === 'ok');
  const parts = [
    ...(bad.length === 0 ? [] : [table(bad)]),
    ...(good.length === 0
      ? []
      : [collapsed(`${bad.length === 0 ? 'All' : 'The other'} ${good.length} checks are ok`, table(good))]),
  ];
  return `${head}\n\n${parts.join('\n\n')}${more(verdict.quality.length, ROWS.checks, 'checks')}`;
}

/** The verdict's parts in reading order, for every place that shows one. */
export function verdictSections(change: ChangeView, verdict: VerdictView, options: VerdictOptions = {}): Section[] {
  const picture = intervalPicture(verdict.metrics, ROWS.metrics);
  const warnings = verdict.warnings.slice(0, ROWS.warnings).map((text) => escapeMarkdown(text, 400));
  return [
    { name: 'verdict', text: opening(change, verdict), importance: 0 },
    { name: 'hypothesis and rule', text: promise(change, verdict, options), importance: 2 },
    { name: 'reasons', text: reasons(verdict), importance: 3 },
    { name: 'metrics', text: metrics(verdict, false), importance: 1, condensed: metrics(verdict, true) },
    { name: 'picture of the intervals', text: picture, importance: 9 },
    {
      name: 'segments',
      text: segmentsSection(verdict, false),
      importance: 8,
      condensed: segmentsSection(verdict, true),
    },
    {
      name: 'interventions',
      text: interventions(change, false),
      importance: 0,
      condensed: interventions(change, true),
    },
    { name: 'data quality', text: quality(verdict), importance: 7 },
    { name: 'warnings', text: warnings.length === 0 ? '' : `### Warnings\n\n${bulletList(warnings)}`, importance: 6 },
    { name: 'next steps', text: `### What to do next\n\n${nextSteps(change, verdict)}`, importance: 4 },
    { name: 'proof', text: proof(change, verdict), importance: 0 },
    { name: 'links', text: linksLine(options), importance: 5 },
  ];
}

export function verdictMarker(change: ChangeView, verdict: VerdictView): Marker {
  return { kind: 'verdict', change_id: change.change_id, revision: verdict.revision, sha: change.commit_sha };
}

/** The comment that tells a verdict: always a new one, so that people are notified. */
export function renderVerdictComment(change: ChangeView, verdict: VerdictView, options: VerdictOptions = {}): string {
  const sections = verdictSections(change, verdict, options);
  return fitComment(verdictMarker(change, verdict), sections);
}
