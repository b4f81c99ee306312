import type { VerdictView } from '../../../gate-service/src/contract/api/change.ts';
import { renderVerdictCheck } from '../../../gate-service/src/contract/render/check-output.ts';
import type { Change } from '../gate-client.ts';
import { upsertCheckRun } from '../github/check-runs.ts';
import { findDeployment, setDeploymentStatus } from '../github/deployments.ts';
import { readHeadSha } from '../github/pull-requests.ts';
import { type Problem, problemOf } from '../report.ts';
import type { CommandContext } from './command.ts';

/** Grey for inconclusive: GitHub has no word for it, and neither green nor red would be true. */
const STATES = { pass: 'success', fail: 'failure', inconclusive: 'inactive' } as const;

/**
 * Puts the verdict on the pull request's check and on the deployment. Both are second places: what fails is a warning.
 * @returns slug of the app behind our token when GitHub told it
 */
export async function markVerdict(
  desk: { readonly context: CommandContext; readonly problems: Problem[] },
  change: Change,
  verdict: VerdictView,
  hasSiblings: boolean,
): Promise<string | null> {
  const { context, problems } = desk;
  let appSlug: string | null = null;
  try {
    if (change.pull_request !== null) appSlug = await writeCheck(context, change, verdict, hasSiblings);
  } catch (error) {
    problems.push(problemOf(error, 'warning'));
  }
  try {
    await closeDeployment(context, change, verdict);
  } catch (error) {
    problems.push(problemOf(error, 'warning'));
  }
  return appSlug;
}

async function writeCheck(
  { github, run }: CommandContext,
  change: Change,
  verdict: VerdictView,
  hasSiblings: boolean,
): Promise<string | null> {
  // GitHub shows one check of a name: several changes of a pull request need several names.
  const name = `changegate / verdict${hasSiblings ? ` (${change.flag})` : ''}`;
  const { appSlug } = await upsertCheckRun(github, {
    name,
    headSha: await readHeadSha(github, change.pull_request!),
    externalId: change.change_id,
    detailsUrl: run.runUrl,
    ...renderVerdictCheck(change, verdict),
  });
  return appSlug;
}

async function closeDeployment(
  { github, settings, run }: CommandContext,
  change: Change,
  verdict: VerdictView,
): Promise<void> {
  const key = { sha: change.commit_sha, environment: settings.environment, changeId: change.change_id };
  const id = await findDeployment(github, key);
  if (id === null) return;
  const description = `${verdict.verdict}: ${verdict.reasons[0] ?? ''} (${change.change_id}, revision ${verdict.revision})`;
  await setDeploymentStatus(github, id, { state: STATES[verdict.verdict], description, logUrl: run.runUrl });
}
