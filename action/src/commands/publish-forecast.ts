import { renderForecastCheck } from '../../../gate-service/src/contract/render/check-output.ts';
import { renderForecastComment } from '../../../gate-service/src/contract/render/forecast-comment.ts';
import {
  type ForecastInput,
  findingsOf,
  forecastConclusion,
} from '../../../gate-service/src/contract/render/forecast-input.ts';
import { parseMarker, withoutMarker } from '../../../gate-service/src/contract/render/markers.ts';
import type { PullRequestEvent } from '../event.ts';
import { upsertCheckRun } from '../github/check-runs.ts';
import { readThread, upsertComment } from '../github/comments.ts';
import { readHeadSha } from '../github/pull-requests.ts';
import { type Problem, problemOf, problemOfFinding } from '../report.ts';
import type { CommandContext } from './command.ts';

export const FORECAST_CHECK = 'changegate / forecast';

export interface PublishedForecast {
  readonly summary: string;
  readonly problems: readonly Problem[];
}

/**
 * Writes check and comment. What GitHub refuses becomes a warning, and the findings then go to the runner's annotations:
 * a read-only token must not hide them.
 */
export async function publishForecast(
  context: CommandContext,
  event: PullRequestEvent,
  input: ForecastInput,
  mustFail: boolean,
): Promise<PublishedForecast> {
  const body = renderForecastComment(input);
  const problems: Problem[] = [];
  const findings = input.forecasts.flatMap(findingsOf);
  // On a fork without secrets the token is read-only, too: trying would only add a second explanation.
  const isReadOnly = event.isFork && context.gate === null;
  const check = isReadOnly ? null : await tryTo(problems, () => writeCheck(context, event, input, mustFail));
  if (check === null || check.outcome === 'dry_run') problems.push(...findings.map(problemOfFinding));
  else if (forecastConclusion(input) === 'errors') problems.push(seeCheck(findings.length));
  if (!isReadOnly && context.gate !== null)
    await tryTo(problems, () => writeComment(context, event, input, { body, appSlug: check?.appSlug ?? null }));
  return { summary: withoutMarker(body), problems };
}

async function tryTo<T>(problems: Problem[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    problems.push(problemOf(error, 'warning'));
    return null;
  }
}

function seeCheck(count: number): Problem {
  return {
    level: 'error',
    code: 'invalid_files',
    message: `The files of this pull request have ${count === 1 ? 'a finding' : `${count} findings`}.`,
    remedy: `See the annotations of the check "${FORECAST_CHECK}".`,
  };
}

function writeCheck({ github, run }: CommandContext, event: PullRequestEvent, input: ForecastInput, mustFail: boolean) {
  const output = renderForecastCheck(input);
  return upsertCheckRun(github, {
    ...output,
    name: FORECAST_CHECK,
    // Never GITHUB_SHA: on a pull request that is the test merge, whose checks nobody sees.
    headSha: event.headSha,
    externalId: `pull-request-${event.number}`,
    conclusion: mustFail ? 'failure' : output.conclusion,
    detailsUrl: run.runUrl,
  });
}

/** Without a contract there is nothing to say that would be worth a comment; an earlier one is brought up to date. */
async function writeComment(
  { github, settings, log }: CommandContext,
  event: PullRequestEvent,
  input: ForecastInput,
  { body, appSlug }: { body: string; appSlug: string | null },
): Promise<void> {
  if (settings.comment !== 'always') return;
  const thread = await readThread(github, event.number);
  const matches = (text: string) => parseMarker(text)?.kind === 'forecast';
  if (input.forecasts.length === 0 && !thread.comments.some((comment) => matches(comment.body))) return;
  if ((await readHeadSha(github, event.number)) !== event.headSha) {
    log.info(`#${event.number} has a newer head than ${event.headSha}: its own run comments.`);
    return;
  }
  await upsertComment(github, thread, { body, matches, appSlug });
}
