import { z } from 'zod';
import { KpiIdSchema } from '../../../contract/identifiers.ts';
import { readStatement } from './statement.ts';

const textError = { error: 'allowed: a text of 1 to 200 characters' };
const Text = z.string(textError).min(1, textError).max(200, textError);
const whole = (least: number, most: number) => {
  const error = { error: `allowed: a whole number from ${least} to ${most}` };
  return z.number(error).int(error).min(least, error).max(most, error);
};

const QueryError = { error: 'allowed: one SELECT of at most 20000 characters' };
const Query = z
  .string(QueryError)
  .max(20_000, QueryError)
  .transform((text, context) => {
    const read = readStatement(text);
    if ('statement' in read) return read.statement;
    context.addIssue({ code: 'custom', message: read.problem });
    return z.NEVER;
  });

/** One PostgreSQL database in the gate's own configuration file (docs/sources.md). */
export const PostgresSourceSchema = z.strictObject({
  type: z.literal('postgres'),
  host: Text.describe('A name, an address, or the folder of a Unix socket.'),
  port: whole(1, 65_535).default(5432),
  database: Text,
  user: Text.describe('A role that may only read; the password comes from the environment.'),
  tls: z
    .strictObject({
      mode: z
        .enum(['verify', 'off'], { error: 'allowed: verify or off' })
        .default('verify')
        .describe('verify: TLS, and the certificate must be for this host. off: a trusted network or a socket.'),
      ca_file: Text.optional().describe('PEM file of the authority, where it is not a public one.'),
    })
    .prefault({}),
  search_path: z.array(Text).min(1).max(10).default(['public']),
  timeout_seconds: whole(1, 60).default(10),
  lock_timeout_seconds: whole(1, 30).default(1),
  settle_minutes: whole(0, 60).default(1).describe('How long rows may be under way.'),
  max_replica_lag_minutes: whole(1, 60).default(1),
  max_rows: whole(100, 200_000).default(200_000),
  kpis: z.record(
    KpiIdSchema,
    z.strictObject({
      query: Query.describe('One SELECT that answers the columns of docs/sources.md.'),
      fresh: Query.optional().describe('One SELECT that answers `seen`: when there was a row of this KPI last.'),
    }),
  ),
});

export type PostgresConfig = z.output<typeof PostgresSourceSchema>;
export type PostgresKpi = PostgresConfig['kpis'][string];

/** The password of the role; from the environment or a file that it names. */
export interface PostgresSecrets {
  readonly password: string;
}
