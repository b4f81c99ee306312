import { blobSha, userActor } from './git.ts';
import { createBasicPayloads, type Json } from './payloads-basic.ts';
import type {
  FileChange,
  GitHubState,
  StoredCheckRun,
  StoredComment,
  StoredCommit,
  StoredDeployment,
  StoredDeploymentStatus,
  StoredIssue,
  StoredPullRequest,
} from './state.ts';

export type Payloads = ReturnType<typeof createPayloads>;

/** State as GitHub's JSON. Only what a client may read is spelled out; the description fills in the rest. */
export function createPayloads(state: GitHubState, apiUrl: () => string) {
  const { api, web, nodeId, complete, user, app, repository } = createBasicPayloads(state, apiUrl);

  const changedFile = (change: FileChange, ref: string): Json => {
    const additions = change.status === 'removed' ? 0 : (change.text ?? '').split('\n').length;
    return complete('diff-entry', {
      filename: change.path,
      status: change.status,
      ...(change.previousPath === undefined ? {} : { previous_filename: change.previousPath }),
      sha: blobSha(change.text ?? ''),
      additions,
      deletions: change.status === 'removed' ? 1 : 0,
      changes: Math.max(1, additions),
      blob_url: `${web}/blob/${ref}/${encodeURI(change.path)}`,
      raw_url: `${web}/raw/${ref}/${encodeURI(change.path)}`,
      contents_url: `${api()}/contents/${encodeURI(change.path)}?ref=${ref}`,
    });
  };

  const commit = (stored: StoredCommit, withFiles = false): Json => {
    const signature = { name: stored.author.login, email: `${stored.author.login}@example.test`, date: stored.date };
    return complete('commit', {
      sha: stored.sha,
      node_id: nodeId('C', stored.sha),
      url: `${api()}/commits/${stored.sha}`,
      html_url: `${web}/commit/${stored.sha}`,
      commit: { message: stored.message, author: signature, committer: signature },
      author: user(stored.author),
      committer: user(stored.author),
      parents: stored.parents.map((sha) => ({ sha, url: `${api()}/commits/${sha}`, html_url: `${web}/commit/${sha}` })),
      ...(withFiles ? { files: stored.changes.map((change) => changedFile(change, stored.sha)) } : {}),
    });
  };

  const pullRequest = (pull: StoredPullRequest, schema: 'pull-request' | 'pull-request-simple'): Json => {
    const headOwner = pull.head.repo?.split('/')[0];
    return complete(schema, {
      id: pull.id,
      node_id: nodeId('PR', pull.id),
      number: pull.number,
      url: `${api()}/pulls/${pull.number}`,
      html_url: `${web}/pull/${pull.number}`,
      state: pull.state,
      locked: pull.locked,
      title: pull.title,
      body: pull.body,
      user: user(pull.user),
      created_at: pull.createdAt,
      updated_at: pull.updatedAt,
      closed_at: pull.mergedAt,
      merged_at: pull.mergedAt,
      merge_commit_sha: pull.mergeCommitSha,
      ...(schema === 'pull-request'
        ? {
            merged: pull.mergedAt !== null,
            merged_by: pull.mergedBy && user(pull.mergedBy),
            changed_files: pull.files.length,
            commits: pull.commits.length,
          }
        : {}),
      head: {
        label: `${headOwner ?? 'unknown repository'}:${pull.head.ref}`,
        ref: pull.head.ref,
        sha: pull.head.sha,
        repo: pull.head.repo === null ? null : repository(pull.head.repo),
        user: headOwner === undefined ? null : user(userActor(headOwner)),
      },
      base: {
        label: `${state.owner}:${pull.base.ref}`,
        ref: pull.base.ref,
        sha: pull.base.sha,
        repo: repository(),
        user: user(userActor(state.owner)),
      },
      author_association: 'CONTRIBUTOR',
    });
  };

  const issue = (stored: StoredIssue): Json =>
    complete('issue', {
      id: stored.id,
      node_id: nodeId('I', stored.id),
      number: stored.number,
      url: `${api()}/issues/${stored.number}`,
      html_url: `${web}/issues/${stored.number}`,
      title: stored.title,
      body: stored.body,
      state: stored.state,
      labels: stored.labels.map((name) => ({ name })),
      assignees: stored.assignees.map((login) => user(userActor(login))),
      user: user(stored.user),
      created_at: stored.createdAt,
      updated_at: stored.createdAt,
      performed_via_github_app: app(stored.user),
    });

  const comment = (stored: StoredComment): Json =>
    complete('issue-comment', {
      id: stored.id,
      node_id: nodeId('IC', stored.id),
      url: `${api()}/issues/comments/${stored.id}`,
      html_url: `${web}/pull/${stored.issueNumber}#issuecomment-${stored.id}`,
      issue_url: `${api()}/issues/${stored.issueNumber}`,
      body: stored.body,
      user: user(stored.actor),
      created_at: stored.createdAt,
      updated_at: stored.updatedAt,
      author_association: stored.actor.app === undefined ? 'CONTRIBUTOR' : 'NONE',
      performed_via_github_app: app(stored.actor),
    });

  const checkRun = (run: StoredCheckRun): Json =>
    complete('check-run', {
      id: run.id,
      node_id: nodeId('CR', run.id),
      head_sha: run.headSha,
      name: run.name,
      external_id: run.externalId,
      url: `${api()}/check-runs/${run.id}`,
      html_url: `${web}/runs/${run.id}`,
      details_url: run.detailsUrl,
      status: run.status,
      conclusion: run.conclusion,
      started_at: run.startedAt,
      completed_at: run.completedAt,
      output: {
        ...run.output,
        annotations_count: run.annotations.length,
        annotations_url: `${api()}/check-runs/${run.id}/annotations`,
      },
      check_suite: { id: run.suiteId },
      app: app(run.actor),
      pull_requests: [],
    });

  const deployment = (stored: StoredDeployment): Json =>
    complete('deployment', {
      id: stored.id,
      node_id: nodeId('DE', stored.id),
      url: `${api()}/deployments/${stored.id}`,
      statuses_url: `${api()}/deployments/${stored.id}/statuses`,
      repository_url: api(),
      sha: stored.sha,
      ref: stored.ref,
      task: stored.task,
      payload: stored.payload,
      environment: stored.environment,
      original_environment: stored.environment,
      description: stored.description,
      creator: user(stored.creator),
      created_at: stored.createdAt,
      updated_at: stored.statuses.at(-1)?.createdAt ?? stored.createdAt,
      transient_environment: stored.transient,
      production_environment: stored.production,
      performed_via_github_app: app(stored.creator),
    });

  const deploymentStatus = (stored: StoredDeploymentStatus, deploymentId: number): Json => {
    const url = `${api()}/deployments/${deploymentId}`;
    return complete('deployment-status', {
      id: stored.id,
      node_id: nodeId('DES', stored.id),
      url: `${url}/statuses/${stored.id}`,
      deployment_url: url,
      repository_url: api(),
      state: stored.state,
      description: stored.description,
      environment: stored.environment,
      // GitHub repeats the log address in the older field. Empty text is what it sends when there is none.
      ...(stored.logUrl === '' ? {} : { target_url: stored.logUrl, log_url: stored.logUrl }),
      ...(stored.environmentUrl === '' ? {} : { environment_url: stored.environmentUrl }),
      creator: user(stored.creator),
      created_at: stored.createdAt,
      updated_at: stored.createdAt,
      performed_via_github_app: app(stored.creator),
    });
  };

  return {
    api,
    web,
    complete,
    user,
    repository,
    changedFile,
    commit,
    pullRequest,
    issue,
    comment,
    checkRun,
    deployment,
    deploymentStatus,
  };
}
