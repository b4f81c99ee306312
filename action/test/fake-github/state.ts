/** Everything the fake GitHub remembers: one repository, in memory. */

/** Who did something. An actor with an `app` is an installation token, such as the Actions token. */
export interface Actor {
  login: string;
  id: number;
  type: 'Bot' | 'User';
  app?: { id: number; slug: string; name: string };
}

/** The identity behind GITHUB_TOKEN, with the ids of github.com. */
export const GITHUB_ACTIONS: Actor = {
  login: 'github-actions[bot]',
  id: 41_898_282,
  type: 'Bot',
  app: { id: 15_368, slug: 'github-actions', name: 'GitHub Actions' },
};

export interface FileChange {
  path: string;
  status: 'added' | 'modified' | 'removed' | 'renamed';
  text?: string;
  previousPath?: string;
}

export interface StoredCommit {
  sha: string;
  message: string;
  parents: string[];
  author: Actor;
  date: string;
  tree: Map<string, string>;
  changes: FileChange[];
}

export interface StoredPullRequest {
  id: number;
  number: number;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  locked: boolean;
  user: Actor;
  /** `repo` is null when the fork was deleted. */
  head: { ref: string; sha: string; repo: string | null };
  base: { ref: string; sha: string };
  commits: string[];
  files: FileChange[];
  createdAt: string;
  updatedAt: string;
  mergedAt: string | null;
  mergedBy: Actor | null;
  mergeCommitSha: string | null;
  /** Commits that the merge brought into the base branch. */
  introduced: string[];
}

export interface StoredIssue {
  id: number;
  number: number;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  labels: string[];
  assignees: string[];
  user: Actor;
  createdAt: string;
}

export interface StoredComment {
  id: number;
  issueNumber: number;
  body: string;
  actor: Actor;
  createdAt: string;
  updatedAt: string;
  /** Read-after-write lag: absent from lists until this instant, and for that many lists. */
  hiddenUntilMs: number;
  hiddenReads: number;
}

export interface StoredCheckRun {
  id: number;
  suiteId: number;
  name: string;
  headSha: string;
  actor: Actor;
  externalId: string;
  detailsUrl: string;
  status: string;
  conclusion: string | null;
  startedAt: string;
  completedAt: string | null;
  output: { title: string | null; summary: string | null; text: string | null };
  annotations: Record<string, unknown>[];
  actions: Record<string, unknown>[];
}

export interface StoredDeploymentStatus {
  id: number;
  state: string;
  description: string;
  logUrl: string;
  environment: string;
  environmentUrl: string;
  creator: Actor;
  createdAt: string;
}

export interface StoredDeployment {
  id: number;
  sha: string;
  ref: string;
  task: string;
  environment: string;
  payload: Record<string, unknown> | string;
  description: string | null;
  transient: boolean;
  production: boolean;
  creator: Actor;
  createdAt: string;
  statuses: StoredDeploymentStatus[];
}

/** What made GitHub tell people: creating notifies, editing never does. */
export interface Notification {
  kind: 'comment' | 'issue';
  issueNumber: number;
  id: number;
  at: string;
}

export interface WorkflowDispatch {
  workflow: string;
  ref: string;
  inputs: Record<string, unknown>;
  actor: Actor;
  at: string;
}

export interface GitHubState {
  owner: string;
  repo: string;
  defaultBranch: string;
  repositoryId: number;
  ownerId: number;
  branches: Map<string, string>;
  commits: Map<string, StoredCommit>;
  pullRequests: Map<number, StoredPullRequest>;
  issues: Map<number, StoredIssue>;
  comments: StoredComment[];
  checkRuns: StoredCheckRun[];
  deployments: StoredDeployment[];
  notifications: Notification[];
  dispatches: WorkflowDispatch[];
  /** How long new comments, and the link from a merge commit to its pull request, stay unseen. */
  lag: { hideNewCommentsForMs: number; hideNewCommentsForReads: number; hideCommitPullsForReads: number };
  nextId: () => number;
}

export interface RepositoryIdentity {
  owner: string;
  repo: string;
  defaultBranch?: string;
  ids?: { repository: number; owner: number };
}

export function createState(identity: RepositoryIdentity): GitHubState {
  let lastId = 1000;
  return {
    owner: identity.owner,
    repo: identity.repo,
    defaultBranch: identity.defaultBranch ?? 'main',
    repositoryId: identity.ids?.repository ?? 2,
    ownerId: identity.ids?.owner ?? 3,
    branches: new Map(),
    commits: new Map(),
    pullRequests: new Map(),
    issues: new Map(),
    comments: [],
    checkRuns: [],
    deployments: [],
    notifications: [],
    dispatches: [],
    lag: { hideNewCommentsForMs: 0, hideNewCommentsForReads: 0, hideCommitPullsForReads: 0 },
    nextId: () => {
      lastId += 1;
      return lastId;
    },
  };
}

/** GitHub writes whole seconds. */
export const timestamp = (date: Date): string => date.toISOString().replace(/\.\d{3}Z$/, 'Z');
