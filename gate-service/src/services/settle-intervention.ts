import { assessEffect } from '../domain/decision/assess-effect.ts';
import type { Change } from '../domain/model/change.ts';
import type { Intervention } from '../domain/model/intervention.ts';
import { MINUTE_MS, minuteOf } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ClaimedIntervention } from './apply-intervention.ts';
import type { Gate } from './gate.ts';
import { openPhase } from './phases.ts';
import { record } from './record.ts';

/** How often the client API is asked until it shows the act, and when people are told that it does not. */
const PUBLISH_POLL_MS = 250;
const PUBLISH_ALERT_MS = 60_000;

interface PublishMemo {
  readonly since: number;
  readonly alerted: boolean;
}

/**
 * Records *published*: the client API and a running unleash-client show the flag at or below the target.
 * The next phase starts with the minute after that and the applications' refresh time.
 */
export async function settlePublished(gate: Gate, change: Change, claimed: ClaimedIntervention): Promise<void> {
  const archived = claimed.outcome === 'already_safe:archived';
  const seen = archived ? ({ ok: true, value: 0 } as const) : await gate.observer.publishedShare(change.flag);
  const realNow = gate.real.now();
  if (seen.ok && seen.value <= claimed.targetShare + 1e-9) {
    const now = gate.business.now();
    await gate.store.transaction(async (tx) => {
      if (
        !(await tx.interventions.save(
          claimed.interventionId,
          claimed.fence,
          { publishedAt: now },
          { dueAt: null, memo: null },
        ))
      )
        return;
      await record(gate, tx, change, 'action.published', { interventionId: claimed.interventionId, share: seen.value });
      await startPhaseAfter(gate, tx, change, claimed, now);
    });
    return;
  }
  const memo: PublishMemo =
    claimed.memo === null ? { since: realNow, alerted: false } : (JSON.parse(claimed.memo) as PublishMemo);
  const alert = !memo.alerted && realNow - memo.since >= PUBLISH_ALERT_MS;
  await gate.store.transaction(async (tx) => {
    const next = JSON.stringify({ since: memo.since, alerted: memo.alerted || alert } satisfies PublishMemo);
    const saved = await tx.interventions.save(
      claimed.interventionId,
      claimed.fence,
      {},
      { dueAt: realNow + PUBLISH_POLL_MS, memo: next },
    );
    if (saved && alert) {
      const detail = seen.ok ? `the client API still serves a share of ${seen.value}` : seen.failure.detail;
      await record(gate, tx, change, 'alert.raised', {
        alert: 'not_published',
        interventionId: claimed.interventionId,
        detail,
      });
    }
  });
}

async function startPhaseAfter(
  gate: Gate,
  tx: StoreTransaction,
  change: Change,
  intervention: Intervention,
  publishedAt: number,
): Promise<void> {
  const startMinute = minuteOf(publishedAt + gate.options.sdkRefreshMinutes * MINUTE_MS) + 1;
  const open = (await tx.changes.phases(change.changeId)).find(({ endMinute }) => endMinute === null);
  if (open) await tx.changes.putPhase(change.changeId, { ...open, endMinute: Math.max(open.startMinute, startMinute) });
  const cause = intervention.kind;
  const phase = await openPhase(tx, change.changeId, { cause, share: intervention.targetShare, startMinute });
  await record(gate, tx, change, 'phase.started', { index: phase.index, cause, share: phase.share, startMinute });
}

/**
 * Records *effective* or *not effective* for every published intervention of the change that lacks it, from
 * the units first exposed since. Called by each look; says nothing while there is too little to see.
 */
export async function settleEffective(gate: Gate, tx: StoreTransaction, change: Change): Promise<void> {
  const now = gate.business.now();
  const phases = await tx.changes.phases(change.changeId);
  for (const intervention of await tx.interventions.listOf(change.changeId)) {
    if (intervention.publishedAt === null || intervention.effectiveAt !== null) continue;
    const phase = phases.find(
      ({ cause, startMinute }) => cause === intervention.kind && startMinute > minuteOf(intervention.publishedAt!),
    );
    if (!phase) continue;
    const until = phase.endMinute ?? minuteOf(now);
    const exposed = await tx.events.exposedUnits(change.changeId, phase.startMinute, until);
    const effect = assessEffect(exposed, until - phase.startMinute, intervention.targetShare);
    if (effect === 'effective') {
      await tx.interventions.note(intervention.interventionId, { effectiveAt: now });
      await record(gate, tx, change, 'action.effective', { interventionId: intervention.interventionId, exposed });
    } else if (effect === 'not_effective' && intervention.notEffectiveAt === null) {
      await tx.interventions.note(intervention.interventionId, { notEffectiveAt: now });
      await record(gate, tx, change, 'action.not_effective', { interventionId: intervention.interventionId, exposed });
      await record(gate, tx, change, 'alert.raised', {
        alert: 'not_effective',
        interventionId: intervention.interventionId,
        exposed,
      });
    }
  }
}
