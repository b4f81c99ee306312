import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { GateError } from '../contract/gate-error.ts';
import type { Gate } from '../services/gate.ts';
import { authenticate, type Principal } from '../services/tokens.ts';
import type { Route } from './route.ts';

const ANYBODY: Principal = { tokenId: 'anybody', scopes: [], repository: null };
/** Of the operator's bootstrap token. No other token can have this id: theirs are 12 hex digits. */
export const ADMIN_ID = 'admin';
const ADMIN: Principal = { tokenId: ADMIN_ID, scopes: ['admin'], repository: null };

/**
 * Who calls, by the header alone, so that it can be asked before the body is read.
 * @param adminToken the operator's bootstrap token: every scope but `activate`; null when there is none
 * @throws GateError unauthorised, forbidden
 */
export async function authorise(
  gate: Gate,
  request: FastifyRequest,
  { scope, wholeService }: Pick<Route, 'scope' | 'wholeService'>,
  adminToken: string | null,
): Promise<Principal> {
  if (scope === null) return ANYBODY;
  const presented = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  const principal = presented === undefined ? null : await principalOf(gate, presented, adminToken);
  if (!principal) {
    throw new GateError(
      'unauthorised',
      'The API token is missing, unknown, revoked or expired.',
      'Send Authorization: Bearer <token>; make one with: changegate token create',
    );
  }
  if (!principal.scopes.includes(scope) && (principal !== ADMIN || scope === 'activate')) {
    throw new GateError(
      'forbidden',
      `The token ${principal.tokenId} lacks the scope ${scope}; it has ${principal.scopes.join(', ')}.`,
      `Make a token with: changegate token create --scopes ${scope}`,
    );
  }
  if (wholeService && principal.repository !== null) {
    throw new GateError(
      'forbidden',
      `The token ${principal.tokenId} is bound to ${principal.repository}; this call concerns the whole service.`,
      'Use a token that is bound to no repository.',
    );
  }
  return principal;
}

async function principalOf(gate: Gate, presented: string, adminToken: string | null): Promise<Principal | null> {
  return isAdmin(presented, adminToken) ? ADMIN : authenticate(gate, presented);
}

function isAdmin(presented: string, adminToken: string | null): boolean {
  if (adminToken === null) return false;
  const [left, right] = [Buffer.from(presented), Buffer.from(adminToken)];
  return left.length === right.length && timingSafeEqual(left, right);
}
