import { history, resolveRef } from '../git.ts';
import { notFound, Refusal } from '../refusal.ts';
import { type Call, type Handler, pageOf } from '../reply.ts';
import { type StoredDeployment, type StoredDeploymentStatus, timestamp } from '../state.ts';

const DESCRIPTION_LIMIT_CHARACTERS = 140;

/**
 * The two defaults that bite a careless caller. Real GitHub lets them pass while nothing is in their way; here an
 * omitted `required_contexts` is always a conflict, so that a test finds the omission.
 */
function checkMergeable({ state, body }: Call, sha: string): { message: string } | undefined {
  if (body.required_contexts === undefined)
    throw new Refusal(409, `Conflict: Commit status checks failed for ${body.ref}.`);
  if (body.required_contexts.length > 0) {
    throw new Refusal(409, `Conflict: Commit status checks failed for ${body.ref}.`, {
      errors: body.required_contexts.map((context: string) => ({
        resource: 'Deployment',
        field: 'required_contexts',
        code: 'invalid',
        context,
      })),
    });
  }
  const tip = state.branches.get(state.defaultBranch) ?? '';
  if (body.auto_merge === false || history(state, sha).includes(tip)) return undefined;
  if (!state.branches.has(body.ref)) throw new Refusal(409, `Conflict merging ${state.defaultBranch} into ${body.ref}`);
  return { message: `Auto-merged ${state.defaultBranch} into ${body.ref} on deployment.` };
}

const create: Handler = (call) => {
  const { state, body, actor, now } = call;
  const commit = resolveRef(state, body.ref);
  if (commit === undefined) throw new Refusal(422, `No ref found for: ${body.ref}`);
  const merged = checkMergeable(call, commit.sha);
  if (merged !== undefined) return { status: 202, body: merged };
  const environment = body.environment ?? 'production';
  const deployment: StoredDeployment = {
    id: state.nextId(),
    sha: commit.sha,
    ref: body.ref,
    task: body.task ?? 'deploy',
    environment,
    payload: body.payload ?? '',
    description: body.description ?? null,
    transient: body.transient_environment ?? false,
    production: body.production_environment ?? environment === 'production',
    creator: actor,
    createdAt: timestamp(now()),
    statuses: [],
  };
  state.deployments.push(deployment);
  return { status: 201, body: call.payloads.deployment(deployment) };
};

const list: Handler = (call) => {
  const { state, query, payloads } = call;
  const deployments = state.deployments.filter((deployment) =>
    (['sha', 'ref', 'task', 'environment'] as const).every(
      // GitHub treats the text "none" as no filter.
      (name) => [undefined, 'none', deployment[name]].includes(query[name]),
    ),
  );
  return pageOf(call, deployments.reverse(), payloads.deployment);
};

function find({ state, params }: Call): StoredDeployment {
  const deployment = state.deployments.find((candidate) => candidate.id === Number(params.deployment_id));
  if (deployment === undefined) throw notFound();
  return deployment;
}

const get: Handler = (call) => ({ status: 200, body: call.payloads.deployment(find(call)) });

const listStatuses: Handler = (call) => {
  const deployment = find(call);
  return pageOf(call, deployment.statuses.toReversed(), (status) =>
    call.payloads.deploymentStatus(status, deployment.id),
  );
};

const createStatus: Handler = (call) => {
  const { state, body, actor, now, payloads } = call;
  const deployment = find(call);
  const description: string = body.description ?? '';
  if ([...description].length > DESCRIPTION_LIMIT_CHARACTERS) {
    const message = `description is too long (maximum is ${DESCRIPTION_LIMIT_CHARACTERS} characters)`;
    throw new Refusal(422, 'Validation Failed', {
      errors: [{ resource: 'DeploymentStatus', code: 'custom', field: 'description', message }],
    });
  }
  const status: StoredDeploymentStatus = {
    id: state.nextId(),
    state: body.state,
    description,
    logUrl: body.log_url ?? body.target_url ?? '',
    environment: body.environment ?? deployment.environment,
    environmentUrl: body.environment_url ?? '',
    creator: actor,
    createdAt: timestamp(now()),
  };
  deployment.statuses.push(status);
  if (body.state === 'success' && body.auto_inactive !== false) {
    const earlier = state.deployments.filter(
      (other) => other.id < deployment.id && other.environment === deployment.environment,
    );
    // Production deployments stay as they are: GitHub's documentation excludes them by name.
    for (const other of earlier.filter((candidate) => !candidate.transient && !candidate.production)) {
      other.statuses.push({
        ...status,
        id: state.nextId(),
        state: 'inactive',
        description: '',
        logUrl: '',
        environmentUrl: '',
      });
    }
  }
  return { status: 201, body: payloads.deploymentStatus(status, deployment.id) };
};

export const deploymentHandlers: Record<string, Handler> = {
  'repos/create-deployment': create,
  'repos/list-deployments': list,
  'repos/get-deployment': get,
  'repos/list-deployment-statuses': listStatuses,
  'repos/create-deployment-status': createStatus,
};
