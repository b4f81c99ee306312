import { history, resolveRef } from '../git.ts';
import { notFound, Refusal } from '../refusal.ts';
import { type Call, type Handler, pageOf } from '../reply.ts';
import type { StoredPullRequest } from '../state.ts';

function find({ state, params }: Call): StoredPullRequest {
  const pull = state.pullRequests.get(Number(params.pull_number));
  if (pull === undefined) throw notFound();
  return pull;
}

const get: Handler = (call) => ({ status: 200, body: call.payloads.pullRequest(find(call), 'pull-request') });

const listFiles: Handler = (call) => {
  const pull = find(call);
  return pageOf(call, pull.files, (file) => call.payloads.changedFile(file, pull.head.sha));
};

/** For a commit of the default branch the merged pull request that introduced it; else every one that contains it. */
const listForCommit: Handler = (call) => {
  const { state, params, payloads } = call;
  const commit = resolveRef(state, params.commit_sha ?? '');
  if (commit === undefined) throw new Refusal(422, `No commit found for SHA: ${params.commit_sha}`);
  const isHidden = state.lag.hideCommitPullsForReads > 0;
  if (isHidden) state.lag.hideCommitPullsForReads -= 1;
  const tip = state.branches.get(state.defaultBranch) ?? '';
  const isOnDefaultBranch = history(state, tip).includes(commit.sha);
  const pulls = [...state.pullRequests.values()].filter((pull) =>
    isOnDefaultBranch
      ? pull.introduced.includes(commit.sha)
      : pull.commits.includes(commit.sha) || pull.introduced.includes(commit.sha),
  );
  return pageOf(call, isHidden ? [] : pulls, (pull) => payloads.pullRequest(pull, 'pull-request-simple'));
};

export const pullHandlers: Record<string, Handler> = {
  'pulls/get': get,
  'pulls/list-files': listFiles,
  'repos/list-pull-requests-associated-with-commit': listForCommit,
};
