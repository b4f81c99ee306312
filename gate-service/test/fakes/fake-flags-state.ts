import { exposureShare, treatmentHash } from '../../src/adapters/flags/unleash/exposure.ts';
import { GateError } from '../../src/contract/gate-error.ts';
import type {
  FlagActivation,
  FlagControl,
  FlagFailure,
  FlagReading,
  FlagResult,
} from '../../src/ports/flag-control.ts';
import type { PersonStrategy } from '../support/unleash-person.ts';

export interface StoredStrategy {
  readonly id: string;
  readonly name: string;
  readonly disabled: boolean;
  readonly parameters: Readonly<Record<string, string>>;
  readonly constraints: readonly unknown[];
}

export interface StoredFlag {
  readonly createdAt: string;
  readonly archived: boolean;
  readonly enabled: boolean;
  readonly strategies: readonly StoredStrategy[];
  readonly lastEventId: number;
  readonly lastEventBy: string;
}

export type FlagOperation = keyof FlagControl | keyof FlagActivation | 'publishedShare';

export interface FlagCall {
  readonly operation: FlagOperation;
  readonly by: string;
  readonly flag: string;
  readonly rest: readonly string[];
}

export interface ScriptedFailure {
  readonly failure: FlagFailure;
  /** The answer is lost, but the work is done. */
  readonly applied?: boolean;
  /** How many calls fail; every one until `heal` when left out. */
  readonly times?: number;
}

type Work<T> = () => FlagResult<T>;

/** What the fake's three ports and its person share. */
export interface FakeFlagState {
  readonly flags: ReadonlyMap<string, StoredFlag>;
  readonly calls: readonly FlagCall[];
  /** Changes a flag, or makes it, as one event. */
  edit(flag: string, by: string, change: Partial<StoredFlag>): void;
  remove(flag: string): void;
  nextId(): string;
  /** Writes the call down and answers it, unless a failure is scripted for it. */
  answer<T>(operation: FlagOperation, by: string, args: [string, ...string[]], work: Work<T>): Promise<FlagResult<T>>;
  fail(operation: FlagOperation, scripted: ScriptedFailure): void;
  heal(): void;
}

export function createFakeFlagState(): FakeFlagState {
  const flags = new Map<string, StoredFlag>();
  const calls: FlagCall[] = [];
  const scripts = new Map<FlagOperation, { readonly script: ScriptedFailure; left: number }>();
  let eventId = 0;
  return {
    flags,
    calls,
    edit(flag, by, change) {
      eventId += 1;
      const old = flags.get(flag) ?? newFlag(eventId);
      flags.set(flag, { ...old, ...change, lastEventId: eventId, lastEventBy: by });
    },
    remove: (flag) => void flags.delete(flag),
    nextId: () => `s${eventId + 1}`,
    async answer(operation, by, [flag, ...rest], work) {
      calls.push({ operation, by, flag, rest });
      const entry = scripts.get(operation);
      if (!entry || entry.left <= 0) return work();
      entry.left -= 1;
      if (entry.script.applied) work();
      return { ok: false, failure: entry.script.failure };
    },
    fail: (operation, script) =>
      void scripts.set(operation, { script, left: script.times ?? Number.POSITIVE_INFINITY }),
    heal: () => scripts.clear(),
  };
}

function newFlag(eventId: number): StoredFlag {
  const createdAt = new Date(Date.UTC(2026, 0, 1) + eventId * 1000).toISOString();
  return { createdAt, archived: false, enabled: false, strategies: [], lastEventId: eventId, lastEventBy: '' };
}

export function gradual(flag: string, rollout: string): Record<string, string> {
  return { rollout, stickiness: 'default', groupId: flag };
}

export function newStrategy(id: string, flag: string, strategy: PersonStrategy): StoredStrategy {
  const { name = 'flexibleRollout', parameters = gradual(flag, '100'), constraints = [], disabled = false } = strategy;
  return { id, name, parameters, constraints, disabled };
}

export function withParameter(strategies: readonly StoredStrategy[], id: string, key: string, value: string) {
  return strategies.map((one) => (one.id === id ? { ...one, parameters: { ...one.parameters, [key]: value } } : one));
}

export function isOnlyGradual({ strategies }: StoredFlag, flag: string, percent: string): boolean {
  const [only, ...others] = strategies.filter((strategy) => !strategy.disabled);
  const { rollout, stickiness, groupId } = only?.parameters ?? {};
  const isGradual = only?.name === 'flexibleRollout' && others.length === 0;
  return isGradual && rollout === percent && stickiness === 'default' && groupId === flag;
}

export function describeFlag(flag: StoredFlag | undefined): FlagReading {
  if (!flag) return { kind: 'missing' };
  if (flag.archived) return { kind: 'archived' };
  const strategies = flag.strategies.map(({ id, name, disabled, parameters }) => ({
    id,
    name,
    disabled,
    rollout: parameters.rollout ?? null,
    stickiness: parameters.stickiness ?? null,
    groupId: parameters.groupId ?? null,
  }));
  return {
    kind: 'present',
    enabled: flag.enabled,
    strategies,
    share: exposureShare(flag.enabled, strategies),
    treatmentHash: treatmentHash(flag.strategies.map((one) => ({ ...one, segments: [], variants: [] }))),
    createdAt: flag.createdAt,
    lastEventId: flag.lastEventId,
    lastEventBy: flag.lastEventBy,
  };
}

export function assertOurs(condition: boolean, what: string): asserts condition {
  if (condition) return;
  throw new GateError('internal', `The fake flag service was used wrongly: ${what}.`, 'Correct the test.');
}

/** A failure as a result of any type. */
export function failed(
  kind: FlagFailure['kind'],
  detail: string,
): { readonly ok: false; readonly failure: FlagFailure } {
  return { ok: false, failure: { kind, detail } };
}
