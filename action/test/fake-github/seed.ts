import { applyChanges, diffTrees, resolveRef, storeCommit, userActor } from './git.ts';
import {
  type Actor,
  type FileChange,
  GITHUB_ACTIONS,
  type GitHubState,
  type StoredComment,
  type StoredPullRequest,
  timestamp,
} from './state.ts';

export interface CommitSeed {
  branch?: string;
  message?: string;
  sha?: string;
  user?: string;
  files?: FileChange[];
}

export interface PullRequestSeed {
  number: number;
  title: string;
  body?: string | null;
  /** `fork` is the fork's full name, or null for a fork that was deleted. Without it the branch is in the repository. */
  head: { sha?: string; ref: string; fork?: string | null };
  base?: string;
  files?: FileChange[];
  user?: string;
}

export interface MergeSeed {
  method?: 'merge' | 'squash' | 'rebase';
  mergeCommitSha?: string;
  user?: string;
}

export type Seed = ReturnType<typeof createSeed>;

/** The setting-up half of the fake: what people do with git and the browser. No token, no notification. */
export function createSeed(state: GitHubState, now: () => Date) {
  const date = () => timestamp(now());

  const mustResolve = (ref: string) => {
    const commit = resolveRef(state, ref);
    if (commit === undefined) throw new TypeError(`fake GitHub: no commit for ${ref}: seed the branch first`);
    return commit;
  };
  const mustFindPull = (number: number) => {
    const pull = state.pullRequests.get(number);
    if (pull === undefined) throw new TypeError(`fake GitHub: no pull request ${number}: open it first`);
    return pull;
  };

  /** Puts a file into the tree of an existing branch tip or commit, without making a commit. */
  function addFile(ref: string, path: string, text: string): void {
    mustResolve(ref).tree.set(path, text);
  }

  /** A new branch at the tip of another. */
  function addBranch(name: string, from = state.defaultBranch): void {
    state.branches.set(name, mustResolve(from).sha);
  }

  /** Commits to a branch, as a direct push does; returns the sha. */
  function addCommit(seed: CommitSeed = {}): string {
    const branch = seed.branch ?? state.defaultBranch;
    const tip = state.branches.get(branch);
    const commit = storeCommit(state, {
      ...(seed.sha === undefined ? {} : { sha: seed.sha }),
      message: seed.message ?? 'A change',
      parents: tip === undefined ? [] : [tip],
      author: userActor(seed.user ?? 'octocat'),
      date: date(),
      changes: seed.files ?? [],
    });
    state.branches.set(branch, commit.sha);
    return commit.sha;
  }

  function openPullRequest(seed: PullRequestSeed): StoredPullRequest {
    const baseRef = seed.base ?? state.defaultBranch;
    const base = mustResolve(baseRef);
    const author = userActor(seed.user ?? 'octocat');
    const head =
      state.commits.get(seed.head.sha ?? '') ??
      storeCommit(state, {
        ...(seed.head.sha === undefined ? {} : { sha: seed.head.sha }),
        message: seed.title,
        parents: [base.sha],
        author,
        date: date(),
        changes: seed.files ?? [],
      });
    const isFork = seed.head.fork !== undefined;
    if (!isFork) state.branches.set(seed.head.ref, head.sha);
    const pull: StoredPullRequest = {
      id: state.nextId(),
      number: seed.number,
      title: seed.title,
      body: seed.body ?? null,
      state: 'open',
      locked: false,
      user: author,
      head: {
        ref: seed.head.ref,
        sha: head.sha,
        repo: isFork ? (seed.head.fork ?? null) : `${state.owner}/${state.repo}`,
      },
      base: { ref: baseRef, sha: base.sha },
      commits: [head.sha],
      files: seed.files ?? diffTrees(base.tree, head.tree),
      createdAt: date(),
      updatedAt: date(),
      mergedAt: null,
      mergedBy: null,
      mergeCommitSha: null,
      introduced: [],
    };
    state.pullRequests.set(seed.number, pull);
    return pull;
  }

  /** One more commit on the pull request's branch (`synchronize`); returns the new head sha. */
  function pushToPullRequest(number: number, push: { sha?: string; message?: string; files: FileChange[] }): string {
    const pull = mustFindPull(number);
    const commit = storeCommit(state, {
      ...(push.sha === undefined ? {} : { sha: push.sha }),
      message: push.message ?? `More of #${number}`,
      parents: [pull.head.sha],
      author: pull.user,
      date: date(),
      changes: push.files,
    });
    if (state.branches.get(pull.head.ref) === pull.head.sha) state.branches.set(pull.head.ref, commit.sha);
    pull.head.sha = commit.sha;
    pull.commits.push(commit.sha);
    pull.files = [...pull.files.filter((old) => !push.files.some((file) => file.path === old.path)), ...push.files];
    pull.updatedAt = date();
    return commit.sha;
  }

  /** Merges as the green button does; returns the merge commit's sha. */
  function mergePullRequest(number: number, merge: MergeSeed = {}): string {
    const pull = mustFindPull(number);
    const tip = mustResolve(pull.base.ref).sha;
    const method = merge.method ?? 'squash';
    // A rebase replays each commit; the merge commit is the last of them.
    const steps = method === 'rebase' ? pull.commits.map((sha) => state.commits.get(sha)?.changes ?? []) : [pull.files];
    const made: string[] = [];
    for (const [index, changes] of steps.entries()) {
      const isLast = index === steps.length - 1;
      const parent = made.at(-1) ?? tip;
      const commit = storeCommit(state, {
        ...(isLast && merge.mergeCommitSha !== undefined ? { sha: merge.mergeCommitSha } : {}),
        message: method === 'merge' ? `Merge pull request #${number}\n\n${pull.title}` : `${pull.title} (#${number})`,
        parents: method === 'merge' ? [parent, pull.head.sha] : [parent],
        author: pull.user,
        date: date(),
        changes,
      });
      made.push(commit.sha);
    }
    const mergeCommitSha = made.at(-1) ?? tip;
    state.branches.set(pull.base.ref, mergeCommitSha);
    Object.assign(pull, {
      state: 'closed',
      mergedAt: date(),
      updatedAt: date(),
      mergedBy: userActor(merge.user ?? 'octocat'),
      mergeCommitSha,
      introduced: method === 'merge' ? [...pull.commits, ...made] : made,
    });
    return mergeCommitSha;
  }

  /** A comment that is already there, for instance a person who pasted our marker. */
  function addComment(issueNumber: number, body: string, actor: Actor | string = GITHUB_ACTIONS): StoredComment {
    const at = date();
    const comment: StoredComment = {
      id: state.nextId(),
      issueNumber,
      body,
      actor: typeof actor === 'string' ? userActor(actor) : actor,
      createdAt: at,
      updatedAt: at,
      hiddenUntilMs: 0,
      hiddenReads: 0,
    };
    state.comments.push(comment);
    return comment;
  }

  /** Takes `path` out of a branch's or commit's tree, without making a commit. */
  function removeFile(ref: string, path: string): void {
    const commit = mustResolve(ref);
    commit.tree = applyChanges(commit.tree, [{ path, status: 'removed' }]);
  }

  return {
    addFile,
    removeFile,
    addBranch,
    addCommit,
    openPullRequest,
    pushToPullRequest,
    mergePullRequest,
    addComment,
  };
}
