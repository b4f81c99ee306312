import { GateError } from '../contract/gate-error.ts';
import type { Change } from '../domain/model/change.ts';
import type { FlagFailure, FlagReading, FlagResult } from '../ports/flag-control.ts';
import { acceptActivation, asActivated, percentOf, refused, SLACK } from './accept-activation.ts';
import type { PresentFlag } from './assess-reading.ts';
import type { ActivationGate } from './gate.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { readPause } from './pause-watch.ts';
import { endPendingActivation, putPendingActivation } from './pending-activation.ts';
import { record } from './record.ts';
import { findChange, refuseForeignFlag } from './stamp-change.ts';

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
  const { flag } = await findChange(gate, changeId, repository);
  await oneAtATime(gate.store, flag, async () => activate(gate, await findChange(gate, changeId, repository), actor));
}

async function activate(gate: ActivationGate, change: Change, actor: string): Promise<void> {
  const { changeId } = change;
  if (change.activatedAt !== null) return;
  if (change.state !== 'stamped') {
    throw new GateError(
      'conflict',
      `${changeId} is ${change.state}; only a stamped change can be activated.`,
      'Stamp a new change by merging a new contract.',
    );
  }
  await commitIntent(gate, change, actor);
  try {
    await acceptActivation(gate, change, await raise(gate, change), actor);
  } catch (error) {
    if (error instanceof GateError) await noteRefusal(gate, change, error, actor);
    throw error;
  }
}

/** Before the flag is touched: what is about to be done, and the look that takes it up should this process die. */
async function commitIntent(gate: ActivationGate, change: Change, actor: string): Promise<void> {
  await gate.store.transaction(async (tx) => {
    if ((await readPause(tx)) !== null) {
      throw new GateError(
        'conflict',
        `The watch is paused, so ${change.changeId} could not be turned off when it does harm.`,
        'Resume the watch, then run activate again.',
      );
    }
    await refuseForeignFlag(tx, change);
    const { flag, contract } = change;
    await record(gate, tx, change, 'activation.intent', { flag, share: contract.rollout.start }, actor);
    await putPendingActivation(tx, change.changeId, { since: gate.business.now(), isRefused: false });
  });
}

/** A failure of the flag service leaves open whether a call arrived: the look that was planned with the intent finds out. */
async function noteRefusal(gate: ActivationGate, change: Change, error: GateError, actor: string): Promise<void> {
  await gate.store.transaction(async (tx) => {
    await record(gate, tx, change, 'activation.refused', { reason: error.message }, actor);
    if (error.code === 'flag_service')
      await putPendingActivation(tx, change.changeId, { since: gate.business.now(), isRefused: true });
    else await endPendingActivation(tx, change.changeId);
  });
}

async function raise(gate: ActivationGate, change: Change): Promise<PresentFlag> {
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
  const activated = asActivated(raised, change);
  if (activated) return activated;
  if (raised.kind === 'present' && raised.enabled) await takeBack(gate, change, raised);
  throw refused(
    change,
    'the flag does not read back as it was set',
    'Look at the flag in Unleash; Changegate touches it no further.',
  );
}

/** Our own enable serves more than it may: somebody added a strategy at the same moment. What we raised, we lower. */
async function takeBack(gate: ActivationGate, change: Change, { share }: PresentFlag): Promise<never> {
  const off = await gate.flags.turnOff(change.flag);
  const why = `it read back at ${percentOf(share)}% right after it was enabled, above rollout.start ${percentOf(change.contract.rollout.start)}%`;
  const detail = `${why}; ${off.ok ? 'it was turned off again' : 'it could not be turned off again'}`;
  await gate.store.transaction((tx) =>
    record(gate, tx, change, 'alert.raised', { alert: 'activation_above_start', detail }),
  );
  need(off, change);
  throw refused(change, detail, 'Remove the other strategies in Unleash, then run activate again.');
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
