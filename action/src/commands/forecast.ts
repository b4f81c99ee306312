import { GateError } from '../../../gate-service/src/contract/gate-error.ts';
import {
  type ContractForecast,
  contractConclusion,
  type ForecastInput,
  forecastConclusion,
} from '../../../gate-service/src/contract/render/forecast-input.ts';
import type { PullRequestEvent, TriggerEvent } from '../event.ts';
import type { Gate } from '../gate-client.ts';
import { upsertCheckRun } from '../github/check-runs.ts';
import { listChangedFiles } from '../github/pull-requests.ts';
import { EMPTY_REPORT, findingsOf, type Problem, problemOf, type Report } from '../report.ts';
import { type CommandContext, levelOf } from './command.ts';
import { FORECAST_CHECK, publishForecast } from './publish-forecast.ts';
import { type PullRequestFiles, readContracts } from './read-contracts.ts';

/** Says on the pull request what its contracts can show, before the deploy. Nothing of the pull request is executed. */
export async function forecast(context: CommandContext): Promise<Report> {
  const { event } = context.run;
  if (event.kind === 'merge_group') return forecastMergeGroup(context, event.headSha);
  if (event.kind !== 'pull_request') throw notAPullRequest(event);
  const changed = await listChangedFiles(context.github, event.number);
  const files = await readContracts(context, event.headSha, changed);
  const asked = await askForAll(context, event, files);
  const input: ForecastInput = {
    forecasts: asked.entries,
    registry: files.contracts.size > 0 && files.registry === null ? 'missing' : 'present',
    contractRequiredFor: files.contractRequiredFor,
    problem: asked.problem,
    headSha: event.headSha,
  };
  context.log.info(`Forecast for pull request #${event.number}: ${forecastConclusion(input)}.`);
  const published = await publishForecast(context, event, input, asked.problem?.level === 'error');
  return {
    ...EMPTY_REPORT,
    conclusion: forecastConclusion(input),
    flags: [...new Set(asked.entries.flatMap(({ contract }) => (contract === null ? [] : [contract.flag])))],
    summary: published.summary,
    problems: [...(asked.problem === null ? [] : [asked.problem]), ...published.problems],
  };
}

function notAPullRequest(event: TriggerEvent): GateError {
  return new GateError(
    'invalid_input',
    `The command forecast needs a pull request; this run was started by ${event.kind === 'other' ? event.name : event.kind}.`,
    'Run it on pull_request, or with command auto, which does nothing elsewhere.',
  );
}

/** A required check that is never reported would hold the merge queue for ever. */
async function forecastMergeGroup(context: CommandContext, headSha: string): Promise<Report> {
  const reason = 'The forecast was made on each pull request of this merge group.';
  try {
    await upsertCheckRun(context.github, {
      name: FORECAST_CHECK,
      headSha,
      externalId: 'merge_group',
      conclusion: 'neutral',
      title: 'Forecasts are on the pull requests',
      summary: reason,
      detailsUrl: context.run.runUrl,
      annotations: [],
    });
    return { ...EMPTY_REPORT, summary: `### Changegate: merge group\n\n${reason}\n` };
  } catch (error) {
    return { ...EMPTY_REPORT, problems: [problemOf(error, 'warning')] };
  }
}

interface Asked {
  readonly entries: readonly ContractForecast[];
  /** Why there is no answer from the gate. */
  readonly problem: Problem | null;
}

/** Asks the gate about each contract without errors. After one outage the others are not asked. */
async function askForAll(context: CommandContext, event: PullRequestEvent, files: PullRequestFiles): Promise<Asked> {
  const { gate, settings } = context;
  const isAskable = (entry: ContractForecast) =>
    files.contracts.has(entry.path) && contractConclusion(entry) !== 'errors';
  if (files.registry === null || !files.entries.some(isAskable)) return { entries: files.entries, problem: null };
  if (gate === null) return { entries: files.entries, problem: notGiven(context, event) };
  const entries: ContractForecast[] = [];
  let problem: Problem | null = null;
  for (const entry of files.entries) {
    if (problem !== null || !isAskable(entry)) {
      entries.push(entry);
      continue;
    }
    try {
      entries.push(await ask(context, gate, event, files, entry));
    } catch (error) {
      problem = problemOf(error, levelOf(settings, error, 'warn'));
      entries.push(entry);
    }
  }
  return { entries, problem };
}

async function ask(
  { run }: CommandContext,
  gate: Gate,
  event: PullRequestEvent,
  { contracts, registry, policy }: PullRequestFiles,
  entry: ContractForecast,
): Promise<ContractForecast> {
  try {
    const { forecast } = await gate.forecast({
      repository: run.repository,
      pull_request: event.number,
      contract: contracts.get(entry.path)!,
      registry: registry!,
      policy,
    });
    // The gate checks the same files; what we found already is not told twice.
    const isNew = (finding: { code: string; line: number }) =>
      !entry.findings?.some((known) => known.code === finding.code && known.line === finding.line);
    return { ...entry, forecast: { ...forecast, findings: forecast.findings.filter(isNew) } };
  } catch (error) {
    const findings = findingsOf(error);
    if (findings.length > 0) return { ...entry, contract: null, findings };
    if (error instanceof GateError && error.code === 'design_not_supported') {
      return { ...entry, findings: [...(entry.findings ?? []), refused(entry.path, error)] };
    }
    throw error;
  }
}

function refused(file: string, { code, message, remedy }: GateError) {
  return {
    file,
    line: 1,
    column: 1,
    path: '',
    severity: 'error' as const,
    code,
    message,
    found: '',
    allowed: '',
    remedy,
  };
}

/** Without its inputs the gate cannot be asked, and that is nobody's mistake on a fork: said, and not failed. */
function notGiven({ settings }: CommandContext, { isFork }: PullRequestEvent): Problem {
  const missing = settings.gateUrl === '' ? 'gate-url' : 'gate-token';
  return {
    level: 'warning',
    code: 'invalid_input',
    message: isFork
      ? `The gate was not asked: GitHub gives pull requests from forks no secrets, so ${missing} is empty. The files were checked.`
      : `The gate was not asked: the input ${missing} is empty. The files were checked.`,
    remedy: isFork
      ? 'Nothing needs to be done; a maintainer who wants the numbers can push the branch to this repository.'
      : 'Store an API token of the gate as a secret (for Dependabot as a Dependabot secret) and set gate-token to it.',
  };
}
