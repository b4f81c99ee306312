import { type CommitRange, compareCommits, readCommit } from '../github/commits.ts';
import { findMergedPullRequest, listChangedFiles } from '../github/pull-requests.ts';
import { type CommandContext, isContractPath } from './command.ts';

/** A contract that reached the default branch, and the commit that its change is stamped with. */
export interface ArrivedContract {
  readonly path: string;
  readonly commitSha: string;
  /** Null for a direct push. */
  readonly pullRequest: number | null;
}

/** As many files as GitHub shows of one comparison: with that many the list may be cut. */
const MAX_COMPARED_FILES = 300;
/** A push of more commits is an import, not a merge. Each costs a request. */
const MAX_COMMITS = 100;

/**
 * Finds the contracts that a push, or the commit of another event, brought to the default branch. A pull request's
 * contracts belong to its merge commit; what no pull request accounts for was pushed directly.
 */
export async function findArrivedContracts(context: CommandContext): Promise<ArrivedContract[]> {
  const { event, sha } = context.run;
  const tip = event.kind === 'push' ? event.after : sha;
  const range = await readRange(context, tip);
  const changed = range.files
    .filter(({ path, isRemoved }) => !isRemoved && isContractPath(context.settings, path))
    .map(({ path }) => path);
  const isComplete = range.files.length < MAX_COMPARED_FILES;
  if (isComplete && changed.length === 0) return [];
  const merged = await findMerged(context, range, isComplete ? changed : null);
  const direct = changed.filter((path) => !merged.some((contract) => contract.path === path));
  const all = [...merged, ...direct.map((path) => ({ path, commitSha: tip, pullRequest: null }))];
  return all.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function readRange({ run, github }: CommandContext, tip: string): Promise<CommitRange> {
  const before = run.event.kind === 'push' ? run.event.before : null;
  const pushed = before === null ? null : await compareCommits(github, before, tip);
  return pushed ?? readCommit(github, tip);
}

/** Asks commit by commit, newest first, until each of the wanted paths (null: unknown) has its pull request. */
async function findMerged(
  context: CommandContext,
  range: CommitRange,
  wanted: readonly string[] | null,
): Promise<ArrivedContract[]> {
  const { github, defaultBranch, log, settings } = context;
  const found = new Map<string, ArrivedContract>();
  const seen = new Set<number>();
  if (range.shas.length > MAX_COMMITS)
    log.warning(`The push has ${range.shas.length} commits; the newest ${MAX_COMMITS} are looked at.`);
  for (const sha of range.shas.slice(0, MAX_COMMITS)) {
    if (wanted?.every((path) => found.has(path))) break;
    const pull = await findMergedPullRequest(github, sha, defaultBranch);
    if (pull === null || seen.has(pull.number)) continue;
    seen.add(pull.number);
    for (const { path, isRemoved } of await listChangedFiles(github, pull.number)) {
      if (isRemoved || !isContractPath(settings, path) || found.has(path)) continue;
      found.set(path, { path, commitSha: pull.mergeCommitSha, pullRequest: pull.number });
    }
  }
  return [...found.values()];
}
