import { GateError } from '../contract/gate-error.ts';
import type { Call } from './route.ts';

/** @throws GateError forbidden, when the caller's token is bound to another repository */
export function scopeTo(call: Call<unknown>, repository: string): void {
  const own = call.principal.repository;
  if (own === null || own === repository) return;
  throw new GateError(
    'forbidden',
    `This token is bound to ${own}; the request names ${repository}.`,
    'Use a token of that repository.',
  );
}
