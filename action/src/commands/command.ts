import { GateError } from '../../../gate-service/src/contract/gate-error.ts';
import type { Run } from '../event.ts';
import type { Change, Gate } from '../gate-client.ts';
import type { GitHub } from '../github/client.ts';
import type { Log } from '../log.ts';
import type { ReportedChange } from '../report.ts';
import type { Settings } from '../settings.ts';

/** What every command works with. */
export interface CommandContext {
  readonly settings: Settings;
  readonly run: Run;
  readonly defaultBranch: string;
  readonly github: GitHub;
  /** Null when gate-url or gate-token is empty. */
  readonly gate: Gate | null;
  readonly log: Log;
}

/** @throws GateError invalid_input when the gate was not given */
export function requireGate({ gate, settings }: CommandContext): Gate {
  if (gate !== null) return gate;
  const missing = settings.gateUrl === '' ? 'gate-url' : 'gate-token';
  throw new GateError(
    'invalid_input',
    `The input ${missing} is empty.`,
    missing === 'gate-url'
      ? 'Set gate-url to the address of your gate service.'
      : 'Store an API token of the gate as a secret and set gate-token to it.',
  );
}

export function reportedChange(change: Change): ReportedChange {
  const last = change.verdicts.at(-1);
  return {
    change_id: change.change_id,
    flag: change.flag,
    state: change.state,
    contract_path: change.contract_path,
    pull_request: change.pull_request,
    verdict: last?.verdict ?? null,
    reasons: last?.reasons ?? [],
  };
}

/** Whether a path is a contract: a YAML file below the contracts directory. */
export function isContractPath(settings: Settings, path: string): boolean {
  return path.startsWith(`${settings.contractsDir}/`) && /\.ya?ml$/.test(path);
}

/**
 * How loud a failure is. `on-gate-error` is about outages of the gate: a refusal or a mistake in what it was asked is
 * always an error.
 */
export function levelOf(settings: Settings, error: unknown, fallback: 'warn' | 'fail'): 'warning' | 'error' {
  return isGateOutage(error) && (settings.onGateError ?? fallback) === 'warn' ? 'warning' : 'error';
}

function isGateOutage(error: unknown): boolean {
  return (
    error instanceof GateError &&
    ['gate_unreachable', 'store', 'store_locked', 'flag_service', 'internal', 'ledger_broken'].includes(error.code)
  );
}
