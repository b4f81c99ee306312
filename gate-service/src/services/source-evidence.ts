import { isBeforeAfter } from '../domain/decision/before-after-design.ts';
import type { Change } from '../domain/model/change.ts';
import { answeredMinutes, type MinuteSpan } from '../domain/model/source-record.ts';
import type { MetricEvidence } from '../domain/model/verdict.ts';
import type { StoreTransaction } from '../ports/store.ts';

/**
 * What the evidence of a KPI tells of the source that it was asked of. Minutes count as unanswered when no answer vouches
 * for them in the end: a source that was down for an hour and then told that hour has a whole window.
 * @returns nothing for a KPI that events feed
 */
export async function sourceEvidence(
  tx: StoreTransaction,
  change: Pick<Change, 'changeId' | 'repository' | 'contract'>,
  kpiId: string,
  span: MinuteSpan,
): Promise<Pick<MetricEvidence, 'source' | 'nonAnswerMinutes'> | null> {
  const name = await tx.sources.sourceOf(change.changeId, kpiId);
  if (name === null) return null;
  const scope = isBeforeAfter(change.contract) ? change.repository : change.changeId;
  const record = await tx.sources.find(scope, kpiId);
  const minutes = span.to - span.from;
  const answered = answeredMinutes(record?.spans ?? [], span);
  const { query = null, facts = [], failure = null, disagreement = null } = record ?? {};
  return {
    source: {
      name,
      queries: query === null ? [] : [query],
      facts,
      answeredShare: minutes > 0 ? answered / minutes : 0,
      failure: failure && `${failure.status} (${failure.fault}): ${failure.detail}`,
      disagreement,
    },
    nonAnswerMinutes: answered < minutes ? { source_error: minutes - answered } : {},
  };
}
