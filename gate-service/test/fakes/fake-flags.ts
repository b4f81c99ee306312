import { isPercent } from '../../src/adapters/flags/unleash/exposure.ts';
import type { FlagActivation, FlagControl, FlagObserver, FlagResult } from '../../src/ports/flag-control.ts';
import type { Person } from '../support/unleash-person.ts';
import {
  assertOurs,
  createFakeFlagState,
  describeFlag,
  type FakeFlagState,
  type FlagCall,
  type FlagOperation,
  failed,
  gradual,
  isOnlyGradual,
  newStrategy,
  type ScriptedFailure,
  type StoredFlag,
  withParameter,
} from './fake-flags-state.ts';

export const FAKE_NAMES = { watch: 'changegate-watch', activation: 'changegate-activation', person: 'pat-person' };

/** One flag service in memory, seen through all three ports. */
export interface FakeFlags {
  readonly control: FlagControl;
  readonly activation: FlagActivation;
  readonly observer: FlagObserver;
  /** A second watch whose token the service does not know. */
  readonly stranger: FlagControl;
  readonly person: Person;
  /** Every call of the ports in order. */
  readonly calls: readonly FlagCall[];
  /** A person's edit in one go: the percentage goes to every enabled strategy that has one. */
  personSets(flag: string, edit: { readonly enabled?: boolean; readonly rollout?: string }): Promise<void>;
  fail(operation: FlagOperation, scripted: ScriptedFailure): void;
  heal(): void;
}

const DONE: FlagResult<void> = { ok: true, value: undefined };

/** Behaves as the real server does; the same contract suite runs on both. */
export function createFakeFlags(): FakeFlags {
  const state = createFakeFlagState();
  const person = fakePerson(state);
  return {
    control: fakeControl(state),
    activation: fakeActivation(state),
    observer: fakeObserver(state),
    stranger: strangerControl(),
    person,
    calls: state.calls,
    fail: state.fail,
    heal: state.heal,
    async personSets(flag, { enabled, rollout }) {
      for (const { id, disabled, parameters } of storedForPerson(state, flag).strategies) {
        if (rollout !== undefined && !disabled && parameters.rollout !== undefined) {
          await person.setRollout(flag, id, rollout);
        }
      }
      if (enabled !== undefined) await (enabled ? person.turnOn(flag) : person.turnOff(flag));
    },
  };
}

function readWith(state: FakeFlagState, by: string): FlagControl['read'] {
  return (flag) => state.answer('read', by, [flag], () => ({ ok: true, value: describeFlag(state.flags.get(flag)) }));
}

function fakeControl(state: FakeFlagState): FlagControl {
  const by = FAKE_NAMES.watch;
  return {
    read: readWith(state, by),
    async lowerRollout(flag, strategyId, from, to) {
      const lower = isPercent(from) && isPercent(to) && Number(to) < Number(from);
      assertOurs(lower, `from "${from}" to "${to}" is not lower`);
      return state.answer('lowerRollout', by, [flag, strategyId, from, to], () => {
        // The real server takes it for an archived flag, too; nobody is served by one.
        const strategies = state.flags.get(flag)?.strategies ?? [];
        const target = strategies.find((strategy) => strategy.id === strategyId);
        if (!target) return failed('not_found', `could not find strategy with id: ${strategyId}`);
        if (target.parameters.rollout !== from) return failed('precondition_failed', 'TEST_OPERATION_FAILED');
        state.edit(flag, by, { strategies: withParameter(strategies, strategyId, 'rollout', to) });
        return DONE;
      });
    },
    turnOff: (flag) =>
      state.answer('turnOff', by, [flag], () => {
        const stored = state.flags.get(flag);
        if (!stored) return failed('not_found', `there's no feature named "${flag}"`);
        if (stored.archived) return failed('precondition_failed', 'ArchivedFeatureError');
        if (stored.enabled) state.edit(flag, by, { enabled: false });
        return DONE;
      }),
  };
}

function fakeActivation(state: FakeFlagState): FlagActivation {
  const by = FAKE_NAMES.activation;
  const live = (flag: string) => {
    const stored = state.flags.get(flag);
    return stored?.archived ? undefined : stored;
  };
  return {
    read: readWith(state, by),
    createFlag: (flag, description) =>
      state.answer('createFlag', by, [flag, description], () => {
        if (state.flags.get(flag)?.archived) return failed('precondition_failed', 'an archived flag has that name');
        if (!state.flags.has(flag)) state.edit(flag, by, {});
        return DONE;
      }),
    async addGradualStrategy(flag, percent) {
      assertActivationPercent(percent);
      return state.answer('addGradualStrategy', by, [flag, percent], () => {
        const stored = live(flag);
        if (!stored || stored.enabled) return failed('precondition_failed', 'not there, or on');
        if (isOnlyGradual(stored, flag, percent)) return DONE;
        const hasOther = stored.strategies.some((strategy) => !strategy.disabled);
        if (hasOther) return failed('precondition_failed', 'has another strategy');
        const added = newStrategy(state.nextId(), flag, { parameters: gradual(flag, percent) });
        state.edit(flag, by, { strategies: [...stored.strategies, added] });
        return DONE;
      });
    },
    async enable(flag, percent) {
      assertActivationPercent(percent);
      return state.answer('enable', by, [flag, percent], () => {
        const stored = live(flag);
        if (!stored || !isOnlyGradual(stored, flag, percent)) {
          return failed('precondition_failed', 'the gradual strategy is not the only one');
        }
        if (!stored.enabled) state.edit(flag, by, { enabled: true });
        return DONE;
      });
    },
  };
}

function assertActivationPercent(percent: string): void {
  assertOurs(isPercent(percent) && Number(percent) > 0, `"${percent}" is no percentage to activate at`);
}

function fakeObserver(state: FakeFlagState): FlagObserver {
  return {
    publishedShare: (flag) =>
      state.answer('publishedShare', 'observer', [flag], () => {
        const reading = describeFlag(state.flags.get(flag));
        if (reading.kind === 'present') return { ok: true, value: reading.share };
        return failed('not_found', `could not find feature flag ${flag}`);
      }),
    close: async () => undefined,
  };
}

function strangerControl(): FlagControl {
  const unknown = async () => failed('unauthorised', 'answered 401');
  return { read: unknown, lowerRollout: unknown, turnOff: unknown };
}

function storedForPerson(state: FakeFlagState, flag: string): StoredFlag {
  const stored = state.flags.get(flag);
  assertOurs(stored !== undefined && !stored.archived, `a person edits flag "${flag}", which is not there`);
  return stored;
}

function fakePerson(state: FakeFlagState): Person {
  const by = FAKE_NAMES.person;
  const strategiesOf = (flag: string) => storedForPerson(state, flag).strategies;
  return {
    createFlag: async (flag) => state.edit(flag, by, {}),
    async addStrategy(flag, strategy) {
      const added = newStrategy(state.nextId(), flag, strategy);
      state.edit(flag, by, { strategies: [...strategiesOf(flag), added] });
      return added.id;
    },
    async setRollout(flag, id, percent) {
      state.edit(flag, by, { strategies: withParameter(strategiesOf(flag), id, 'rollout', percent) });
    },
    async setConstraints(flag, id, constraints) {
      const strategies = strategiesOf(flag).map((one) => (one.id === id ? { ...one, constraints } : one));
      state.edit(flag, by, { strategies });
    },
    async turnOn(flag) {
      const strategies = strategiesOf(flag);
      const hasEnabled = strategies.some((strategy) => !strategy.disabled);
      // As the real server does: without an enabled strategy it adds one for everyone.
      const forEveryone = hasEnabled ? [] : [newStrategy(state.nextId(), flag, {})];
      state.edit(flag, by, { enabled: true, strategies: [...strategies, ...forEveryone] });
    },
    async turnOff(flag) {
      if (storedForPerson(state, flag).enabled) state.edit(flag, by, { enabled: false });
    },
    archive: async (flag) => state.edit(flag, by, { archived: true }),
    remove: async (flag) => state.remove(flag),
  };
}
