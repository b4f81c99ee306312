import { getOctokit } from '@actions/github';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import type { Log } from '../log.ts';
import type { Pace } from '../pace.ts';

export type Octokit = ReturnType<typeof getOctokit>;

/**
 * GitHub as the commands see it. Reads are retried; writes are sent once, because a write whose answer got lost may
 * have been done: its sender looks before it sends again.
 */
export interface GitHub {
  readonly reads: Octokit;
  readonly writes: Octokit;
  readonly owner: string;
  readonly repo: string;
  readonly pace: Pace;
  readonly log: Log;
  /** Nothing is written; the log says what would have been. */
  readonly dryRun: boolean;
}

export interface GitHubOptions {
  readonly token: string;
  readonly apiUrl: string;
  readonly repository: string;
  readonly pace: Pace;
  readonly log: Log;
  readonly dryRun: boolean;
}

const API_VERSION = '2022-11-28';
const ATTEMPT_TIMEOUT_MS = 20_000;
const READ_RETRIES = 3;
/** Longer pauses than this are not worth a runner's minutes: the next run continues. */
const LONGEST_PAUSE_SECONDS = 90;
const MAX_PAUSES = 2;

/** Runs next to the wire, so that each attempt has its own deadline and not all of them together. */
function attempt(octokit: { hook: Octokit['hook'] }) {
  octokit.hook.before('request', (options) => {
    options.headers['x-github-api-version'] = API_VERSION;
    options.request = { ...options.request, signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS) };
  });
  return {};
}

const unspaced = {
  key: () => ({
    schedule: async (_options: unknown, job: (...given: unknown[]) => unknown, ...given: unknown[]) => job(...given),
  }),
};

function throttle({ pace, log }: GitHubOptions) {
  const mayWait =
    (kind: string) => (retryAfter: number, options: { method?: string; url?: string }, _: unknown, pauses: number) => {
      const willWait = pauses < MAX_PAUSES && retryAfter <= LONGEST_PAUSE_SECONDS;
      const next = willWait ? `trying again in ${retryAfter} s` : 'giving up';
      log.warning(`GitHub's ${kind} was reached by ${options.method} ${options.url}: ${next}.`);
      return willWait;
    };
  return {
    onRateLimit: mayWait('rate limit'),
    onSecondaryRateLimit: mayWait('secondary rate limit'),
    retryAfterBaseValue: pace.retrySecondMs,
    ...(pace.spacedWrites ? {} : { write: unspaced as never, notifications: unspaced as never }),
  };
}

export function createGitHub(options: GitHubOptions): GitHub {
  const { token, apiUrl, pace, log, dryRun } = options;
  const [owner = '', repo = ''] = options.repository.split('/');
  const common = {
    baseUrl: apiUrl,
    userAgent: 'changegate-action',
    log: { debug: log.debug, info: log.debug, warn: log.debug, error: log.debug },
    throttle: throttle(options),
  };
  // Not `request.retries`: that would also retry a 404 and ignore `retry-after`.
  const retries = { retries: READ_RETRIES, retryAfterBaseValue: pace.retrySecondMs };
  return {
    reads: getOctokit(token, { ...common, retry: retries }, attempt, retry, throttling),
    writes: getOctokit(token, { ...common }, attempt, throttling),
    owner,
    repo,
    pace,
    log,
    dryRun,
  };
}

/** Sends one write, or in a dry run only says so and answers null. */
export async function write<T>(github: GitHub, what: string, send: () => Promise<T>): Promise<T | null> {
  if (github.dryRun) {
    github.log.info(`Dry run: would ${what}.`);
    return null;
  }
  github.log.debug(what);
  return send();
}
