import { createHash } from 'node:crypto';
import type { Actor, FileChange, GitHubState, StoredCommit } from './state.ts';

export const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');

/** The id that git gives a file's content. */
export const blobSha = (text: string): string => sha1(`blob ${Buffer.byteLength(text)}\0${text}`);

/** A stable identity for a login that a test only names. */
export function userActor(login: string): Actor {
  const id = 100_000 + Number.parseInt(sha1(login).slice(0, 5), 16);
  return { login, id, type: login.endsWith('[bot]') ? 'Bot' : 'User' };
}

/** Commit of a branch name, a full ref, `pull/N/head` or a sha (7 or more characters); undefined when unknown. */
export function resolveRef(state: GitHubState, ref: string): StoredCommit | undefined {
  const branch = state.branches.get(ref.replace(/^(refs\/)?heads\//, ''));
  if (branch !== undefined) return state.commits.get(branch);
  const pull = /^(?:refs\/)?pull\/(\d+)\/head$/.exec(ref);
  if (pull) return state.commits.get(state.pullRequests.get(Number(pull[1]))?.head.sha ?? '');
  if (!/^[0-9a-f]{7,40}$/.test(ref)) return undefined;
  return state.commits.get(ref) ?? [...state.commits.values()].find((commit) => commit.sha.startsWith(ref));
}

/** The commit and all its ancestors, nearest first. */
export function history(state: GitHubState, sha: string): string[] {
  const seen = new Set<string>();
  const queue = [sha];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...(state.commits.get(next)?.parents ?? []));
  }
  return [...seen];
}

export function applyChanges(tree: ReadonlyMap<string, string>, changes: readonly FileChange[]): Map<string, string> {
  const result = new Map(tree);
  for (const change of changes) {
    const gone = change.status === 'removed' ? change.path : change.previousPath;
    const moved = gone === undefined ? undefined : result.get(gone);
    if (gone !== undefined) result.delete(gone);
    if (change.status !== 'removed') result.set(change.path, change.text ?? moved ?? '');
  }
  return result;
}

/** What turns one tree into the other (renames show as removed and added). */
export function diffTrees(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): FileChange[] {
  const paths = [...new Set([...from.keys(), ...to.keys()])].sort();
  return paths.flatMap((path): FileChange[] => {
    const text = to.get(path);
    if (text === undefined) return [{ path, status: 'removed' }];
    if (from.get(path) === text) return [];
    return [{ path, status: from.has(path) ? 'modified' : 'added', text }];
  });
}

export function storeCommit(
  state: GitHubState,
  commit: { sha?: string; message: string; parents: string[]; author: Actor; date: string; changes: FileChange[] },
): StoredCommit {
  const { changes, parents, message, author, date } = commit;
  const sha = commit.sha ?? sha1(`${state.commits.size}\n${message}\n${parents.join()}\n${JSON.stringify(changes)}`);
  const tree = applyChanges(state.commits.get(parents[0] ?? '')?.tree ?? new Map(), changes);
  const stored = { sha, message, parents, author, date, tree, changes };
  state.commits.set(sha, stored);
  return stored;
}
