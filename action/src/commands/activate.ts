import { GateError } from '../../../gate-service/src/contract/gate-error.ts';
import type { Change, Gate } from '../gate-client.ts';
import { findDeployment, setDeploymentStatus } from '../github/deployments.ts';
import { renderActivateSummary } from '../render/activate-summary.ts';
import { type Problem, problemOf, type Report } from '../report.ts';
import { type CommandContext, levelOf, reportedChange, requireGate } from './command.ts';

/** Turns the flags of stamped changes on, after their deploy. The gate does it once per change and refuses the rest. */
export async function activate(context: CommandContext): Promise<Report> {
  const { settings, github, log } = context;
  if (settings.changeIds.length === 0) throw missingChangeId();
  const gate = requireGate(context);
  const activated: Change[] = [];
  const problems: Problem[] = [];
  for (const changeId of settings.changeIds) {
    if (github.dryRun) {
      log.info(`Dry run: would activate ${changeId}.`);
      continue;
    }
    try {
      const change = await activateOne(context, gate, changeId);
      activated.push(change);
      problems.push(...(await markDeployment(context, change)));
    } catch (error) {
      const problem = problemOf(error, levelOf(settings, error, 'fail'));
      problems.push({ ...problem, message: `${changeId} was not activated. ${problem.message}` });
    }
  }
  return {
    conclusion: activated.length === settings.changeIds.length ? 'activated' : github.dryRun ? 'dry_run' : 'failed',
    verdict: null,
    changes: activated.map(reportedChange),
    changeIds: activated.map(({ change_id }) => change_id),
    flags: [...new Set(activated.map(({ flag }) => flag))],
    summary: renderActivateSummary(activated),
    problems,
  };
}

function missingChangeId(): GateError {
  return new GateError(
    'invalid_input',
    'The input change-id is empty, and activate needs to know which change was deployed.',
    'Set change-id to the output change-ids of the stamp step.',
  );
}

async function activateOne({ log }: CommandContext, gate: Gate, changeId: string): Promise<Change> {
  try {
    const change = await gate.activate(changeId);
    log.info(
      `Activated ${changeId}: flag ${change.flag} is on for ${Math.round(change.rollout_start * 100)}% of the traffic.`,
    );
    return change;
  } catch (error) {
    if (!(error instanceof GateError) || error.code !== 'conflict') throw error;
    return alreadyWatching(gate, changeId, error, log);
  }
}

/** A deploy job that runs again asks for what it already has. Only while the change is simply watched is that fine. */
async function alreadyWatching(
  gate: Gate,
  changeId: string,
  refusal: GateError,
  log: CommandContext['log'],
): Promise<Change> {
  const change = await gate.show(changeId).catch(() => null);
  if (change?.state !== 'watching') throw refusal;
  log.info(`${changeId} is already activated and watched; nothing was changed.`);
  return change;
}

async function markDeployment({ github, settings, run }: CommandContext, change: Change): Promise<Problem[]> {
  try {
    const key = { sha: change.commit_sha, environment: settings.environment, changeId: change.change_id };
    const id = await findDeployment(github, key);
    if (id === null) return [];
    const description = `${change.change_id} is watched: flag ${change.flag} is on`;
    await setDeploymentStatus(github, id, { state: 'in_progress', description, logUrl: run.runUrl });
    return [];
  } catch (error) {
    return [problemOf(error, 'warning')];
  }
}
