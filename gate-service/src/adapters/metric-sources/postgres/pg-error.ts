import type { SourceFault } from '../../../ports/metric-source.ts';
import { type Missing, PostgresFault } from './fault.ts';

/** What a failed call to the server carries: SQLSTATE or the code of a socket's error. */
interface PgError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly hint?: unknown;
}

interface Rule {
  readonly fault: SourceFault;
  readonly next: string;
  readonly passing?: boolean;
  /** Whether the server's own words are kept: they name things of the query, never values of the database. */
  readonly quote?: boolean;
}

const READ_ONLY_ROLE = 'Give the role the rights of the script in docs/sources.md (PostgreSQL), and none besides.';

/** By SQLSTATE, then by its class: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const RULES: Readonly<Record<string, Rule>> = {
  '28': { fault: 'unauthorised', next: 'The server refused the user or the password: check both, and pg_hba.conf.' },
  '42501': { fault: 'unauthorised', next: READ_ONLY_ROLE, quote: true },
  '3D000': { fault: 'not_configured', next: 'Name a database that exists.', quote: true },
  '53': { fault: 'overloaded', next: 'The server has no room left (connections, memory or disk).', quote: true },
  '55P03': {
    fault: 'lock_wait',
    next: 'Another session holds a lock on what the query reads: often a migration or ALTER TABLE that is still open.',
  },
  '57014': { fault: 'deadline', next: 'Make the query faster (an index on the time), or raise timeout_seconds.' },
  '25P03': { fault: 'deadline', next: 'The server closed an idle transaction.', passing: true },
  '25P04': { fault: 'deadline', next: 'The server closed a transaction that took too long.' },
  '25006': { fault: 'refused', next: 'The query of a KPI only reads. Take out what writes.', quote: true },
  '25001': { fault: 'refused', next: 'The query of a KPI only reads and sets nothing.', quote: true },
  '22': {
    fault: 'bad_value',
    next: 'An expression of the query met a value that it cannot take: guard it with NULLIF or CASE.',
  },
  '42': { fault: 'bad_query', next: 'Correct the query in the configuration.', quote: true },
  '0A000': { fault: 'bad_query', next: 'A query is one SELECT that only reads.', quote: true },
  '3F000': { fault: 'bad_query', next: 'Correct the query in the configuration.', quote: true },
  '40': { fault: 'overloaded', next: 'The server ended the query because of others.', passing: true, quote: true },
  '57': { fault: 'unreachable', next: 'The server is starting, stopping or in recovery.', passing: true },
  '08': { fault: 'unreachable', next: 'The connection broke.', passing: true },
};
const REFUSED_TLS = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const MISSING: Readonly<Record<string, Missing['kind']>> = {
  '42P01': 'table',
  '42703': 'column',
  '42883': 'function',
  '3F000': 'schema',
};
const MOST_QUOTED = 300;

/** What a failed call means. */
export function toFault(error: unknown): PostgresFault {
  if (error instanceof PostgresFault) return error;
  const { code, message, hint }: PgError = error instanceof Error ? error : {};
  const words = typeof message === 'string' ? message.slice(0, MOST_QUOTED) : '';
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return fromSqlState(code, words, hint);
  if (typeof code === 'string' && (code.startsWith('ERR_TLS') || code.startsWith('CERT_') || REFUSED_TLS.has(code))) {
    return new PostgresFault(
      'unreachable',
      `The server's certificate was refused (${code}). Set tls.ca_file to the authority that signed it.`,
    );
  }
  if (/does not support SSL/i.test(words)) {
    return new PostgresFault(
      'unreachable',
      'The server offers no TLS. Turn it on there, or set tls.mode: off where the network is trusted.',
    );
  }
  if (/password must be a string|SASL/i.test(words)) {
    return new PostgresFault(
      'unauthorised',
      'The server asks for a password in a way that does not fit the one that was given. Check the password.',
    );
  }
  return new PostgresFault(
    'unreachable',
    `No connection to the server (${typeof code === 'string' ? code : 'it was closed'}). Check host, port and network.`,
    {
      passing: true,
    },
  );
}

function fromSqlState(code: string, words: string, hint: unknown): PostgresFault {
  const rule = RULES[code] ?? RULES[code.slice(0, 2)];
  if (!rule) return new PostgresFault('refused', `The server refused the query (SQLSTATE ${code}).`);
  const kind = MISSING[code];
  const name = kind && nameIn(words);
  const quoted = rule.quote ? `: ${words}.${typeof hint === 'string' ? ` ${hint.slice(0, MOST_QUOTED)}` : ''}` : '.';
  return new PostgresFault(rule.fault, `SQLSTATE ${code}${quoted} ${rule.next}`, {
    passing: rule.passing ?? false,
    ...(kind && name && { missing: { kind, name } }),
  });
}

/** The last part of the name in `relation "a.b" does not exist`, `column o.c does not exist`, `function f(text) …`. */
function nameIn(words: string): string | null {
  const quoted = /["«]([^"»]+)["»]/.exec(words)?.[1];
  const bare = /\b(?:column|function) ([^\s(]+)/.exec(words)?.[1];
  return (quoted ?? bare)?.split('.').at(-1)?.replaceAll('"', '') ?? null;
}
