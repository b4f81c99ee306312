import { wait } from '../pace.ts';
import type { GitHub } from './client.ts';
import { explainGitHubError } from './errors.ts';

export interface ChangedFile {
  readonly path: string;
  readonly isRemoved: boolean;
}

export interface MergedPullRequest {
  readonly number: number;
  readonly mergeCommitSha: string;
}

const NEEDS = 'pull-requests: read';

function toChangedFile(file: { filename: string; status: string }): ChangedFile {
  return { path: file.filename, isRemoved: file.status === 'removed' };
}

export async function readHeadSha(github: GitHub, number: number): Promise<string> {
  try {
    const { data } = await github.reads.rest.pulls.get({ owner: github.owner, repo: github.repo, pull_number: number });
    return data.head.sha;
  } catch (error) {
    throw explainGitHubError(error, `read pull request #${number}`, NEEDS);
  }
}

export async function listChangedFiles(github: GitHub, number: number): Promise<ChangedFile[]> {
  try {
    const files = await github.reads.paginate(github.reads.rest.pulls.listFiles, {
      owner: github.owner,
      repo: github.repo,
      pull_number: number,
      per_page: 100,
    });
    return files.map(toChangedFile);
  } catch (error) {
    throw explainGitHubError(error, `list the files of pull request #${number}`, NEEDS);
  }
}

/**
 * The merged pull request that brought a commit to the default branch, or null for a direct push.
 * GitHub's index lags behind a merge, so an empty answer is asked for again.
 */
export async function findMergedPullRequest(
  github: GitHub,
  sha: string,
  defaultBranch: string,
): Promise<MergedPullRequest | null> {
  for (const pauseMs of [0, ...github.pace.indexLagMs]) {
    if (pauseMs > 0) await wait(pauseMs);
    const found = await listMerged(github, sha, defaultBranch);
    if (found.length > 0) return found.find((pull) => pull.mergeCommitSha === sha) ?? found[0]!;
  }
  return null;
}

async function listMerged(github: GitHub, sha: string, defaultBranch: string): Promise<MergedPullRequest[]> {
  try {
    const { data } = await github.reads.rest.repos.listPullRequestsAssociatedWithCommit({
      owner: github.owner,
      repo: github.repo,
      commit_sha: sha,
      per_page: 100,
    });
    return data.flatMap((pull) =>
      pull.merged_at && pull.merge_commit_sha && pull.base.ref === defaultBranch
        ? [{ number: pull.number, mergeCommitSha: pull.merge_commit_sha }]
        : [],
    );
  } catch (error) {
    throw explainGitHubError(error, `find the pull request of commit ${sha}`, NEEDS);
  }
}
