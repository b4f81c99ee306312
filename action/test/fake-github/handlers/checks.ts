import { resolveRef } from '../git.ts';
import { notFound, Refusal } from '../refusal.ts';
import { type Call, type Handler, pageOf } from '../reply.ts';
import { type StoredCheckRun, timestamp } from '../state.ts';

/** 64 KB, of an annotation's message and raw details; and its title's characters. */
const ANNOTATION_BYTES = 65_536;
const ANNOTATION_TITLE_CHARACTERS = 255;

const invalid = (message: string) => new Refusal(422, `Invalid request.\n\n${message}`);

function checkAnnotations(annotations: Record<string, unknown>[]): void {
  for (const annotation of annotations) {
    const { message, raw_details: details, title, start_line: start, end_line: end } = annotation;
    for (const [name, text] of Object.entries({ message, raw_details: details })) {
      if (typeof text === 'string' && Buffer.byteLength(text) > ANNOTATION_BYTES)
        throw invalid(`"${name}" exceeds 64 KB.`);
    }
    if (typeof title === 'string' && title.length > ANNOTATION_TITLE_CHARACTERS)
      throw invalid('"title" exceeds 255 characters.');
    if (Number(start) < 1 || Number(end) < Number(start)) throw invalid('"end_line" must not be before "start_line".');
    const hasColumns = annotation.start_column !== undefined || annotation.end_column !== undefined;
    if (hasColumns && start !== end) throw invalid('Columns are only allowed on one line.');
  }
}

/** Applies what create and update share. A conclusion alone completes the run, as GitHub documents. */
function apply(call: Call, run: StoredCheckRun): void {
  const { body, now } = call;
  const status = body.conclusion === undefined ? (body.status ?? run.status) : 'completed';
  const conclusion = body.conclusion ?? (status === 'completed' ? run.conclusion : null);
  if (status === 'completed' && conclusion === null)
    throw invalid('"conclusion" is required when "status" is "completed".');
  if (conclusion === 'stale') throw invalid('Only GitHub can mark a check run as "stale".');
  checkAnnotations(body.output?.annotations ?? []);
  run.status = status;
  run.conclusion = conclusion;
  run.name = body.name ?? run.name;
  run.externalId = body.external_id ?? run.externalId;
  run.detailsUrl = body.details_url ?? run.detailsUrl;
  run.startedAt = body.started_at ?? run.startedAt;
  run.completedAt = status === 'completed' ? (body.completed_at ?? run.completedAt ?? timestamp(now())) : null;
  run.actions = body.actions ?? run.actions;
  if (body.output !== undefined) {
    const { title, summary, text } = body.output;
    run.output = { title: title ?? run.output.title, summary, text: text ?? run.output.text };
    run.annotations.push(...(body.output.annotations ?? []));
  }
}

const create: Handler = (call) => {
  const { state, actor, body, now } = call;
  if (!state.commits.has(body.head_sha)) throw new Refusal(422, `No commit found for SHA: ${body.head_sha}`);
  const sibling = state.checkRuns.find((run) => run.headSha === body.head_sha && run.actor.login === actor.login);
  const run: StoredCheckRun = {
    id: state.nextId(),
    suiteId: sibling?.suiteId ?? state.nextId(),
    name: body.name,
    headSha: body.head_sha,
    actor,
    externalId: '',
    detailsUrl: 'https://github.com',
    status: 'queued',
    conclusion: null,
    startedAt: timestamp(now()),
    completedAt: null,
    output: { title: null, summary: null, text: null },
    annotations: [],
    actions: [],
  };
  apply(call, run);
  state.checkRuns.push(run);
  return { status: 201, body: call.payloads.checkRun(run) };
};

function find({ state, params }: Call): StoredCheckRun {
  const run = state.checkRuns.find((candidate) => candidate.id === Number(params.check_run_id));
  if (run === undefined) throw notFound();
  return run;
}

const get: Handler = (call) => ({ status: 200, body: call.payloads.checkRun(find(call)) });

const update: Handler = (call) => {
  const run = find(call);
  if (run.actor.app?.id !== call.actor.app?.id)
    throw new Refusal(403, 'Invalid app_id `check_run` was not created by this app.');
  apply(call, run);
  return { status: 200, body: call.payloads.checkRun(run) };
};

const listForRef: Handler = (call) => {
  const { state, params, query, payloads } = call;
  const commit = resolveRef(state, params.ref ?? '');
  if (commit === undefined) throw new Refusal(422, `No commit found for SHA: ${params.ref}`);
  const matching = state.checkRuns
    .filter((run) => run.headSha === commit.sha)
    .filter((run) => [undefined, run.name].includes(query.check_name))
    .filter((run) => [undefined, run.status].includes(query.status))
    .filter((run) => query.app_id === undefined || run.actor.app?.id === Number(query.app_id));
  // `latest`, the default, shows one run per name and suite.
  const isSuperseded = (run: StoredCheckRun) =>
    matching.some((later) => later.id > run.id && later.name === run.name && later.suiteId === run.suiteId);
  const runs = query.filter === 'all' ? matching : matching.filter((run) => !isSuperseded(run));
  return pageOf(call, runs.reverse(), payloads.checkRun, (page) => ({ total_count: runs.length, check_runs: page }));
};

export const checkHandlers: Record<string, Handler> = {
  'checks/create': create,
  'checks/get': get,
  'checks/update': update,
  'checks/list-for-ref': listForRef,
};
