import { GateError } from '../contract/gate-error.ts';
import { type Change, longestWithin, SETTLE_MINUTES } from '../domain/model/change.ts';
import { minuteOf, startOfMinute } from '../domain/model/time.ts';
import type { FlagFailure, FlagReading, FlagResult } from '../ports/flag-control.ts';
import { putFlagFacts } from './flag-facts.ts';
import type { ActivationGate, Gate } from './gate.ts';
import { record } from './record.ts';
import { findChange, refuseForeignFlag, supersedeWatched } from './stamp-change.ts';

type Present = Extract<FlagReading, { kind: 'present' }>;

/** Percentages and shares are compared with this much tolerance: 0.29 * 100 is less than 29. */
const SLACK = 1e-9;

/** Percentages are strings in the flag service; at most six decimals are kept. */
export function percentOf(share: number): string {
  return String(Number((share * 100).toFixed(6)));
}

/**
 * Turns the change's flag on at the contract's initial rollout: the only use case that raises exposure.
 * State `stamped` only, so once per change; the gradual strategy is put in place and read back *before*
 * the environment is enabled. A flag that is already on at or under `rollout.start` is only read back; one
 * above it is refused. Repeating the call after success changes nothing.
 * @throws GateError conflict, flag_service
 */
export async function activateChange(
  gate: ActivationGate,
  changeId: string,
  repository: string | null,
  actor: string,
): Promise<void> {
  const change = await findChange(gate, changeId, repository);
  if (change.activatedAt !== null) return;
  if (change.state !== 'stamped') {
    throw new GateError(
      'conflict',
      `${changeId} is ${change.state}; only a stamped change can be activated.`,
      'Stamp a new change by merging a new contract.',
    );
  }
  await gate.store.transaction(async (tx) => {
    await refuseForeignFlag(tx, change);
    const { flag, contract } = change;
    await record(gate, tx, change, 'activation.intent', { flag, share: contract.rollout.start }, actor);
  });
  try {
    await accept(gate, change, await raise(gate, change), actor);
  } catch (error) {
    if (error instanceof GateError) {
      await gate.store.transaction((tx) =>
        record(gate, tx, change, 'activation.refused', { reason: error.message }, actor),
      );
    }
    throw error;
  }
}

async function raise(gate: ActivationGate, change: Change): Promise<Present> {
  const { flag, contract } = change;
  const start = contract.rollout.start;
  let reading = need(await gate.activation.read(flag), change);
  if (reading.kind === 'archived')
    throw refused(change, 'the flag is archived', 'Revive the flag in Unleash, or name another one in a new contract.');
  if (reading.kind === 'missing') {
    need(await gate.activation.createFlag(flag, `Changegate ${change.changeId}: ${contract.hypothesis}`), change);
    reading = need(await gate.activation.read(flag), change);
  }
  if (reading.kind !== 'present')
    throw refused(change, 'the flag could not be created', 'Look at the flag in Unleash and try again.');
  if (reading.enabled) {
    if (reading.share > start + SLACK) {
      throw refused(
        change,
        `the flag is on at ${percentOf(reading.share)}%, above rollout.start ${percentOf(start)}%`,
        'Lower the flag in Unleash by hand, or raise rollout.start in a new contract.',
      );
    }
    return reading;
  }
  if (reading.strategies.every(({ disabled }) => disabled)) {
    need(await gate.activation.addGradualStrategy(flag, percentOf(start)), change);
  }
  const prepared = need(await gate.activation.read(flag), change);
  need(await gate.activation.enable(flag, preparedPercent(change, prepared, start)), change);
  const raised = need(await gate.activation.read(flag), change);
  if (raised.kind === 'present' && raised.enabled && raised.share <= start + SLACK) return raised;
  throw refused(
    change,
    'the flag does not read back as it was set',
    'Look at the flag in Unleash; Changegate touches it no further.',
  );
}

/** Before `/on`: one gradual strategy at or under the start, or nothing is enabled (Unleash would make 100 %). */
function preparedPercent(change: Change, reading: FlagReading, start: number): string {
  if (reading.kind !== 'present' || reading.enabled)
    throw refused(change, 'the flag changed while it was being prepared', 'Look at the flag in Unleash and try again.');
  const active = reading.strategies.filter(({ disabled }) => !disabled);
  const rollout = active[0]?.rollout;
  if (active.length !== 1 || rollout === null || rollout === undefined || !(Number(rollout) / 100 <= start + SLACK)) {
    const found = active.map((strategy) => `${strategy.name} ${strategy.rollout ?? '100'}%`).join(', ') || 'none';
    throw refused(
      change,
      `its enabled strategies are ${found}; allowed is one gradual rollout of at most ${percentOf(start)}%`,
      'Remove the other strategies in Unleash, or raise rollout.start in a new contract.',
    );
  }
  return rollout;
}

async function accept(gate: Gate, change: Change, reading: Present, actor: string): Promise<void> {
  const now = gate.business.now();
  await gate.store.transaction(async (tx) => {
    const current = await tx.changes.find(change.changeId);
    if (current && current.activatedAt !== null) return;
    if (current?.state !== 'stamped') {
      throw refused(
        change,
        `it became ${current?.state} while its flag was being turned on`,
        'Look at the flag in Unleash; Changegate does not watch it for this change.',
      );
    }
    await supersedeWatched(gate, tx, change);
    await tx.changes.update(change.changeId, {
      state: 'watching',
      activatedAt: now,
      treatmentHash: reading.treatmentHash,
      flagCreatedAt: reading.createdAt,
    });
    const { lastEventId, share, treatmentHash } = reading;
    await putFlagFacts(tx, change.changeId, {
      lastEventId,
      share,
      treatmentHash,
      readAt: now,
      personRaisedAt: null,
      personTurnedOffAt: null,
    });
    await record(
      gate,
      tx,
      change,
      'activation.accepted',
      { share: reading.share, eventId: reading.lastEventId, treatmentHash: reading.treatmentHash },
      actor,
    );
    await tx.schedule.put({ kind: 'look', changeId: change.changeId, dueAt: startOfMinute(minuteOf(now) + 1) });
    // If nobody is ever exposed, the window never starts; the change is still judged, and says so.
    const unstarted = minuteOf(now) + change.contract.windowMinutes + longestWithin(change) + SETTLE_MINUTES;
    await tx.schedule.put({ kind: 'judge', changeId: change.changeId, dueAt: startOfMinute(unstarted) });
  });
}

function need<T>(result: FlagResult<T>, change: Change): T {
  if (result.ok) return result.value;
  throw new GateError(
    'flag_service',
    `Unleash refused or did not answer for flag ${change.flag}: ${describe(result.failure)}.`,
    remedyFor(result.failure),
  );
}

function describe(failure: FlagFailure): string {
  return `${failure.kind} (${failure.detail})`;
}

function remedyFor(failure: FlagFailure): string {
  switch (failure.kind) {
    case 'unauthorised':
      return 'Set UNLEASH_ACTIVATION_TOKEN to a token that Unleash knows.';
    case 'forbidden':
      return 'Give the activation token the rights to create the flag, its strategies and to enable it.';
    case 'change_request':
      return 'The environment needs change requests: enable the flag yourself, then run activate again to have it read back.';
    case 'not_found':
      return 'Check UNLEASH_PROJECT and UNLEASH_ENVIRONMENT.';
    case 'precondition_failed':
    case 'unreadable':
    case 'deadline':
      return 'Run activate again: it goes on from what it reads.';
  }
}

function refused(change: Change, why: string, remedy: string): GateError {
  return new GateError('conflict', `Flag ${change.flag} of ${change.changeId} was not activated: ${why}.`, remedy);
}
