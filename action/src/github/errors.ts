import { GateError } from '../../../gate-service/src/contract/gate-error.ts';

interface RequestFailure {
  readonly status: number;
  readonly message: string;
  readonly response?: { readonly headers: Record<string, string | number | undefined> };
}

/** Duck-typed: the bundle may hold the class of octokit's error twice. */
function asRequestFailure(error: unknown): RequestFailure | null {
  if (typeof error !== 'object' || error === null || !('status' in error) || typeof error.status !== 'number')
    return null;
  return error as RequestFailure;
}

export function statusOf(error: unknown): number | null {
  return asRequestFailure(error)?.status ?? null;
}

/** The write may have been done although no good answer came: a server error, a cut connection, a deadline. */
export function isUnclearEnd(error: unknown): boolean {
  const failure = asRequestFailure(error);
  return failure !== null && (failure.status >= 500 || failure.response === undefined);
}

/** GitHub refuses because the workflow's token lacks a permission. */
export function isMissingPermission(error: unknown): boolean {
  const failure = asRequestFailure(error);
  return (
    failure?.status === 403 && /not accessible by integration|must authenticate via a github app/i.test(failure.message)
  );
}

/**
 * The header lists sets of permissions, separated by semicolons, of which one is enough: `issues=write; pull_requests=write`.
 * The set that holds what our documentation asks for is preferred.
 */
export function permissionLines(header: string | undefined, needs: string): string[] {
  const sets = (header ?? '')
    .split(';')
    .map((set) =>
      [...set.matchAll(/([a-z_]{1,40})=(read|write|admin)/g)].map(
        ([, scope, access]) => `${scope!.replaceAll('_', '-')}: ${access}`,
      ),
    )
    .filter((set) => set.length > 0);
  return sets.find((set) => set.includes(needs)) ?? sets[0] ?? [needs];
}

/**
 * Says what failed on GitHub and what to do about it.
 * @param doing what was tried, to follow "GitHub did not let us …"
 * @param needs the line of the workflow's `permissions:` that it needs, such as `checks: write`
 */
export function explainGitHubError(error: unknown, doing: string, needs: string): GateError {
  if (error instanceof GateError) return error;
  const failure = asRequestFailure(error);
  const cause = { cause: error };
  if (failure === null || failure.response === undefined) {
    const detail = error instanceof Error ? error.message : String(error);
    return new GateError(
      'github',
      `GitHub did not answer when we tried to ${doing}: ${detail}`,
      'Run the job again: a repeated run makes nothing twice.',
      cause,
    );
  }
  if (isMissingPermission(error)) {
    const lines = permissionLines(String(failure.response.headers['x-accepted-github-permissions'] ?? ''), needs);
    return new GateError(
      'github',
      `GitHub did not let us ${doing}: the workflow's token lacks \`${lines.join('`, `')}\` (403, "${failure.message}").`,
      `Add \`${lines.join('` and `')}\` under \`permissions:\` of this job.`,
      cause,
    );
  }
  return new GateError(
    'github',
    `GitHub did not let us ${doing}: ${failure.status}, "${failure.message}".`,
    remedyFor(failure),
    cause,
  );
}

function remedyFor({ status, message }: RequestFailure): string {
  if (status === 401) return 'Leave the input github-token at its default, or give it a token that is still valid.';
  if (/rate limit/i.test(message))
    return 'Wait some minutes, then run the job again: a repeated run makes nothing twice.';
  if (status === 403 && /locked/i.test(message))
    return 'Unlock the conversation of the pull request, or read the job summary instead.';
  if (status === 404) return 'Check that the repository still has this name and that the token may read it.';
  if (status >= 500) return 'Look at githubstatus.com, then run the job again: a repeated run makes nothing twice.';
  return 'Read the message of GitHub above; the job summary holds what would have been posted.';
}
