import { GateError } from '../../../gate-service/src/contract/gate-error.ts';
import type { Change, Gate } from '../gate-client.ts';
import { type RepositoryFile, readFile } from '../github/contents.ts';
import { ensureDeployment } from '../github/deployments.ts';
import { renderStampSummary } from '../render/stamp-summary.ts';
import { EMPTY_REPORT, findingsOf, type Problem, problemOf, problemOfFinding, type Report } from '../report.ts';
import { type CommandContext, levelOf, reportedChange, requireGate } from './command.ts';
import { type ArrivedContract, findArrivedContracts } from './find-contracts.ts';

interface Stamped {
  readonly change: Change;
  readonly created: boolean;
}

/**
 * Records every contract that reached the default branch as a change, once. A repeated run finds the same changes and
 * deployments, because the gate makes the id from repository, commit and path.
 */
export async function stamp(context: CommandContext): Promise<Report> {
  const { settings, github, defaultBranch, log } = context;
  assertDefaultBranch(context);
  const arrived = await findArrivedContracts(context);
  if (arrived.length === 0) {
    log.info(`No contract below ${settings.contractsDir} reached ${defaultBranch} with this push.`);
    return { ...EMPTY_REPORT, conclusion: 'no_contract', summary: renderStampSummary([], settings.contractsDir) };
  }
  const gate = requireGate(context);
  const registry = await readFile(github, defaultBranch, settings.registryPath);
  if (registry === null) throw missingRegistry(settings.registryPath, defaultBranch);
  const policy = settings.policyPath === null ? null : await readFile(github, defaultBranch, settings.policyPath);
  const stamped: Stamped[] = [];
  const problems: Problem[] = [];
  for (const contract of arrived) {
    try {
      const file = await readFile(github, contract.commitSha, contract.path);
      // Added and taken out again before the merge: nothing to stamp.
      if (file === null) continue;
      const answer = await stampOne(context, gate, contract, { contract: file, registry, policy });
      if (answer === null) continue;
      stamped.push(answer);
      problems.push(...(await recordDeployment(context, answer.change)));
    } catch (error) {
      problems.push(...failures(context, contract, error));
    }
  }
  const changes = stamped.map(({ change }) => change);
  return {
    conclusion: problems.some(({ level }) => level === 'error')
      ? 'failed'
      : stamped.length > 0
        ? 'stamped'
        : 'no_contract',
    verdict: null,
    changes: changes.map(reportedChange),
    changeIds: changes.map(({ change_id }) => change_id),
    flags: [...new Set(changes.map(({ flag }) => flag))],
    summary: renderStampSummary(stamped, settings.contractsDir),
    problems,
  };
}

function assertDefaultBranch({ run, defaultBranch }: CommandContext): void {
  if (run.ref === `refs/heads/${defaultBranch}`) return;
  throw new GateError(
    'invalid_input',
    `The command stamp records what is on ${defaultBranch}; this run is on ${run.ref}.`,
    `Run it on a push to ${defaultBranch}, or with command auto, which does nothing elsewhere.`,
  );
}

function missingRegistry(path: string, branch: string): GateError {
  return new GateError(
    'invalid_files',
    `A contract reached ${branch}, but there is no KPI registry at ${path}, so that it cannot be stamped.`,
    `Add ${path} to ${branch} with the KPIs that the contract names, or set the input registry-path.`,
  );
}

async function stampOne(
  { run, github, log }: CommandContext,
  gate: Gate,
  { path, commitSha, pullRequest }: ArrivedContract,
  files: { contract: RepositoryFile; registry: RepositoryFile; policy: RepositoryFile | null },
): Promise<Stamped | null> {
  if (github.dryRun) {
    log.info(`Dry run: would stamp ${path} at ${commitSha}.`);
    return null;
  }
  const answer = await gate.stamp({
    repository: run.repository,
    pull_request: pullRequest,
    commit_sha: commitSha,
    actor: run.actor,
    ...files,
  });
  log.info(
    `${answer.created ? 'Stamped' : 'Already stamped:'} ${answer.change.change_id} (flag ${answer.change.flag}) from ${path}.`,
  );
  return answer;
}

/** The deployment is a second witness: when it cannot be written, the stamp stands and a person is told. */
async function recordDeployment({ github, settings }: CommandContext, change: Change): Promise<Problem[]> {
  try {
    await ensureDeployment(github, {
      sha: change.commit_sha,
      environment: settings.environment,
      description: `${change.change_id} · flag ${change.flag}`,
      payload: { schema: 1, change_id: change.change_id, flag: change.flag, contract_hash: change.contract_hash },
    });
    return [];
  } catch (error) {
    return [problemOf(error, 'warning')];
  }
}

function failures({ settings }: CommandContext, contract: ArrivedContract, error: unknown): Problem[] {
  const findings = findingsOf(error).map(problemOfFinding);
  const problem = problemOf(error, levelOf(settings, error, 'fail'));
  return [{ ...problem, message: `${contract.path} was not stamped. ${problem.message}` }, ...findings];
}
