import { WATERMARK_MINUTES } from '../domain/decision/run-look.ts';
import { startWatch } from '../domain/decision/start-watch.ts';
import { type Change, judgeDueAt } from '../domain/model/change.ts';
import { MINUTE_MS, minuteOf, startOfMinute } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { readFlagFacts } from './flag-facts.ts';
import type { Gate } from './gate.ts';
import { freezeHistories, loadHistories } from './load-histories.ts';
import { openPhase } from './phases.ts';
import { pullHistory } from './pull-history.ts';
import { askedSources, type FirstTreatment, hasAsked, keepProbed, pullFirstTreatment } from './pull-sources.ts';
import { record } from './record.ts';

/**
 * What the sources say before a change's window starts: the KPIs' own past, which the watch is made from, and the first
 * minute with the treatment where no events tell it.
 * @returns null when the sources have no say in it, or the past is still awaited
 */
export async function pullForStart(gate: Gate, change: Change): Promise<FirstTreatment | null> {
  if (change.effectiveAt !== null || change.activatedAt === null || !hasAsked(gate, change)) return null;
  return (await pullHistory(gate, change.repository, change.kpis)) ? pullFirstTreatment(gate, change) : null;
}

/**
 * Starts the window at the minute of the earliest accepted `on` event since activation, once that minute has
 * had its watermark to settle, so that the order of arrival does not matter (docs/adr/0004). Without such an event it is
 * the first minute with a trial of the treatment that the sources told. Set once: later arrivals never move it.
 * @returns the change as it is now
 */
export async function startWindowIfExposed(
  gate: Gate,
  tx: StoreTransaction,
  change: Change,
  pulled: FirstTreatment | null,
): Promise<Change> {
  if (change.effectiveAt !== null || change.activatedAt === null) return change;
  const now = gate.business.now();
  if (pulled) await keepProbed(tx, change.changeId, pulled);
  const first = (await tx.events.firstTreatmentMinute(change.changeId, change.activatedAt)) ?? pulled?.first ?? null;
  if (first === null || first + WATERMARK_MINUTES >= minuteOf(now)) {
    await tellUnexposed(gate, tx, change, first);
    return change;
  }
  const started: Change = { ...change, effectiveAt: first };
  await tx.changes.update(change.changeId, { effectiveAt: first });
  await tx.events.startWindow(started, askedSources(gate));
  const histories = await loadHistories(tx, change.repository, change.kpis, startOfMinute(first));
  await freezeHistories(tx, change.changeId, histories);
  await tx.watch.putState(change.changeId, startWatch({ change: started, histories }));
  const share = (await readFlagFacts(tx, change.changeId))?.share ?? change.contract.rollout.start;
  await openPhase(tx, change.changeId, { cause: 'activation', share, startMinute: first });
  await record(gate, tx, change, 'change.window_started', { effectiveAt: first, share });
  await tx.schedule.put({ kind: 'judge', changeId: change.changeId, dueAt: startOfMinute(judgeDueAt(started)!) });
  return started;
}

/** Says once that an activated flag reaches nobody. */
async function tellUnexposed(gate: Gate, tx: StoreTransaction, change: Change, first: number | null): Promise<void> {
  if (first !== null || gate.business.now() - change.activatedAt! < gate.options.blindGraceMinutes * MINUTE_MS) return;
  const key = `unexposed:${change.changeId}`;
  if ((await tx.settings.get(key)) !== null) return;
  await tx.settings.put(key, 'told');
  await record(gate, tx, change, 'alert.raised', {
    alert: 'no_exposure',
    detail: 'Nothing with the flag on has come since activation.',
  });
}
