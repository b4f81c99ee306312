import type { InterventionView, VerdictView } from '../../../gate-service/src/contract/api/change.ts';
import { type ChangeContract, ChangeContractSchema } from '../../../gate-service/src/contract/change-contract.ts';
import {
  interventionMarker,
  renderInterventionComment,
} from '../../../gate-service/src/contract/render/intervention-comment.ts';
import { type Marker, parseMarker, withoutMarker } from '../../../gate-service/src/contract/render/markers.ts';
import { progressMarker, renderProgressComment } from '../../../gate-service/src/contract/render/progress-comment.ts';
import { renderVerdictComment, verdictMarker } from '../../../gate-service/src/contract/render/verdict-comment.ts';
import { readYamlFile } from '../../../gate-service/src/contract/yaml-file.ts';
import type { Change } from '../gate-client.ts';
import { createCommentOnce, readThread, type Thread, upsertComment } from '../github/comments.ts';
import { readFile } from '../github/contents.ts';
import { type Problem, problemOf } from '../report.ts';
import type { CommandContext } from './command.ts';
import { latestTime } from './list-changes.ts';
import { markVerdict } from './mark-verdict.ts';

/** What was told, for the job summary, and what went wrong. */
export interface Delivery {
  readonly texts: readonly string[];
  readonly problems: readonly Problem[];
}

interface Parcel {
  readonly pullRequest: number | null;
  /** The changes to tell about. */
  readonly changes: readonly Change[];
  /** All known changes of the pull request: they share its progress comment. */
  readonly siblings: readonly Change[];
  /** Ids of changes asked about before their window is complete: only the progress comment tells about them. */
  readonly progressOnly: readonly string[];
}

interface Desk {
  readonly context: CommandContext;
  readonly thread: Thread | null;
  readonly texts: string[];
  readonly problems: Problem[];
}

/** Tells a pull request about its changes. Each step that fails is a problem of its own; the others are still done. */
export async function deliver(context: CommandContext, parcel: Parcel): Promise<Delivery> {
  const desk: Desk = { context, thread: null, texts: [], problems: [] };
  const thread =
    parcel.pullRequest === null ? null : await attempt(desk, () => readThread(context.github, parcel.pullRequest!));
  const open = { ...desk, thread };
  for (const change of parcel.changes) {
    if (!parcel.progressOnly.includes(change.change_id)) await deliverChange(open, change, parcel.siblings.length > 1);
  }
  await deliverProgress(open, parcel);
  return { texts: desk.texts, problems: desk.problems };
}

async function attempt<T>(desk: Desk, work: () => Promise<T>, level: Problem['level'] = 'error'): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    desk.problems.push(problemOf(error, level));
    return null;
  }
}

const says = (body: string, wanted: Marker, keys: readonly (keyof Marker)[]) => {
  const marker = parseMarker(body);
  return marker !== null && ['kind' as const, ...keys].every((key) => marker[key] === wanted[key]);
};

async function deliverChange(desk: Desk, change: Change, hasSiblings: boolean): Promise<void> {
  const newest = change.verdicts.reduce<VerdictView | null>(
    (last, next) => (last && last.revision > next.revision ? last : next),
    null,
  );
  const isTold = newest !== null && desk.thread !== null && isPosted(desk.thread, verdictMarker(change, newest));
  // The check first: it names the app behind our token, which our comments are then recognised by.
  const appSlug = newest === null || isTold ? null : await markVerdict(desk, change, newest, hasSiblings);
  for (const intervention of change.interventions) await tellIntervention(desk, change, intervention, appSlug);
  for (const each of change.verdicts) await tellVerdict(desk, change, each, appSlug);
}

function isPosted(thread: Thread, wanted: Marker): boolean {
  return thread.comments.some(
    ({ body, authorType }) => authorType === 'Bot' && says(body, wanted, ['change_id', 'revision']),
  );
}

/** A comment of its own for each intervention. Its times come in later, so it may be edited. */
async function tellIntervention(
  desk: Desk,
  change: Change,
  intervention: InterventionView,
  appSlug: string | null,
): Promise<void> {
  const { context, thread } = desk;
  const body = renderInterventionComment(change, intervention);
  if (thread === null || context.settings.comment === 'never') {
    desk.texts.push(withoutMarker(body));
    return;
  }
  const wanted = interventionMarker(change, intervention);
  const matches = (text: string) => says(text, wanted, ['change_id', 'key']);
  const outcome = await attempt(desk, () => upsertComment(context.github, thread, { body, matches, appSlug }));
  if (outcome !== 'unchanged') desk.texts.push(withoutMarker(body));
}

/** Each revision is a new comment, exactly once, and never edited: what people read stays what they read. */
async function tellVerdict(desk: Desk, change: Change, verdict: VerdictView, appSlug: string | null): Promise<void> {
  const { context, thread, texts } = desk;
  const makeBody = async () => {
    const contract = await readLockedContract(context, change);
    const body = renderVerdictComment(change, verdict, { runUrl: context.run.runUrl, ...(contract && { contract }) });
    texts.push(withoutMarker(body));
    return body;
  };
  if (thread === null || context.settings.comment === 'never') {
    await makeBody();
    return;
  }
  const wanted = verdictMarker(change, verdict);
  const matches = (text: string) => says(text, wanted, ['change_id', 'revision']);
  await attempt(desk, () => createCommentOnce(context.github, thread, { matches, appSlug }, makeBody));
}

/** The contract as it was merged spells out the rule. Without it the comment says less, and nothing else depends on it. */
async function readLockedContract({ github, log }: CommandContext, change: Change): Promise<ChangeContract | null> {
  try {
    const file = await readFile(github, change.commit_sha, change.contract_path);
    const read = file === null ? null : readYamlFile(file.path, file.text, ChangeContractSchema);
    return read?.ok ? read.value : null;
  } catch (error) {
    log.debug(`The contract of ${change.change_id} could not be read: ${error}`);
    return null;
  }
}

/** One quiet comment for all changes of the pull request, while one of them is open, and once more when none is. */
async function deliverProgress(desk: Desk, { siblings }: Parcel): Promise<void> {
  const { context, thread } = desk;
  if (thread === null || context.settings.comment !== 'always' || siblings.length === 0) return;
  const isOpen = siblings.some(({ state }) => ['watching', 'throttled', 'off'].includes(state));
  const wanted = progressMarker(siblings);
  const matches = (text: string) => says(text, wanted, []);
  if (!isOpen && !thread.comments.some(({ body }) => matches(body))) return;
  const body = renderProgressComment(siblings, { now: latestTime(siblings) });
  const mayReplace = (existing: string) => (parseMarker(existing)?.at ?? 0) <= (wanted.at ?? 0);
  await attempt(desk, () => upsertComment(context.github, thread, { body, matches, mayReplace, appSlug: null }));
}
