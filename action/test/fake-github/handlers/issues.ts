import { notFound, Refusal } from '../refusal.ts';
import { type Call, type Handler, pageOf, type Reply } from '../reply.ts';
import { type StoredComment, timestamp } from '../state.ts';

/** Of a comment and of an issue. Not in the description: GitHub enforces it in the model. */
const BODY_LIMIT_CHARACTERS = 65_536;

function checkBody(resource: 'IssueComment' | 'Issue', body: string): void {
  if ([...body].length > BODY_LIMIT_CHARACTERS) {
    const message = `Body is too long (maximum is ${BODY_LIMIT_CHARACTERS} characters)`;
    const field = resource === 'Issue' ? 'body' : 'data';
    throw new Refusal(422, 'Validation Failed', { errors: [{ resource, code: 'unprocessable', field, message }] });
  }
  if (resource === 'IssueComment' && body.trim() === '') {
    const message = 'Body cannot be blank';
    throw new Refusal(422, 'Validation Failed', {
      errors: [{ resource, code: 'unprocessable', field: 'data', message }],
    });
  }
}

function issueNumber({ state, params }: Call): number {
  const number = Number(params.issue_number);
  if (!state.pullRequests.has(number) && !state.issues.has(number)) throw notFound();
  return number;
}

function findComment({ state, params }: Call): StoredComment {
  const comment = state.comments.find((candidate) => candidate.id === Number(params.comment_id));
  if (comment === undefined) throw notFound();
  return comment;
}

/** A comment that a lagging replica does not show yet. Each list it is absent from uses up one hidden read. */
function isStillHidden(comment: StoredComment, nowMs: number): boolean {
  if (comment.hiddenReads > 0) {
    comment.hiddenReads -= 1;
    return true;
  }
  return nowMs < comment.hiddenUntilMs;
}

const listComments: Handler = (call) => {
  const number = issueNumber(call);
  const nowMs = call.now().getTime();
  const since = Date.parse(call.query.since ?? '1970-01-01T00:00:00Z');
  const comments = call.state.comments
    .filter((comment) => comment.issueNumber === number && Date.parse(comment.updatedAt) >= since)
    .filter((comment) => !isStillHidden(comment, nowMs));
  return pageOf(call, comments, call.payloads.comment);
};

const getComment: Handler = (call) => ({ status: 200, body: call.payloads.comment(findComment(call)) });

const createComment: Handler = (call): Reply => {
  const { state, actor, now, body } = call;
  const number = issueNumber(call);
  if (state.pullRequests.get(number)?.locked)
    throw new Refusal(403, 'Unable to create comment because issue is locked.');
  checkBody('IssueComment', body.body);
  const at = timestamp(now());
  const comment: StoredComment = {
    id: state.nextId(),
    issueNumber: number,
    body: body.body,
    actor,
    createdAt: at,
    updatedAt: at,
    hiddenUntilMs: now().getTime() + state.lag.hideNewCommentsForMs,
    hiddenReads: state.lag.hideNewCommentsForReads,
  };
  state.comments.push(comment);
  state.notifications.push({ kind: 'comment', issueNumber: number, id: comment.id, at });
  const payload = call.payloads.comment(comment);
  return { status: 201, body: payload, headers: { location: String(payload.url) } };
};

const updateComment: Handler = (call) => {
  const comment = findComment(call);
  checkBody('IssueComment', call.body.body);
  comment.body = call.body.body;
  comment.updatedAt = timestamp(call.now());
  return { status: 200, body: call.payloads.comment(comment) };
};

const deleteComment: Handler = (call) => {
  call.state.comments.splice(call.state.comments.indexOf(findComment(call)), 1);
  return { status: 204, body: null };
};

/** Pull requests are issues too on GitHub, but this list leaves them out: nothing here looks for them. */
const listIssues: Handler = (call) => {
  const wantedState = call.query.state ?? 'open';
  const labels = (call.query.labels ?? '').split(',').filter((label) => label !== '');
  const issues = [...call.state.issues.values()]
    .filter((issue) => wantedState === 'all' || issue.state === wantedState)
    .filter((issue) => labels.every((label) => issue.labels.includes(label)))
    .filter((issue) => [undefined, issue.user.login].includes(call.query.creator));
  return pageOf(call, issues.reverse(), call.payloads.issue);
};

const createIssue: Handler = ({ state, payloads, actor, now, body }) => {
  checkBody('Issue', body.body ?? '');
  const number = Math.max(0, ...state.pullRequests.keys(), ...state.issues.keys()) + 1;
  const issue = {
    id: state.nextId(),
    number,
    title: String(body.title),
    body: body.body ?? null,
    state: 'open' as const,
    labels: ((body.labels ?? []) as (string | { name: string })[]).map((label) =>
      typeof label === 'string' ? label : label.name,
    ),
    assignees: body.assignees ?? [],
    user: actor,
    createdAt: timestamp(now()),
  };
  state.issues.set(number, issue);
  state.notifications.push({ kind: 'issue', issueNumber: number, id: issue.id, at: issue.createdAt });
  return { status: 201, body: payloads.issue(issue) };
};

export const issueHandlers: Record<string, Handler> = {
  'issues/list-comments': listComments,
  'issues/get-comment': getComment,
  'issues/create-comment': createComment,
  'issues/update-comment': updateComment,
  'issues/delete-comment': deleteComment,
  'issues/list-for-repo': listIssues,
  'issues/create': createIssue,
};
