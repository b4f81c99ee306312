import { z } from 'zod';
import { FindingViewSchema } from '../../gate-service/src/contract/api/forecast.ts';
import type { Finding } from '../../gate-service/src/contract/finding.ts';
import { GateError } from '../../gate-service/src/contract/gate-error.ts';

/** Something that a person must read. An `error` makes the step fail. */
export interface Problem {
  readonly level: 'error' | 'warning' | 'notice';
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly place?: { readonly file: string; readonly line: number; readonly column: number };
}

/** One change as `result-json` tells it. */
export interface ReportedChange {
  readonly change_id: string;
  readonly flag: string;
  readonly state: string;
  readonly contract_path: string;
  readonly pull_request: number | null;
  readonly verdict: string | null;
  readonly reasons: readonly string[];
}

/** All that a command has to say. main.ts turns it into outputs, annotations, the job summary and the exit code. */
export interface Report {
  readonly conclusion: string;
  readonly verdict: string | null;
  readonly changes: readonly ReportedChange[];
  /** Ids to show as outputs; a forecast has none. */
  readonly changeIds: readonly string[];
  readonly flags: readonly string[];
  /** Markdown of the job summary, safe to show. */
  readonly summary: string;
  readonly problems: readonly Problem[];
}

export const EMPTY_REPORT: Report = {
  conclusion: 'nothing_to_do',
  verdict: null,
  changes: [],
  changeIds: [],
  flags: [],
  summary: '',
  problems: [],
};

export function problemOf(error: unknown, level: Problem['level']): Problem {
  if (error instanceof GateError) return { level, code: error.code, message: error.message, remedy: error.remedy };
  const detail = error instanceof Error ? error.message : String(error);
  return {
    level,
    code: 'internal',
    message: `The Action met a mistake of its own: ${detail}`,
    remedy: 'Run the job again with debug logging, and report it with the log if it stays.',
  };
}

export function problemOfFinding(finding: Finding): Problem {
  return {
    level: finding.severity,
    code: finding.code,
    message: explainFinding(finding),
    remedy: finding.remedy,
    place: { file: finding.file, line: finding.line, column: finding.column },
  };
}

export function explainFinding({ message, found, allowed }: Finding): string {
  return [message, found === '' ? '' : `Found: ${found}.`, allowed === '' ? '' : `Allowed: ${allowed}.`]
    .filter(Boolean)
    .join(' ');
}

/** The findings that the gate sent along with `invalid_files`; empty when the error is another one. */
export function findingsOf(error: unknown): readonly Finding[] {
  if (!(error instanceof GateError) || error.code !== 'invalid_files') return [];
  return z.array(FindingViewSchema).safeParse(error.context.findings).data ?? [];
}

export function hasFailed(report: Report): boolean {
  return report.problems.some(({ level }) => level === 'error');
}

/** The outputs of action.yml. A test keeps the two equal. */
export function outputsOf(command: string, report: Report): Readonly<Record<string, string>> {
  const { changeIds, flags, verdict, conclusion } = report;
  return {
    'change-id': changeIds.length === 1 ? changeIds[0]! : '',
    'change-ids': JSON.stringify(changeIds),
    flag: flags.length === 1 ? flags[0]! : '',
    flags: JSON.stringify(flags),
    verdict: verdict ?? '',
    conclusion,
    'result-json': JSON.stringify({
      schema: 'changegate/result/v1',
      command,
      conclusion,
      verdict,
      change_ids: changeIds,
      flags,
      changes: report.changes,
      problems: report.problems,
    }),
  };
}
