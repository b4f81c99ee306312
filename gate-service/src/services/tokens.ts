import { timingSafeEqual } from 'node:crypto';
import type { Scope } from '../contract/api/requests.ts';
import { GateError } from '../contract/gate-error.ts';
import type { Gate } from './gate.ts';
import { tokenHash } from './hashes.ts';
import { GATE_ACTOR, recordForService, WHOLE_SERVICE } from './record.ts';

const DAY_MS = 86_400_000;
const TOKEN = /^cg_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** Who calls: the token's id, what it may do, and the one repository that it sees (null: all). */
export interface Principal {
  readonly tokenId: string;
  readonly scopes: readonly string[];
  readonly repository: string | null;
}

export interface IssuedToken {
  readonly tokenId: string;
  /** `cg_<id>_<256 random bits>`; shown once, never stored. */
  readonly token: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: number;
}

/** Makes an API token; only its hash is stored. `activate` goes with no other scope (docs/design.md section 3). */
export async function issueToken(
  gate: Gate,
  request: { scopes: readonly Scope[]; repository: string | null; days: number },
  actor = GATE_ACTOR,
): Promise<IssuedToken> {
  const scopes = [...new Set(request.scopes)];
  if (scopes.includes('activate') && scopes.length > 1) {
    throw new GateError(
      'invalid_input',
      `The scope activate was asked for together with ${scopes.filter((s) => s !== 'activate').join(', ')}.`,
      'Make a token of its own for activate: only activation raises exposure.',
    );
  }
  const whole = scopes.filter((scope) => scope === 'admin' || scope === 'operate');
  if (whole.length > 0 && request.repository !== null) {
    throw new GateError(
      'invalid_input',
      `The scope ${whole.join(', ')} concerns the whole service; it was asked for ${request.repository} alone.`,
      'Leave the repository out, or ask for other scopes.',
    );
  }
  const tokenId = Buffer.from(gate.random.bytes(6)).toString('hex');
  const token = `cg_${tokenId}_${Buffer.from(gate.random.bytes(32)).toString('base64url')}`;
  const createdAt = gate.real.now();
  const expiresAt = createdAt + request.days * DAY_MS;
  const hash = tokenHash(gate.options.secret, token);
  const { repository } = request;
  await gate.store.transaction(async (tx) => {
    await tx.tokens.insert({ tokenId, hash, scopes, repository, createdAt, expiresAt, revokedAt: null });
    const entry = { type: 'token.issued', actor, repository: repository ?? WHOLE_SERVICE } as const;
    await recordForService(gate, tx, entry, { tokenId, scopes, expiresAt });
  });
  return { tokenId, token, scopes, expiresAt };
}

/** @returns the principal, or null for a token that is unknown, revoked, expired or malformed: the same answer for all */
export async function authenticate(gate: Gate, presented: string): Promise<Principal | null> {
  const match = TOKEN.exec(presented);
  if (!match) return null;
  const stored = await gate.store.findToken(match[1]!);
  const hash = Buffer.from(tokenHash(gate.options.secret, presented), 'hex');
  if (!stored || !timingSafeEqual(hash, Buffer.from(stored.hash, 'hex'))) return null;
  if (stored.revokedAt !== null || stored.expiresAt <= gate.real.now()) return null;
  return { tokenId: stored.tokenId, scopes: stored.scopes, repository: stored.repository };
}

/** Revokes a token at once. @throws GateError not_found */
export async function revokeToken(gate: Gate, tokenId: string, actor: string): Promise<void> {
  const done = await gate.store.transaction(async (tx) => {
    if (!(await tx.tokens.revoke(tokenId, gate.real.now()))) return false;
    await recordForService(gate, tx, { type: 'token.revoked', actor }, { tokenId });
    return true;
  });
  if (!done)
    throw new GateError(
      'not_found',
      `There is no live token ${tokenId}.`,
      'Copy the id from the token: cg_<id>_<secret>.',
    );
}
