import { wait } from '../pace.ts';
import { type GitHub, write } from './client.ts';
import { explainGitHubError, isUnclearEnd, statusOf } from './errors.ts';

export interface Comment {
  readonly id: number;
  readonly body: string;
  readonly authorType: string;
  readonly appSlug: string | null;
}

/** The comments of one pull request as last read, oldest first. */
export interface Thread {
  readonly issueNumber: number;
  readonly comments: readonly Comment[];
}

export interface WantedComment {
  readonly body: string;
  /** Whether a body carries the marker of this comment. */
  readonly matches: (body: string) => boolean;
  /** Slug of the app behind our token when a check run has told it; else null. */
  readonly appSlug: string | null;
  /** False when the existing body is newer than ours: then it stays. */
  readonly mayReplace?: (existing: string) => boolean;
}

export type CommentOutcome = 'created' | 'updated' | 'unchanged' | 'kept' | 'dry_run';

interface ApiComment {
  id: number;
  body?: string | undefined;
  user: { type: string } | null;
  performed_via_github_app?: { slug?: string } | null;
}

const WRITE = 'pull-requests: write';

function toComment(comment: ApiComment): Comment {
  return {
    id: comment.id,
    body: comment.body ?? '',
    authorType: comment.user?.type ?? 'unknown',
    appSlug: comment.performed_via_github_app?.slug ?? null,
  };
}

export async function readThread(github: GitHub, issueNumber: number): Promise<Thread> {
  try {
    const comments = await github.reads.paginate(github.reads.rest.issues.listComments, {
      owner: github.owner,
      repo: github.repo,
      issue_number: issueNumber,
      per_page: 100,
    });
    return { issueNumber, comments: comments.map(toComment).sort((a, b) => a.id - b.id) };
  } catch (error) {
    throw explainGitHubError(error, `list the comments of pull request #${issueNumber}`, 'pull-requests: read');
  }
}

/**
 * Anyone can paste our marker, and a write token can edit anyone's comment: the author must be a bot, and ours when
 * the app is known.
 */
function isOurs(comment: Comment, wanted: Pick<WantedComment, 'matches' | 'appSlug'>): boolean {
  const isOurApp = wanted.appSlug === null || comment.appSlug === null || comment.appSlug === wanted.appSlug;
  return comment.authorType === 'Bot' && isOurApp && wanted.matches(comment.body);
}

const ours = (thread: Thread, wanted: Pick<WantedComment, 'matches' | 'appSlug'>) =>
  thread.comments.filter((comment) => isOurs(comment, wanted));
const normal = (body: string) => body.replaceAll('\r\n', '\n').trimEnd();

/** Makes the comment say `body`: edits the existing one (which notifies nobody) or creates it. */
export async function upsertComment(github: GitHub, thread: Thread, wanted: WantedComment): Promise<CommentOutcome> {
  const [existing, ...duplicates] = ours(thread, wanted);
  if (existing === undefined) return create(github, thread, wanted);
  await deleteAll(github, duplicates);
  if (normal(existing.body) === normal(wanted.body)) return 'unchanged';
  if (wanted.mayReplace && !wanted.mayReplace(existing.body)) return 'kept';
  const sent = await write(github, `edit comment ${existing.id} of #${thread.issueNumber}:\n${wanted.body}`, () =>
    update(github, existing.id, wanted.body),
  );
  return sent === null ? 'dry_run' : 'updated';
}

/**
 * Creates the comment (which notifies) unless it is there, and never changes it afterwards. Its text is only made when
 * it is needed. Duplicates of an earlier unclear end are deleted.
 */
export async function createCommentOnce(
  github: GitHub,
  thread: Thread,
  wanted: Omit<WantedComment, 'body'>,
  makeBody: () => Promise<string>,
): Promise<CommentOutcome> {
  const [existing, ...duplicates] = ours(thread, wanted);
  if (existing === undefined) return create(github, thread, { ...wanted, body: await makeBody() });
  await deleteAll(github, duplicates);
  return 'unchanged';
}

async function create(github: GitHub, thread: Thread, wanted: WantedComment): Promise<CommentOutcome> {
  const { issueNumber } = thread;
  const sent = await write(github, `comment on #${issueNumber}:\n${wanted.body}`, () =>
    post(github, issueNumber, wanted),
  );
  if (sent === null) return 'dry_run';
  // Another run may have created the same comment meanwhile: the lowest id wins, everywhere.
  const [, ...duplicates] = ours(await readThread(github, issueNumber), wanted);
  await deleteAll(github, duplicates);
  return 'created';
}

/** Posts, and after an unclear end looks whether the comment is there before posting once more. */
async function post(github: GitHub, issueNumber: number, wanted: WantedComment): Promise<true> {
  try {
    await send(github, issueNumber, wanted.body);
    return true;
  } catch (error) {
    if (!isUnclearEnd(error)) throw explainGitHubError(error, `comment on pull request #${issueNumber}`, WRITE);
    github.log.info(`Creating a comment on #${issueNumber} had an unclear end; looking whether it is there.`);
  }
  if (await appears(github, issueNumber, wanted)) return true;
  try {
    await send(github, issueNumber, wanted.body);
  } catch (error) {
    if (isUnclearEnd(error) && (await appears(github, issueNumber, wanted))) return true;
    throw explainGitHubError(error, `comment on pull request #${issueNumber}`, WRITE);
  }
  return true;
}

async function appears(github: GitHub, issueNumber: number, wanted: WantedComment): Promise<boolean> {
  for (const pauseMs of github.pace.secondLookMs) {
    await wait(pauseMs);
    if (ours(await readThread(github, issueNumber), wanted).length > 0) return true;
  }
  return false;
}

async function send(github: GitHub, issueNumber: number, body: string): Promise<void> {
  const { data } = await github.writes.rest.issues.createComment({
    owner: github.owner,
    repo: github.repo,
    issue_number: issueNumber,
    body,
  });
  if (data.user?.type !== 'Bot') {
    github.log.warning(
      'The input github-token belongs to a person, so that our comments cannot be told from pasted ones and each run ' +
        'makes new ones. Leave it at its default, or use the token of a GitHub App.',
    );
  }
}

/** Repeating an edit changes nothing, so an unclear end is simply tried again. */
async function update(github: GitHub, id: number, body: string): Promise<true> {
  const edit = () =>
    github.writes.rest.issues.updateComment({ owner: github.owner, repo: github.repo, comment_id: id, body });
  try {
    await edit().catch((error: unknown) =>
      isUnclearEnd(error) ? wait(github.pace.secondLookMs[0] ?? 0).then(edit) : Promise.reject(error),
    );
    return true;
  } catch (error) {
    throw explainGitHubError(error, `edit comment ${id}`, WRITE);
  }
}

async function deleteAll(github: GitHub, comments: readonly Comment[]): Promise<void> {
  for (const { id } of comments) {
    try {
      await write(github, `delete the duplicate comment ${id}`, () =>
        github.writes.rest.issues.deleteComment({ owner: github.owner, repo: github.repo, comment_id: id }),
      );
    } catch (error) {
      // Somebody else was quicker. Any other failure leaves a duplicate that the next run deletes.
      if (statusOf(error) !== 404)
        github.log.warning(explainGitHubError(error, `delete the duplicate comment ${id}`, WRITE).message);
    }
  }
}
