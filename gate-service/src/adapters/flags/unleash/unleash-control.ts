import { GateError } from '../../../contract/gate-error.ts';
import type { FlagControl, FlagFailure, FlagResult } from '../../../ports/flag-control.ts';
import { environmentPath, watchCalls } from './allowed-calls.ts';
import { patchedStrategy } from './answers.ts';
import { isPercent } from './exposure.ts';
import { createHttpClient, NO_BODY } from './http-client.ts';
import { readFlag } from './read-flag.ts';
import { assertTokenKind, type UnleashAdminOptions } from './settings.ts';

/**
 * The watch's hold on Unleash: read and lower, nothing else (see `watchCalls`).
 *
 * @throws GateError `invalid_config` for a bad URL or a kind of token that is not allowed
 */
export function createUnleashControl(options: UnleashAdminOptions): FlagControl {
  assertTokenKind(options);
  const http = createHttpClient({ ...options, allowed: watchCalls(options.project, options.environment) });
  const environment = (flag: string) => environmentPath(options.project, flag, options.environment);
  return {
    read: (flag) => readFlag(http, options, flag, http.deadline()),

    async lowerRollout(flag, strategyId, from, to) {
      assertLower(from, to);
      // The `test` makes it a compare-and-set; all else of the strategy stays as it is. A PUT would reset
      // the constraints that it does not name.
      const body = [
        { op: 'test', path: '/parameters/rollout', value: from },
        { op: 'replace', path: '/parameters/rollout', value: to },
      ];
      const path = `${environment(flag)}/strategies/${strategyId}`;
      const patched = await http.send({ method: 'PATCH', path, body }, patchedStrategy, http.deadline());
      if (!patched.ok) return patched;
      const rollout = patched.value.parameters.rollout;
      return rollout === to ? done() : failed('unreadable', `PATCH ${path}: left the percentage at ${rollout}`);
    },

    async turnOff(flag) {
      const path = `${environment(flag)}/off`;
      const answer = await http.send({ method: 'POST', path }, NO_BODY, http.deadline());
      return answer.ok ? done() : answer;
    },
  };
}

function assertLower(from: string, to: string): void {
  if (isPercent(from) && isPercent(to) && Number(to) < Number(from)) return;
  throw new GateError(
    'internal',
    `The watch may only lower a percentage; from "${from}" to "${to}" is not lower.`,
    'This is a mistake in Changegate; please report it with the ledger of the change.',
    { context: { from, to } },
  );
}

function done(): FlagResult<void> {
  return { ok: true, value: undefined };
}

function failed(kind: FlagFailure['kind'], detail: string): FlagResult<void> {
  return { ok: false, failure: { kind, detail } };
}
