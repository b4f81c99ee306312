import { assessEffect } from '../domain/decision/assess-effect.ts';
import type { Change } from '../domain/model/change.ts';
import type { Intervention } from '../domain/model/intervention.ts';
import { MINUTE_MS, minuteOf } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ClaimedIntervention } from './apply-intervention.ts';
import type { PresentFlag } from './assess-reading.ts';
import { exposedUnits } from './exposed-units.ts';
import type { Gate } from './gate.ts';
import { openPhase } from './phases.ts';
import { record } from './record.ts';
import { takeRaise } from './watch-flag.ts';

const SLACK = 1e-9;
/** How often the client API is asked until it shows the act, and when people are told that it does not. */
const PUBLISH_POLL_MS = 250;
const PUBLISH_ALERT_MS = 60_000;

/** Within this time SDKs are simply on their way; afterwards the flag itself is read as well. */
const PUBLISH_PATIENCE_MS = 2_000;
/** The longer it takes, the rarer it is asked: an eighth of the time that has passed, at most this. */
const PUBLISH_SLOWEST_MS = 30_000;

/**
 * When SDKs cannot be asked, the Admin API's word is taken after this long (business time, from *accepted*): by
 * then every SDK that works has refreshed, and a watch that waited for ever would see no further harm.
 */
const UNPUBLISHED_PHASE_MS = 5 * MINUTE_MS;

interface PublishMemo {
  readonly since: number;
  readonly alerted: boolean;
  /** Whether the next phase was started without the proof that SDKs are served the act. */
  readonly phaseStarted?: boolean;
}

/**
 * Records *published*: the client API and a running unleash-client show the flag at or below the target.
 * The next phase starts with the minute after that and the applications' refresh time. A flag that a person
 * raised in the meantime is never published; that person's decision is taken in instead.
 */
export async function settlePublished(gate: Gate, change: Change, claimed: ClaimedIntervention): Promise<void> {
  const archived = claimed.outcome === 'already_safe:archived';
  const seen = archived ? ({ ok: true, value: 0 } as const) : await gate.observer.publishedShare(change.flag);
  if (seen.ok && seen.value <= claimed.targetShare + SLACK) {
    await published(gate, change, claimed, seen.value);
    return;
  }
  const now = gate.real.now();
  const memo: PublishMemo = memoOf(claimed) ?? { since: now, alerted: false };
  const read = now - memo.since >= PUBLISH_PATIENCE_MS ? await gate.flags.read(change.flag) : null;
  if (read?.ok && read.value.kind !== 'present') await published(gate, change, claimed, 0);
  else if (read?.ok && read.value.kind === 'present' && read.value.share > claimed.targetShare + SLACK) {
    await raisedAgain(gate, change, claimed, read.value);
  } else {
    const isOverdue = gate.business.now() - claimed.acceptedAt! >= UNPUBLISHED_PHASE_MS;
    if (isOverdue && !memo.phaseStarted && read?.ok && read.value.kind === 'present') {
      await startUnpublished(gate, change, claimed, memo, read.value.share);
      return;
    }
    const detail = seen.ok ? `the client API still serves a share of ${seen.value}` : seen.failure.detail;
    await askLater(gate, change, claimed, memo, detail);
  }
}

async function published(gate: Gate, change: Change, claimed: ClaimedIntervention, share: number): Promise<void> {
  const { interventionId, fence } = claimed;
  const now = gate.business.now();
  await gate.store.transaction(async (tx) => {
    const done = { dueAt: null, memo: null };
    if (!(await tx.interventions.save(interventionId, fence, { publishedAt: now }, done))) return;
    await record(gate, tx, change, 'action.published', { interventionId, share });
    if (!memoOf(claimed)?.phaseStarted) await startPhaseAfter(gate, tx, change, claimed, { now, share });
  });
}

function memoOf({ memo }: ClaimedIntervention): PublishMemo | null {
  return memo === null ? null : (JSON.parse(memo) as PublishMemo);
}

/** Goes on watching although publication is not proven; that is still asked for, and recorded when it comes. */
async function startUnpublished(
  gate: Gate,
  change: Change,
  claimed: ClaimedIntervention,
  memo: PublishMemo,
  share: number,
): Promise<void> {
  const { interventionId, fence } = claimed;
  const now = gate.business.now();
  const next = { dueAt: gate.real.now() + PUBLISH_POLL_MS, memo: JSON.stringify({ ...memo, phaseStarted: true }) };
  await gate.store.transaction(async (tx) => {
    if (!(await tx.interventions.save(interventionId, fence, {}, next))) return;
    await startPhaseAfter(gate, tx, change, claimed, { now, share });
  });
}

async function raisedAgain(
  gate: Gate,
  change: Change,
  claimed: ClaimedIntervention,
  reading: PresentFlag,
): Promise<void> {
  const { interventionId, fence } = claimed;
  const detail = `${reading.lastEventBy || 'somebody'} raised the flag again before the act was published`;
  await gate.store.transaction(async (tx) => {
    const fields = { notEffectiveAt: gate.business.now() };
    if (!(await tx.interventions.save(interventionId, fence, fields, { dueAt: null, memo: null }))) return;
    await record(gate, tx, change, 'action.not_effective', { interventionId, detail });
    await record(gate, tx, change, 'alert.raised', { alert: 'not_effective', interventionId, detail });
    await takeRaise(gate, tx, change, reading, true);
  });
}

async function askLater(
  gate: Gate,
  change: Change,
  { interventionId, fence }: ClaimedIntervention,
  memo: PublishMemo,
  detail: string,
): Promise<void> {
  const now = gate.real.now();
  const { since, alerted } = memo;
  const alert = !alerted && now - since >= PUBLISH_ALERT_MS;
  const pause = Math.min(PUBLISH_SLOWEST_MS, Math.max(PUBLISH_POLL_MS, (now - since) / 8));
  const later: PublishMemo = { ...memo, alerted: alerted || alert };
  await gate.store.transaction(async (tx) => {
    const next = { dueAt: now + Math.round(pause), memo: JSON.stringify(later) };
    const saved = await tx.interventions.save(interventionId, fence, {}, next);
    if (saved && alert)
      await record(gate, tx, change, 'alert.raised', { alert: 'not_published', interventionId, detail });
  });
}

async function startPhaseAfter(
  gate: Gate,
  tx: StoreTransaction,
  change: Change,
  intervention: Intervention,
  published: { readonly now: number; readonly share: number },
): Promise<void> {
  const startMinute = minuteOf(published.now + gate.options.sdkRefreshMinutes * MINUTE_MS) + 1;
  const open = (await tx.changes.phases(change.changeId)).find(({ endMinute }) => endMinute === null);
  if (open) await tx.changes.putPhase(change.changeId, { ...open, endMinute: Math.max(open.startMinute, startMinute) });
  const cause = intervention.kind;
  const phase = await openPhase(tx, change.changeId, { cause, share: published.share, startMinute });
  await record(gate, tx, change, 'phase.started', { index: phase.index, cause, share: phase.share, startMinute });
}

/**
 * Records *effective* or *not effective* for every intervention of the change that has its phase and lacks it,
 * from the units first exposed since. Called by each look; says nothing while there is too little to see.
 */
export async function settleEffective(gate: Gate, tx: StoreTransaction, change: Change): Promise<void> {
  const now = gate.business.now();
  const phases = await tx.changes.phases(change.changeId);
  for (const intervention of await tx.interventions.listOf(change.changeId)) {
    const { kind, acceptedAt, effectiveAt } = intervention;
    if (acceptedAt === null || effectiveAt !== null) continue;
    const phase = phases.find(({ cause, startMinute }) => cause === kind && startMinute > minuteOf(acceptedAt));
    if (!phase) continue;
    const until = phase.endMinute ?? minuteOf(now);
    const exposed = await exposedUnits(tx, change, phase.startMinute, until);
    const effect = assessEffect(exposed, until - phase.startMinute, phase.share);
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
