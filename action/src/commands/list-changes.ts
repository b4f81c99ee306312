import type { Change, Gate } from '../gate-client.ts';

/** States whose data still come in: they are looked at again, and judged when that is due. */
export const OPEN: readonly string[] = ['watching', 'throttled', 'off'];
/** Of these all are listed. A stamped change is for its pull request's progress comment. */
const UNFINISHED = ['stamped', ...OPEN] as const;
const FINISHED = ['judged', 'decided', 'superseded'] as const;
const DAY_MS = 86_400_000;
/** What happened longer ago was told by an earlier run, many times over. */
const NEWS_MS = 30 * DAY_MS;
/** A window of 28 days, an outcome 28 days later, two days to settle and as many until somebody activates. */
const LONGEST_LIFE_MS = 60 * DAY_MS;

export interface Listed {
  readonly changes: readonly Change[];
  /** Ids that the gate cannot show. */
  readonly unreadable: readonly string[];
}

/**
 * All changes of a repository that are not finished, however many, and the finished ones as far back as one of them
 * may have news.
 */
export async function listChanges(gate: Gate, repository: string): Promise<Listed> {
  const changes: Change[] = [];
  const unreadable: string[] = [];
  const isOld = ({ stamped_at }: Change) => stamped_at < latestTime(changes) - NEWS_MS - LONGEST_LIFE_MS;
  for (const states of [UNFINISHED, FINISHED]) {
    let before: string | null = null;
    do {
      const page = await gate.list({ repository, states, before });
      changes.push(...page.changes);
      unreadable.push(...page.unreadable);
      before = states === FINISHED && page.changes.some(isOld) ? null : page.next;
    } while (before !== null);
  }
  return { changes, unreadable };
}

/** Whether something may be left to tell about a change that is not merely stamped. */
export function hasNews(change: Change, now: number): boolean {
  return OPEN.includes(change.state) || latestTime([change]) >= now - NEWS_MS;
}

/** The gate's own clock, as far as the changes tell it: the runner's may differ. */
export function latestTime(changes: readonly Change[]): number {
  return changes
    .flatMap((change) => [
      change.stamped_at,
      change.activated_at ?? 0,
      ...change.looks.map(({ at }) => at),
      ...change.interventions.map(({ decided_at }) => decided_at),
      ...change.verdicts.map(({ made_at }) => made_at),
    ])
    .reduce((latest, at) => Math.max(latest, at), 0);
}
