import { resolveRef } from '../git.ts';
import { notFound, Refusal } from '../refusal.ts';
import type { Handler } from '../reply.ts';
import { timestamp } from '../state.ts';

/** A workflow exists when its file is on the default branch, as on GitHub. Dispatching records; nothing runs. */
const dispatch: Handler = ({ state, params, body, actor, now, payloads }) => {
  const workflow = params.workflow_id ?? '';
  const path = `.github/workflows/${workflow}`;
  if (resolveRef(state, state.defaultBranch)?.tree.get(path) === undefined) throw notFound();
  if (resolveRef(state, body.ref) === undefined) throw new Refusal(422, `No ref found for: ${body.ref}`);
  state.dispatches.push({ workflow, ref: body.ref, inputs: body.inputs ?? {}, actor, at: timestamp(now()) });
  if (body.return_run_details !== true) return { status: 204, body: null };
  const id = state.nextId();
  return {
    status: 200,
    body: {
      workflow_run_id: id,
      run_url: `${payloads.api()}/actions/runs/${id}`,
      html_url: `${payloads.web}/actions/runs/${id}`,
    },
  };
};

export const workflowHandlers: Record<string, Handler> = { 'actions/create-workflow-dispatch': dispatch };
