import type { ChangeView, VerdictView } from '../api/change.ts';
import { plainText } from './escape-markdown.ts';
import type { FindingView } from './finding-list.ts';
import { CHECK_SUMMARY_LIMIT, fitSections } from './fit.ts';
import { forecastHeadline, forecastSections } from './forecast-comment.ts';
import { type ForecastConclusion, type ForecastInput, findingsOf, forecastConclusion } from './forecast-input.ts';
import { terminalText } from './terminal-text.ts';
import { type VerdictOptions, verdictHeadline, verdictSections } from './verdict-comment.ts';

export type CheckConclusion = 'success' | 'neutral' | 'failure';

export interface CheckAnnotation {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly level: 'failure' | 'warning';
  readonly title: string;
  readonly message: string;
}

/** What a check run says. GitHub takes at most 50 annotations in one request. */
export interface CheckOutput {
  /** Plain text, not Markdown. */
  readonly title: string;
  readonly summary: string;
  readonly conclusion: CheckConclusion;
  readonly annotations: readonly CheckAnnotation[];
}

/** GitHub cuts titles of annotations at 255. */
const TITLE_LENGTH = 200;

const FORECAST_CONCLUSIONS: Readonly<Record<ForecastConclusion, CheckConclusion>> = {
  go: 'success',
  adjust: 'neutral',
  no_contract: 'neutral',
  no_answer: 'neutral',
  errors: 'failure',
};

const VERDICT_CONCLUSIONS: Readonly<Record<VerdictView['verdict'], CheckConclusion>> = {
  pass: 'success',
  fail: 'failure',
  inconclusive: 'neutral',
};

function annotationOf(finding: FindingView): CheckAnnotation {
  const parts = [
    finding.message,
    finding.found && `Found: ${finding.found}.`,
    finding.allowed && `Allowed: ${finding.allowed}.`,
  ];
  return {
    path: finding.file,
    line: Math.max(1, finding.line),
    column: Math.max(1, finding.column),
    level: finding.severity === 'error' ? 'failure' : 'warning',
    title: plainText(`${finding.code}${finding.path === '' ? '' : ` at ${finding.path}`}`, TITLE_LENGTH),
    message: plainText([...parts, `Next step: ${finding.remedy}`].filter((part) => part !== '').join(' '), 2_000),
  };
}

/** A headline's Markdown as the plain text that a check's title is. */
function titleOf(headline: string): string {
  return plainText(terminalText(headline).replaceAll('`', ''), TITLE_LENGTH);
}

/** The check run of a forecast. */
export function renderForecastCheck(input: ForecastInput): CheckOutput {
  const all = input.forecasts.flatMap(findingsOf);
  const errorsFirst = [...all].sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
  return {
    title: titleOf(forecastHeadline(input)),
    summary: fitSections(forecastSections(input), CHECK_SUMMARY_LIMIT),
    conclusion: FORECAST_CONCLUSIONS[forecastConclusion(input)],
    annotations: errorsFirst.map(annotationOf),
  };
}

/** The check run of a verdict. */
export function renderVerdictCheck(
  change: ChangeView,
  verdict: VerdictView,
  options: VerdictOptions = {},
): CheckOutput {
  return {
    title: titleOf(verdictHeadline(change, verdict)),
    summary: fitSections(verdictSections(change, verdict, options), CHECK_SUMMARY_LIMIT),
    conclusion: VERDICT_CONCLUSIONS[verdict.verdict],
    annotations: [],
  };
}
