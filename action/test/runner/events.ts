/** Webhook payloads as the runner finds them in GITHUB_EVENT_PATH, with the environment that belongs to each event. */
import { createHash } from 'node:crypto';

export interface EventRepository {
  owner: string;
  repo: string;
  repositoryId?: number;
  ownerId?: number;
  defaultBranch?: string;
}

/** Spread it into the options of `runAction`. */
export interface RunnerEvent {
  eventName: string;
  event: Record<string, unknown>;
  repository: string;
  repositoryId: number;
  ownerId: number;
  sha: string;
  ref: string;
  headRef?: string;
  baseRef?: string;
}

export interface PullRequestEventSeed {
  action?: 'opened' | 'synchronize' | 'reopened' | 'closed';
  number: number;
  title?: string;
  body?: string | null;
  /** `fork` as for the fake GitHub: a full name, or null for a deleted fork. */
  head: { sha: string; ref: string; fork?: string | null };
  base?: { ref?: string; sha?: string };
  user?: string;
  /** For `synchronize`: the head before the push. */
  before?: string;
  /** For `closed`: merged as this commit. */
  mergeCommitSha?: string;
  mergedAt?: string;
}

export interface PushEventSeed {
  before: string;
  after: string;
  branch?: string;
  commits?: { id: string; message: string; added?: string[]; removed?: string[]; modified?: string[] }[];
  user?: string;
  forced?: boolean;
}

const userPayload = (login: string, id: number, type = 'User') => ({
  login,
  id,
  node_id: `U_${id}`,
  type,
  site_admin: false,
  url: `https://api.github.com/users/${login}`,
  html_url: `https://github.com/${login}`,
});

const person = (login: string) => userPayload(login, login === 'octocat' ? 1 : 100 + login.length);

function repositoryPayload(repository: EventRepository) {
  const fullName = `${repository.owner}/${repository.repo}`;
  return {
    id: repository.repositoryId ?? 2,
    node_id: `R_${repository.repositoryId ?? 2}`,
    name: repository.repo,
    full_name: fullName,
    private: true,
    fork: false,
    owner: userPayload(repository.owner, repository.ownerId ?? 3, 'Organization'),
    html_url: `https://github.com/${fullName}`,
    url: `https://api.github.com/repos/${fullName}`,
    default_branch: repository.defaultBranch ?? 'main',
    visibility: 'private',
  };
}

function eventOf(
  repository: EventRepository,
  eventName: string,
  at: { sha: string; ref: string; headRef?: string; baseRef?: string },
  event: Record<string, unknown>,
): RunnerEvent {
  return {
    eventName,
    event,
    repository: `${repository.owner}/${repository.repo}`,
    repositoryId: repository.repositoryId ?? 2,
    ownerId: repository.ownerId ?? 3,
    ...at,
  };
}

const branchRef = (repository: EventRepository, branch?: string): string =>
  `refs/heads/${branch ?? repository.defaultBranch ?? 'main'}`;

/** GITHUB_SHA of a `pull_request` run: the test merge, a commit that no check may be put on. */
export const testMergeSha = (headSha: string): string =>
  createHash('sha1').update(`test merge of ${headSha}`).digest('hex');

function headRepository(repository: EventRepository, fork: string | null | undefined) {
  if (fork === undefined) return repositoryPayload(repository);
  if (fork === null) return null;
  const [owner = '', repo = ''] = fork.split('/');
  return { ...repositoryPayload({ owner, repo, repositoryId: 9002, ownerId: 9003 }), fork: true };
}

export function pullRequestEvent(repository: EventRepository, seed: PullRequestEventSeed): RunnerEvent {
  const baseRef = seed.base?.ref ?? repository.defaultBranch ?? 'main';
  const isMerged = seed.mergeCommitSha !== undefined;
  const headRepo = headRepository(repository, seed.head.fork);
  const action = seed.action ?? (isMerged ? 'closed' : 'opened');
  const pullRequest = {
    id: 5000 + seed.number,
    number: seed.number,
    state: action === 'closed' ? 'closed' : 'open',
    locked: false,
    draft: false,
    title: seed.title ?? `Pull request ${seed.number}`,
    body: seed.body ?? null,
    user: person(seed.user ?? 'octocat'),
    url: `https://api.github.com/repos/${repository.owner}/${repository.repo}/pulls/${seed.number}`,
    html_url: `https://github.com/${repository.owner}/${repository.repo}/pull/${seed.number}`,
    head: {
      label: `${headRepo?.owner.login ?? 'unknown repository'}:${seed.head.ref}`,
      ref: seed.head.ref,
      sha: seed.head.sha,
      user: headRepo?.owner ?? null,
      repo: headRepo,
    },
    base: {
      label: `${repository.owner}:${baseRef}`,
      ref: baseRef,
      sha: seed.base?.sha ?? '0'.repeat(39).concat('1'),
      user: repositoryPayload(repository).owner,
      repo: repositoryPayload(repository),
    },
    merged: isMerged,
    merged_at: isMerged ? (seed.mergedAt ?? '2026-03-02T09:00:00Z') : null,
    merged_by: isMerged ? person('octocat') : null,
    merge_commit_sha: seed.mergeCommitSha ?? testMergeSha(seed.head.sha),
  };
  const at = isMerged
    ? { sha: seed.mergeCommitSha ?? '', ref: `refs/heads/${baseRef}` }
    : { sha: testMergeSha(seed.head.sha), ref: `refs/pull/${seed.number}/merge` };
  return eventOf(
    repository,
    'pull_request',
    { ...at, headRef: seed.head.ref, baseRef },
    {
      action,
      number: seed.number,
      ...(action === 'synchronize' ? { before: seed.before ?? '0'.repeat(40), after: seed.head.sha } : {}),
      pull_request: pullRequest,
      repository: repositoryPayload(repository),
      sender: pullRequest.user,
    },
  );
}

export function pushEvent(repository: EventRepository, seed: PushEventSeed): RunnerEvent {
  const ref = branchRef(repository, seed.branch);
  const user = seed.user ?? 'octocat';
  const signature = { name: user, email: `${user}@example.test`, username: user };
  const commits = (seed.commits ?? [{ id: seed.after, message: 'A change' }]).map((commit) => ({
    distinct: true,
    tree_id: commit.id,
    timestamp: '2026-03-02T09:00:00Z',
    url: `https://github.com/${repository.owner}/${repository.repo}/commit/${commit.id}`,
    author: signature,
    committer: signature,
    added: [],
    removed: [],
    modified: [],
    ...commit,
  }));
  return eventOf(
    repository,
    'push',
    { sha: seed.after, ref },
    {
      ref,
      before: seed.before,
      after: seed.after,
      created: /^0+$/.test(seed.before),
      deleted: false,
      forced: seed.forced ?? false,
      base_ref: null,
      compare: `https://github.com/${repository.owner}/${repository.repo}/compare/${seed.before}...${seed.after}`,
      commits,
      head_commit: commits.at(-1) ?? null,
      repository: repositoryPayload(repository),
      pusher: { name: user, email: signature.email },
      sender: person(user),
    },
  );
}

/**
 * The payload of a schedule has no `repository`: the default branch must come from GITHUB_REF or the API.
 * @see github/codeql-action#1211, ossf/scorecard-action#106
 */
export function scheduleEvent(repository: EventRepository, tip: { sha: string; cron?: string }): RunnerEvent {
  return eventOf(
    repository,
    'schedule',
    { sha: tip.sha, ref: branchRef(repository) },
    { schedule: tip.cron ?? '17 */6 * * *' },
  );
}

export function workflowDispatchEvent(
  repository: EventRepository,
  seed: { sha: string; branch?: string; inputs?: Record<string, string>; user?: string },
): RunnerEvent {
  const ref = branchRef(repository, seed.branch);
  return eventOf(
    repository,
    'workflow_dispatch',
    { sha: seed.sha, ref },
    {
      inputs: seed.inputs ?? null,
      ref,
      workflow: '.github/workflows/changegate.yml',
      repository: repositoryPayload(repository),
      sender: person(seed.user ?? 'octocat'),
    },
  );
}
