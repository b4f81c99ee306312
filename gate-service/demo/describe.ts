import type { ChangeView, InterventionView } from '../src/contract/api/change.ts';
import { formatInstant } from '../src/domain/model/time.ts';
import type { Played } from './play.ts';

/** The one object of `--json`: what happened, without anything that differs between two runs but the ledger's hashes. */
export function toJson(played: Played): Record<string, unknown> {
  return {
    changes: played.changes.map(({ story, change, comments, tallies }) => ({
      story: story.name,
      change_id: change.change_id,
      verdict: newest(change).verdict,
      reasons: newest(change).reasons,
      interventions: change.interventions.map((act) => ({
        kind: act.kind,
        at: formatInstant(act.decided_at),
        levels: levelsOf(act),
      })),
      comments,
      sufficient_statistics: tallies,
    })),
    ledger: { ...played.ledger.head, verified: played.verification.status === 'ok', entries: played.ledger.entries },
    real_latencies_ms: played.latencies,
    seconds: played.seconds,
  };
}

/** How far each act is proven, with its business time; null for a level that was not reached. */
function levelsOf(act: InterventionView): Record<string, string | null> {
  const when = (at: number | null) => (at === null ? null : formatInstant(at));
  return { accepted: when(act.accepted_at), published: when(act.published_at), effective: when(act.effective_at) };
}

function newest(change: ChangeView): ChangeView['verdicts'][number] {
  return change.verdicts.at(-1)!;
}

/** The result for a terminal: each change with its newest comment, the real latencies, the ledger. */
export function describePlayed(played: Played): string {
  const { head } = played.ledger;
  const changes = played.changes.map(({ story, change, comments }) => {
    const verdict = newest(change);
    const rule = '─'.repeat(78);
    return [
      rule,
      `#${story.pullRequest} ${story.title}: ${verdict.verdict.toUpperCase()} (${verdict.reasons.join(', ')})`,
      rule,
      comments.find((comment) => comment.includes('kind=verdict')) ?? verdict.summary,
    ].join('\n');
  });
  return [
    '',
    ...changes,
    '',
    'Real time until the site’s own SDK saw an act:',
    ...played.latencies.map(({ what, ms }) => `  ${String(ms).padStart(6)} ms  ${what}`),
    '',
    `Ledger: ${played.verification.status}, ${head.size} entries, head ${head.size}:${head.hash}, held against the heads in the verdict comments`,
    `${played.eventsSent} events; start-up ${played.seconds.startUp.toFixed(1)} s, five simulated weeks ${played.seconds.play.toFixed(1)} s`,
    '',
  ].join('\n');
}
