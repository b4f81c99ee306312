import { GateError } from '../../../contract/gate-error.ts';
import type { FlagPlace } from './read-flag.ts';

/** What both admin adapters need. Each has a token of its own. */
export interface UnleashAdminOptions extends FlagPlace {
  readonly url: string;
  /** Personal access token or service account token ("user:…"). */
  readonly token: string;
  readonly appName: string;
  readonly deadlineMs?: number;
  readonly connectMs?: number;
  /** Accepts an admin API token, which bypasses change requests without a word. */
  readonly allowAdminToken?: boolean;
}

/**
 * An admin API token ("*:*.…") changes protected environments without a change request, so only tokens
 * of a user or a service account are taken unless the operator says otherwise.
 *
 * @throws GateError `invalid_config`; the token is never part of it
 */
export function assertTokenKind(options: UnleashAdminOptions): void {
  if (options.token.startsWith('user:') || options.allowAdminToken) return;
  throw new GateError(
    'invalid_config',
    'The Unleash token is not one of a user or a service account ("user:…"). An admin API token silently bypasses change requests.',
    'Create a personal access token of a user with the Editor role, or a service account token, or set allow_admin_token.',
  );
}
