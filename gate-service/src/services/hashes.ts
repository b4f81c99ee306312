import { createHmac, createSecretKey, hash as digestOf, timingSafeEqual } from 'node:crypto';
import type { ChangeContract } from '../contract/change-contract.ts';
import type { Kpi } from '../contract/kpi-registry.ts';
import { toWire } from '../contract/wire-case.ts';
import { canonicalJson } from '../domain/model/canonical-json.ts';

function sha256(text: string): string {
  return digestOf('sha256', text, 'hex');
}

/** Hash that locks a contract: of its meaning with every default filled in, not of its spelling. */
export function contractHash(contract: ChangeContract): string {
  return sha256(canonicalJson(toWire(contract)));
}

/** Hash of the KPI definitions that a contract names; only what decides (not titles, owners, run books). */
export function kpisHash(kpis: readonly Kpi[]): string {
  const deciding = kpis
    .map(({ id, unit, direction, measure }) => ({ id, unit, direction, measure }))
    .sort((left, right) => (left.id < right.id ? -1 : 1));
  return sha256(canonicalJson(toWire(deciding)));
}

/** `chg-<PR or push>-<10 hex>`: the same commit and contract always get the same id (docs/design.md section 3). */
export function makeChangeId(
  repository: string,
  pullRequest: number | null,
  commitSha: string,
  contractPath: string,
): string {
  const digest = sha256(`${repository}\n${commitSha}\n${contractPath}`);
  return `chg-${pullRequest ?? 'push'}-${digest.slice(0, 10)}`;
}

/** Makes a repository's pseudonyms: HMAC-SHA-256 of the user id with a key of the repository's own, 32 hex digits. */
export function pseudonymizer(secret: string, repository: string): (userId: string) => string {
  // A key object is prepared once; a key given as bytes would be prepared again for each event, six times as slow.
  const key = createSecretKey(createHmac('sha256', secret).update(`changegate/unit/${repository}`).digest());
  return (userId) => createHmac('sha256', key).update(userId).digest('hex').slice(0, 32);
}

/**
 * Hash of an API token's secret; the token has 256 random bits, so no slow function is needed (docs/reliability.md
 * 6.2).
 */
export function tokenHash(secret: string, token: string): string {
  return createHmac('sha256', `changegate/token/${secret}`).update(token).digest('hex');
}

/** Content hash of an event as sent, without its `hash` and `event_id`. */
export function eventContentHash(line: Record<string, unknown>): string {
  const { hash: _hash, event_id: _id, ...rest } = line;
  return sha256(canonicalJson(rest));
}

/** Whether an event's `hash` is right: SHA-256 of the canonical rest, or HMAC-SHA-256 with the ingest key. */
export function eventHashMatches(line: Record<string, unknown>, hmacKey: string | null): boolean {
  const { hash, ...rest } = line;
  const canonical = canonicalJson(rest);
  const given = String(hash)
    .replace(/^(hmac-)?sha256:/, '')
    .toLowerCase();
  const expected = hmacKey === null ? sha256(canonical) : createHmac('sha256', hmacKey).update(canonical).digest('hex');
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
