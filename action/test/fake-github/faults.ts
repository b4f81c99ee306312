import { setTimeout as wait } from 'node:timers/promises';

/**
 * One scripted misfortune. `…-after-commit` means that GitHub did the work and the answer got lost on the way: the
 * case in which a blind retry makes a duplicate.
 */
export interface Fault {
  kind: 'status' | 'reset' | 'delay' | 'secondary-rate-limit' | 'status-after-commit' | 'reset-after-commit';
  /** Any method when absent. */
  method?: string;
  /** Matched against the path below the base path, with its query. */
  path: RegExp;
  /** How many requests it hits; once when absent. */
  times?: number;
  /** For the status kinds; 502 when absent. */
  status?: number;
  /** For `delay`. */
  delayMs?: number;
  /** For `secondary-rate-limit`; 1 when absent. */
  retryAfterSeconds?: number;
}

export type Interruption =
  | { kind: 'reset' }
  | { kind: 'answer'; status: number; body: unknown; headers: Record<string, string> };

const serverError = (status: number): Interruption => ({
  kind: 'answer',
  status,
  body: { message: 'Server Error', status: String(status) },
  headers: {},
});

const secondaryRateLimit = (seconds: number): Interruption => ({
  kind: 'answer',
  status: 403,
  body: {
    message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
    documentation_url: 'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits',
  },
  headers: { 'retry-after': String(seconds) },
});

/** Takes the faults due for a request off the list and returns what they do before and after the work. */
export function takeFaults(faults: Fault[], method: string, path: string) {
  const due = faults.filter((fault) => (fault.method ?? method).toUpperCase() === method && fault.path.test(path));
  const delays = due.filter((fault) => fault.kind === 'delay');
  const breaking = due.find((fault) => fault.kind !== 'delay');
  for (const fault of breaking === undefined ? delays : [...delays, breaking]) {
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1);
  }
  const delayMs = delays.reduce((sum, fault) => sum + (fault.delayMs ?? 0), 0);
  return {
    delay: () => (delayMs > 0 ? wait(delayMs) : undefined),
    before: interruptionBefore(breaking),
    after: interruptionAfter(breaking),
  };
}

function interruptionBefore(fault: Fault | undefined): Interruption | undefined {
  switch (fault?.kind) {
    case 'status':
      return serverError(fault.status ?? 502);
    case 'reset':
      return { kind: 'reset' };
    case 'secondary-rate-limit':
      return secondaryRateLimit(fault.retryAfterSeconds ?? 1);
    default:
      return undefined;
  }
}

function interruptionAfter(fault: Fault | undefined): Interruption | undefined {
  if (fault?.kind === 'status-after-commit') return serverError(fault.status ?? 502);
  return fault?.kind === 'reset-after-commit' ? { kind: 'reset' } : undefined;
}
