/** How patient the Action is with GitHub and with the gate. */
export interface Pace {
  /** Pauses before looking again for a comment, check or deployment whose creation had an unclear end. */
  readonly secondLookMs: readonly number[];
  /** Pauses before asking again which pull request a fresh merge commit belongs to: GitHub's index lags. */
  readonly indexLagMs: readonly number[];
  /** Pauses before asking the gate again. */
  readonly gateRetryMs: readonly number[];
  /** What octokit's plugins call one second when they retry. */
  readonly retrySecondMs: number;
  /** GitHub asks for a second between writes and three between those that notify. */
  readonly spacedWrites: boolean;
}

const REMOTE: Pace = {
  secondLookMs: [2_000, 5_000],
  indexLagMs: [2_000, 6_000],
  gateRetryMs: [1_000, 3_000],
  retrySecondMs: 1_000,
  spacedWrites: true,
};

/** A server on this machine is a test or a demo: it has no replicas that lag and no limits to respect. */
const LOOPBACK: Pace = {
  secondLookMs: [20, 60],
  indexLagMs: [20, 60],
  gateRetryMs: [20, 60],
  retrySecondMs: 20,
  spacedWrites: false,
};

export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(url.hostname);
}

export function paceFor(url: string): Pace {
  return URL.canParse(url) && isLoopback(new URL(url)) ? LOOPBACK : REMOTE;
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
