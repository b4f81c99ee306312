import type { Change, EvaluateAnswer, Gate } from '../gate-client.ts';
import { createHeadReader } from '../github/head-files.ts';
import { renderVerdictSummary } from '../render/verdict-summary.ts';
import { EMPTY_REPORT, type Problem, problemOf, type Report } from '../report.ts';
import { type CommandContext, levelOf, reportedChange, requireGate } from './command.ts';
import { type Delivery, deliver } from './deliver-verdicts.ts';
import { hasNews, latestTime, listChanges, OPEN } from './list-changes.ts';

/**
 * Mirrors on GitHub what the gate decided. With `change-id` it asks the gate to evaluate those changes again; without,
 * it goes through all changes of the repository. One that fails does not stop the others.
 */
export async function verdict(context: CommandContext): Promise<Report> {
  const { settings, run } = context;
  const gate = requireGate(context);
  const known = new Map<string, Change>();
  let unreadable: readonly string[] = [];
  try {
    const listed = await listChanges(gate, run.repository);
    for (const change of listed.changes) known.set(change.change_id, change);
    unreadable = listed.unreadable;
  } catch (error) {
    return { ...EMPTY_REPORT, conclusion: 'failed', problems: [problemOf(error, levelOf(settings, error, 'fail'))] };
  }
  const isNamed = settings.changeIds.length > 0;
  const wanted = isNamed
    ? settings.changeIds
    : [...known.values()].filter(({ state }) => OPEN.includes(state)).map(({ change_id }) => change_id);
  const evaluated = await evaluateAll(context, gate, wanted, known);
  for (const { change } of evaluated.answers) known.set(change.change_id, change);
  const now = latestTime([...known.values()]);
  const subjects = isNamed
    ? evaluated.answers.map(({ change }) => change)
    : [...known.values()].filter((change) => change.state !== 'stamped' && hasNews(change, now));
  const pending = evaluated.answers
    .filter((answer) => answer.verdict === 'pending')
    .map(({ change }) => change.change_id);
  const delivery = await deliverAll(context, subjects, [...known.values()], isNamed ? pending : []);
  return makeReport(evaluated, delivery, subjects, unreadable.map(cannotBeShown));
}

interface Evaluated {
  readonly answers: readonly EvaluateAnswer[];
  readonly problems: readonly Problem[];
}

async function evaluateAll(
  context: CommandContext,
  gate: Gate,
  ids: readonly string[],
  known: ReadonlyMap<string, Change>,
): Promise<Evaluated> {
  const { github, defaultBranch, settings, log } = context;
  const readHead = createHeadReader(github, defaultBranch, settings.registryPath);
  const answers: EvaluateAnswer[] = [];
  const problems: Problem[] = [];
  for (const id of ids) {
    try {
      const before = known.get(id) ?? (await gate.show(id));
      const answer = github.dryRun
        ? unchanged(before)
        : await gate.evaluate(id, { head: await readHead(before.contract_path) });
      log.info(
        `${id}: ${answer.verdict}${answer.new_revision ? ` (revision ${answer.change.verdicts.at(-1)?.revision})` : ''}.`,
      );
      answers.push(answer);
    } catch (error) {
      const problem = problemOf(error, levelOf(settings, error, 'fail'));
      problems.push({ ...problem, message: `${id} could not be evaluated. ${problem.message}` });
    }
  }
  return { answers, problems };
}

function unchanged(change: Change): EvaluateAnswer {
  return { verdict: change.verdicts.at(-1)?.verdict ?? 'pending', new_revision: false, change };
}

/** One pull request after the other: their comments are read once, and GitHub wants writes one by one anyway. */
async function deliverAll(
  context: CommandContext,
  subjects: readonly Change[],
  all: readonly Change[],
  progressOnly: readonly string[],
): Promise<Delivery> {
  const texts: string[] = [];
  const problems: Problem[] = [];
  for (const pullRequest of new Set(subjects.map((change) => change.pull_request))) {
    const changes = subjects.filter((change) => change.pull_request === pullRequest);
    const siblings = all.filter((change) => change.pull_request === pullRequest);
    const delivery = await deliver(context, { pullRequest, changes, siblings, progressOnly });
    texts.push(...delivery.texts);
    problems.push(...delivery.problems);
  }
  return { texts, problems };
}

function cannotBeShown(id: string): Problem {
  return {
    level: 'error',
    code: 'internal',
    message: `The gate service cannot show ${id}, so nothing is told about it.`,
    remedy: `Report it with the gate service's log around: changegate show ${id}`,
  };
}

function makeReport(
  evaluated: Evaluated,
  delivery: Delivery,
  subjects: readonly Change[],
  lost: readonly Problem[],
): Report {
  const problems = [...evaluated.problems, ...delivery.problems, ...lost];
  const [only, ...others] = evaluated.answers;
  return {
    conclusion: problems.some(({ level }) => level === 'error') ? 'failed' : 'evaluated',
    verdict: only !== undefined && others.length === 0 ? only.verdict : null,
    changes: subjects.map(reportedChange),
    changeIds: subjects.map(({ change_id }) => change_id),
    flags: [...new Set(subjects.map(({ flag }) => flag))],
    summary: renderVerdictSummary(subjects, delivery.texts),
    problems,
  };
}
