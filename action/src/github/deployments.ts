import { wait } from '../pace.ts';
import { type GitHub, write } from './client.ts';
import { explainGitHubError, isUnclearEnd } from './errors.ts';

/** What a deployment carries, so that deploy jobs and auditors can tell which change it was. */
export interface DeploymentPayload {
  readonly schema: 1;
  readonly change_id: string;
  readonly flag: string;
  readonly contract_hash: string;
}

export interface WantedDeployment {
  readonly sha: string;
  readonly environment: string;
  readonly description: string;
  readonly payload: DeploymentPayload;
}

export interface WantedStatus {
  readonly state: 'in_progress' | 'success' | 'failure' | 'inactive';
  readonly description: string;
  readonly logUrl: string;
}

const NEEDS = 'deployments: write';
const MAX_DESCRIPTION = 140;
const shorten = (text: string) =>
  [...text].length > MAX_DESCRIPTION ? `${[...text].slice(0, MAX_DESCRIPTION - 1).join('')}…` : text;

function changeIdOf(payload: unknown): unknown {
  if (typeof payload === 'object' && payload !== null) return (payload as Record<string, unknown>).change_id;
  if (typeof payload !== 'string' || payload === '') return undefined;
  try {
    return changeIdOf(JSON.parse(payload));
  } catch {
    // Somebody else's payload, as text: not ours.
    return undefined;
  }
}

/** Id of the oldest deployment of the commit and environment that carries the change_id; null when there is none. */
export async function findDeployment(
  github: GitHub,
  wanted: { sha: string; environment: string; changeId: string },
): Promise<number | null> {
  try {
    const deployments = await github.reads.paginate(github.reads.rest.repos.listDeployments, {
      owner: github.owner,
      repo: github.repo,
      sha: wanted.sha,
      environment: wanted.environment,
      per_page: 100,
    });
    const ids = deployments.filter(({ payload }) => changeIdOf(payload) === wanted.changeId).map(({ id }) => id);
    return ids.length === 0 ? null : Math.min(...ids);
  } catch (error) {
    throw explainGitHubError(error, `list the deployments of ${wanted.sha}`, NEEDS);
  }
}

/** Adopts the deployment of an earlier run or creates one. Null in a dry run. */
export async function ensureDeployment(github: GitHub, wanted: WantedDeployment): Promise<number | null> {
  const key = { sha: wanted.sha, environment: wanted.environment, changeId: wanted.payload.change_id };
  const existing = await findDeployment(github, key);
  if (existing !== null) return existing;
  const what = `create a deployment of ${wanted.sha} to ${wanted.environment} with ${JSON.stringify(wanted.payload)}`;
  return write(github, what, () => create(github, wanted, key));
}

async function create(
  github: GitHub,
  wanted: WantedDeployment,
  key: Parameters<typeof findDeployment>[1],
): Promise<number> {
  try {
    return await post(github, wanted);
  } catch (error) {
    if (!isUnclearEnd(error)) throw explainGitHubError(error, 'create a deployment', NEEDS);
  }
  for (const pauseMs of github.pace.secondLookMs) {
    await wait(pauseMs);
    const found = await findDeployment(github, key);
    if (found !== null) return found;
  }
  return post(github, wanted).catch((error: unknown) => {
    throw explainGitHubError(error, 'create a deployment', NEEDS);
  });
}

/** Without `auto_merge: false` GitHub may merge the default branch into the ref; without `required_contexts: []` it waits for every check. */
async function post(github: GitHub, wanted: WantedDeployment): Promise<number> {
  const { status, data } = await github.writes.rest.repos.createDeployment({
    owner: github.owner,
    repo: github.repo,
    ref: wanted.sha,
    environment: wanted.environment,
    description: shorten(wanted.description),
    payload: { ...wanted.payload },
    auto_merge: false,
    required_contexts: [],
  });
  if (status === 201 && 'id' in data) return data.id;
  throw explainGitHubError(
    { status, message: 'message' in data ? data.message : '', response: { headers: {} } },
    'create a deployment',
    NEEDS,
  );
}

/** Adds a status unless the newest one says the same. */
export async function setDeploymentStatus(github: GitHub, deploymentId: number, wanted: WantedStatus): Promise<void> {
  const place = { owner: github.owner, repo: github.repo, deployment_id: deploymentId };
  const description = shorten(wanted.description);
  try {
    const { data } = await github.reads.rest.repos.listDeploymentStatuses({ ...place, per_page: 1 });
    if (data[0]?.state === wanted.state && data[0].description === description) return;
    await write(github, `set deployment ${deploymentId} to ${wanted.state}: ${description}`, () =>
      github.writes.rest.repos.createDeploymentStatus({
        ...place,
        state: wanted.state,
        description,
        log_url: wanted.logUrl,
        auto_inactive: false,
      }),
    );
  } catch (error) {
    throw explainGitHubError(error, `set the status of deployment ${deploymentId}`, NEEDS);
  }
}
