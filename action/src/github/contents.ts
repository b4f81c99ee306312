import type { GitHub } from './client.ts';
import { explainGitHubError, statusOf } from './errors.ts';

export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
}

const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/');

/** Reads one file at a commit or branch through the contents API. Null when there is none. Nothing is checked out. */
export async function readFile(github: GitHub, ref: string, path: string): Promise<RepositoryFile | null> {
  try {
    const { data } = await github.reads.request(`GET /repos/{owner}/{repo}/contents/${encodePath(path)}`, {
      owner: github.owner,
      repo: github.repo,
      ref,
    });
    return isFile(data) ? { path, text: Buffer.from(data.content, 'base64').toString('utf8') } : null;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw explainGitHubError(error, `read ${path} at ${ref}`, 'contents: read');
  }
}

/** A directory answers a list; a link or a submodule has another type; over 1 MB the content is left out. */
function isFile(data: unknown): data is { content: string } {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false;
  const { type, encoding, content } = data as Record<string, unknown>;
  return type === 'file' && encoding === 'base64' && typeof content === 'string';
}

export async function readDefaultBranch(github: GitHub): Promise<string> {
  try {
    const { data } = await github.reads.rest.repos.get({ owner: github.owner, repo: github.repo });
    return data.default_branch;
  } catch (error) {
    throw explainGitHubError(error, 'read the repository', 'contents: read');
  }
}
