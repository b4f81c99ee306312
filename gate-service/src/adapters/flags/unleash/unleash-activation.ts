import { GateError } from '../../../contract/gate-error.ts';
import type { FlagActivation, FlagReading, FlagResult, FlagStrategy } from '../../../ports/flag-control.ts';
import { activationCalls, environmentPath, featuresPath } from './allowed-calls.ts';
import { createdFeature, createdStrategy } from './answers.ts';
import { isPercent } from './exposure.ts';
import { createHttpClient, NO_BODY } from './http-client.ts';
import { readFlag } from './read-flag.ts';
import { assertTokenKind, type UnleashAdminOptions } from './settings.ts';

type Present = Extract<FlagReading, { kind: 'present' }>;

/**
 * The only adapter that can raise exposure. Each step first reads what is there, does nothing when its
 * effect is already there, and refuses when anything else stands in the way.
 *
 * @throws GateError `invalid_config` for a bad URL or a kind of token that is not allowed
 */
export function createUnleashActivation(options: UnleashAdminOptions): FlagActivation {
  assertTokenKind(options);
  const http = createHttpClient({ ...options, allowed: activationCalls(options.project, options.environment) });
  const environment = (flag: string) => environmentPath(options.project, flag, options.environment);
  return {
    read: (flag) => readFlag(http, options, flag, http.deadline()),

    async createFlag(flag, description) {
      const deadline = http.deadline();
      const reading = await readFlag(http, options, flag, deadline);
      if (!reading.ok) return reading;
      if (reading.value.kind === 'present') return done();
      if (reading.value.kind === 'archived') return refused(`an archived flag is named "${flag}"`);
      const call = { method: 'POST', path: featuresPath(options.project) } as const;
      const body = { name: flag, description, type: 'release' };
      return forget(await http.send({ ...call, body }, createdFeature, deadline));
    },

    async addGradualStrategy(flag, percent) {
      assertPercent(percent);
      const deadline = http.deadline();
      const present = await readPresent(readFlag(http, options, flag, deadline), flag);
      if (!present.ok) return present;
      if (present.value.enabled) return refused(`flag "${flag}" is already enabled in ${options.environment}`);
      if (isOnlyGradual(present.value, flag, percent)) return done();
      if (enabledStrategies(present.value).length > 0) return refused(`flag "${flag}" already has another strategy`);
      const body = { name: 'flexibleRollout', parameters: { rollout: percent, stickiness: 'default', groupId: flag } };
      const path = `${environment(flag)}/strategies`;
      return forget(await http.send({ method: 'POST', path, body }, createdStrategy, deadline));
    },

    async enable(flag, percent) {
      assertPercent(percent);
      const deadline = http.deadline();
      const present = await readPresent(readFlag(http, options, flag, deadline), flag);
      if (!present.ok) return present;
      // Without an enabled strategy Unleash itself adds one of 100 % when it enables the environment.
      if (!isOnlyGradual(present.value, flag, percent)) {
        return refused(`the only strategy of flag "${flag}" is not a gradual one of ${percent} %`);
      }
      if (present.value.enabled) return done();
      return forget(await http.send({ method: 'POST', path: `${environment(flag)}/on` }, NO_BODY, deadline));
    },
  };
}

async function readPresent(read: Promise<FlagResult<FlagReading>>, flag: string): Promise<FlagResult<Present>> {
  const reading = await read;
  if (!reading.ok) return reading;
  if (reading.value.kind === 'present') return { ok: true, value: reading.value };
  return refused(`flag "${flag}" is ${reading.value.kind}`);
}

function enabledStrategies(reading: Present): readonly FlagStrategy[] {
  return reading.strategies.filter((strategy) => !strategy.disabled);
}

function isOnlyGradual(reading: Present, flag: string, percent: string): boolean {
  const [only, ...others] = enabledStrategies(reading);
  if (!only || others.length > 0 || only.name !== 'flexibleRollout') return false;
  return only.rollout === percent && only.stickiness === 'default' && only.groupId === flag;
}

function assertPercent(percent: string): void {
  if (isPercent(percent) && Number(percent) > 0) return;
  throw new GateError(
    'internal',
    `A rollout percentage is more than 0 and at most 100 and was "${percent}".`,
    'This is a mistake in Changegate; please report it with the contract of the change.',
    { context: { percent } },
  );
}

function done(): FlagResult<void> {
  return { ok: true, value: undefined };
}

function forget(result: FlagResult<unknown>): FlagResult<void> {
  return result.ok ? done() : result;
}

function refused(detail: string): {
  readonly ok: false;
  readonly failure: { kind: 'precondition_failed'; detail: string };
} {
  return { ok: false, failure: { kind: 'precondition_failed', detail } };
}
