import type { CheckAnnotation, CheckConclusion } from '../../../gate-service/src/contract/render/check-output.ts';
import { wait } from '../pace.ts';
import { type GitHub, write } from './client.ts';
import { explainGitHubError, isUnclearEnd } from './errors.ts';

export interface WantedCheckRun {
  readonly name: string;
  readonly headSha: string;
  /** Tells our run from another one of the same name. */
  readonly externalId: string;
  readonly conclusion: CheckConclusion;
  readonly title: string;
  readonly summary: string;
  readonly text?: string;
  readonly detailsUrl: string;
  readonly annotations: readonly CheckAnnotation[];
}

export interface WrittenCheckRun {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'dry_run';
  readonly url: string | null;
  /** Slug of the app behind our token: what our comments are recognised by. */
  readonly appSlug: string | null;
}

interface ApiCheckRun {
  id: number;
  external_id: string | null;
  conclusion: string | null;
  html_url: string | null;
  app: { slug?: string } | null;
  output: { title: string | null; summary: string | null; text: string | null; annotations_count: number };
}

const NEEDS = 'checks: write';
const ANNOTATIONS_PER_REQUEST = 50;
const MAX_TEXT = 65_535;

/**
 * Makes the check say what is wanted. Annotations can only be added, so a run that has some gets a successor of the
 * same name, which GitHub shows instead.
 */
export async function upsertCheckRun(github: GitHub, wanted: WantedCheckRun): Promise<WrittenCheckRun> {
  const existing = await find(github, wanted);
  if (existing && isSame(existing, wanted)) return written('unchanged', existing);
  const isEditable = existing !== null && existing.output.annotations_count === 0;
  const what = `${isEditable ? 'update' : 'create'} the check "${wanted.name}" on ${wanted.headSha}: ${wanted.conclusion}, ${wanted.title}`;
  const run = await write(github, what, () =>
    isEditable ? update(github, existing.id, wanted) : create(github, wanted),
  );
  if (run === null) return { outcome: 'dry_run', url: null, appSlug: existing?.app?.slug ?? null };
  await appendAnnotations(github, run.id, wanted);
  return written(isEditable ? 'updated' : 'created', run);
}

function written(outcome: WrittenCheckRun['outcome'], run: ApiCheckRun): WrittenCheckRun {
  return { outcome, url: run.html_url, appSlug: run.app?.slug ?? null };
}

function isSame({ conclusion, output }: ApiCheckRun, wanted: WantedCheckRun): boolean {
  return (
    conclusion === wanted.conclusion &&
    output.title === wanted.title &&
    (output.summary ?? '').trim() === cut(wanted.summary).trim() &&
    (output.text ?? '').trim() === cut(wanted.text ?? '').trim() &&
    output.annotations_count === wanted.annotations.length
  );
}

async function find(github: GitHub, wanted: WantedCheckRun): Promise<ApiCheckRun | null> {
  try {
    const runs = await github.reads.paginate(github.reads.rest.checks.listForRef, {
      owner: github.owner,
      repo: github.repo,
      ref: wanted.headSha,
      check_name: wanted.name,
      // Not `latest`: that hides ours behind a newer one of another pull request with the same head.
      filter: 'all',
      per_page: 100,
    });
    const mine = runs.filter((run) => run.external_id === wanted.externalId);
    return mine.sort((a, b) => b.id - a.id)[0] ?? null;
  } catch (error) {
    throw explainGitHubError(error, `list the checks of ${wanted.headSha}`, NEEDS);
  }
}

const cut = (text: string) => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text);

function output(wanted: WantedCheckRun, from: number) {
  return {
    title: wanted.title,
    summary: cut(wanted.summary),
    ...(wanted.text === undefined ? {} : { text: cut(wanted.text) }),
    annotations: wanted.annotations.slice(from, from + ANNOTATIONS_PER_REQUEST).map((annotation) => ({
      path: annotation.path,
      start_line: annotation.line,
      end_line: annotation.line,
      start_column: annotation.column,
      end_column: annotation.column,
      annotation_level: annotation.level,
      title: annotation.title.slice(0, 255),
      message: annotation.message,
    })),
  };
}

function fields(github: GitHub, wanted: WantedCheckRun) {
  return {
    owner: github.owner,
    repo: github.repo,
    name: wanted.name,
    external_id: wanted.externalId,
    details_url: wanted.detailsUrl,
    status: 'completed' as const,
    conclusion: wanted.conclusion,
    output: output(wanted, 0),
  };
}

async function create(github: GitHub, wanted: WantedCheckRun): Promise<ApiCheckRun> {
  const post = async () =>
    (await github.writes.rest.checks.create({ ...fields(github, wanted), head_sha: wanted.headSha })).data;
  try {
    return await post();
  } catch (error) {
    if (!isUnclearEnd(error)) throw explainGitHubError(error, `create the check "${wanted.name}"`, NEEDS);
  }
  for (const pauseMs of github.pace.secondLookMs) {
    await wait(pauseMs);
    const found = await find(github, wanted);
    if (found && found.output.title === wanted.title) return found;
  }
  return post().catch((error: unknown) => {
    throw explainGitHubError(error, `create the check "${wanted.name}"`, NEEDS);
  });
}

/** A repeated edit without annotations changes nothing, so an unclear end is simply tried again. */
async function update(github: GitHub, id: number, wanted: WantedCheckRun): Promise<ApiCheckRun> {
  const patch = async () =>
    (await github.writes.rest.checks.update({ ...fields(github, wanted), check_run_id: id })).data;
  const isRepeatable = wanted.annotations.length === 0;
  try {
    return await patch().catch((error: unknown) => {
      if (isRepeatable && isUnclearEnd(error)) return wait(github.pace.secondLookMs[0] ?? 0).then(patch);
      throw error;
    });
  } catch (error) {
    throw explainGitHubError(error, `update the check "${wanted.name}"`, NEEDS);
  }
}

async function appendAnnotations(github: GitHub, id: number, wanted: WantedCheckRun): Promise<void> {
  for (let from = ANNOTATIONS_PER_REQUEST; from < wanted.annotations.length; from += ANNOTATIONS_PER_REQUEST) {
    try {
      await github.writes.rest.checks.update({
        owner: github.owner,
        repo: github.repo,
        check_run_id: id,
        output: output(wanted, from),
      });
    } catch (error) {
      throw explainGitHubError(error, `add annotations to the check "${wanted.name}"`, NEEDS);
    }
  }
}
