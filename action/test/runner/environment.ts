import { dirname } from 'node:path';
import type { RunActionOptions } from './index.ts';

export interface RunnerFiles {
  event: string;
  output: string;
  state: string;
  env: string;
  path: string;
  summary: string;
}

const refName = (ref: string): string => ref.replace(/^refs\/(heads|tags|pull)\//, '');

/** The `github` context of a step, as far as expressions in action.yml and the environment need it. */
export function githubContext(options: RunActionOptions, workspace: string): Record<string, string> {
  const [owner = ''] = options.repository.split('/');
  const workflowRef = `${options.repository}/.github/workflows/changegate.yml@${options.ref}`;
  return {
    action: '__changegate_changegate',
    action_path: dirname(options.actionYml),
    action_ref: 'v1',
    action_repository: 'changegate/changegate',
    actor: options.actor ?? 'octocat',
    actor_id: '1',
    api_url: options.apiUrl,
    base_ref: options.baseRef ?? '',
    event_name: options.eventName,
    graphql_url: options.apiUrl.replace(/\/v3$/, '/graphql'),
    head_ref: options.headRef ?? '',
    job: options.job ?? 'changegate',
    ref: options.ref,
    ref_name: refName(options.ref),
    ref_protected: 'false',
    ref_type: options.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    repository: options.repository,
    repository_id: String(options.repositoryId ?? 2),
    repository_owner: owner,
    repository_owner_id: String(options.ownerId ?? 3),
    retention_days: '90',
    run_attempt: String(options.runAttempt ?? 1),
    run_id: String(options.runId ?? 1001),
    run_number: '5',
    server_url: options.serverUrl ?? 'https://github.com',
    sha: options.sha,
    token: options.token ?? '',
    triggering_actor: options.actor ?? 'octocat',
    workflow: 'Changegate',
    workflow_ref: workflowRef,
    workflow_sha: options.sha,
    workspace,
  };
}

/**
 * The whole environment of an action's process. GITHUB_TOKEN is not in it: the runner passes the token only through
 * an input's default. The OIDC variables are there only when the job has `id-token: write`.
 *
 * @see GitHubContext.cs (the allow-list) and NodeScriptActionHandler.cs of actions/runner
 */
export function actionEnvironment(
  options: RunActionOptions,
  files: RunnerFiles,
  inputs: Record<string, string>,
  workspace: string,
): Record<string, string> {
  const { token, ...exposed } = githubContext(options, workspace);
  const github = Object.entries(exposed).map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, value]);
  const state = Object.entries(options.state ?? {}).map(([name, value]) => [`STATE_${name}`, value]);
  return {
    ...options.env,
    ...inputs,
    PATH: process.env.PATH ?? '',
    HOME: workspace,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    ...Object.fromEntries(github),
    ...Object.fromEntries(state),
    GITHUB_EVENT_PATH: files.event,
    GITHUB_OUTPUT: files.output,
    GITHUB_STATE: files.state,
    GITHUB_ENV: files.env,
    GITHUB_PATH: files.path,
    GITHUB_STEP_SUMMARY: files.summary,
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: 'X64',
    RUNNER_NAME: 'GitHub Actions 1',
    RUNNER_ENVIRONMENT: 'github-hosted',
    RUNNER_TEMP: dirname(files.event),
    RUNNER_TOOL_CACHE: dirname(files.event),
    ...(options.oidc === undefined
      ? {}
      : { ACTIONS_ID_TOKEN_REQUEST_URL: options.oidc.url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: options.oidc.token }),
  };
}
