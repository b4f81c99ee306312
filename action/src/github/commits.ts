import type { GitHub } from './client.ts';
import { explainGitHubError, statusOf } from './errors.ts';
import type { ChangedFile } from './pull-requests.ts';

export interface CommitRange {
  /** Newest first. */
  readonly shas: readonly string[];
  readonly files: readonly ChangedFile[];
}

const NEEDS = 'contents: read';

interface DiffEntry {
  filename: string;
  status: string;
}
const toFiles = (files: readonly DiffEntry[] | undefined): ChangedFile[] =>
  (files ?? []).map((file) => ({ path: file.filename, isRemoved: file.status === 'removed' }));

/** One commit, with what it changed against its first parent. */
export async function readCommit(github: GitHub, sha: string): Promise<CommitRange> {
  try {
    const { data } = await github.reads.rest.repos.getCommit({ owner: github.owner, repo: github.repo, ref: sha });
    return { shas: [data.sha], files: toFiles(data.files) };
  } catch (error) {
    throw explainGitHubError(error, `read commit ${sha}`, NEEDS);
  }
}

/**
 * What a push brought: at most 250 commits and 300 files, which is what GitHub shows of one comparison. Null when the
 * earlier commit is gone, as after a forced push.
 */
export async function compareCommits(github: GitHub, before: string, after: string): Promise<CommitRange | null> {
  try {
    const { data } = await github.reads.rest.repos.compareCommitsWithBasehead({
      owner: github.owner,
      repo: github.repo,
      basehead: `${before}...${after}`,
    });
    return { shas: data.commits.map((commit) => commit.sha).reverse(), files: toFiles(data.files) };
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw explainGitHubError(error, `compare ${before} with ${after}`, NEEDS);
  }
}
