import { ADMIN_ID } from './authorise.ts';
import type { Call } from './route.ts';

/** Whom the ledger names for a call: what the caller calls itself proves nothing, so it is the token. */
export function actorOf({ principal: { tokenId } }: Pick<Call<unknown>, 'principal'>): string {
  return tokenId === ADMIN_ID ? ADMIN_ID : `token:${tokenId}`;
}
