import { z } from 'zod';
import { PostgresFault } from './fault.ts';
import type { Row } from './parse-rows.ts';

/**
 * What the role can do besides reading, with every role that it may become. Writing is looked for in all tables outside
 * of the catalogue, and three are named.
 */
export const ROLE_QUERY = `select
  current_user as name,
  exists (select from pg_roles where rolsuper and pg_has_role(oid, 'member')) as superuser,
  (select rolbypassrls or rolcreaterole or rolcreatedb or rolreplication from pg_roles where rolname = current_user) as special,
  (select string_agg(rolname, ', ' order by rolname) from pg_roles
    where rolname in ('pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program',
      'pg_signal_backend', 'pg_maintain', 'pg_checkpoint', 'pg_create_subscription', 'pg_database_owner')
    and pg_has_role(oid, 'member')) as member_of,
  (select string_agg(name, ', ' order by name) from (
    select c.oid::regclass::text as name from pg_class c join pg_namespace s on s.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and s.nspname !~ '^pg_' and s.nspname <> 'information_schema'
    and pg_has_role(c.relowner, 'member') order by 1 limit 3) as owned) as owns,
  (select string_agg(name, ', ' order by name) from (
    select c.oid::regclass::text as name from pg_class c join pg_namespace s on s.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and s.nspname !~ '^pg_' and s.nspname <> 'information_schema'
    and (has_table_privilege(c.oid, 'insert, update, delete, truncate') or has_any_column_privilege(c.oid, 'insert, update'))
    order by 1 limit 3) as writable) as writes`;

const Flag = z.enum(['t', 'f']).transform((flag) => flag === 't');
const RoleSchema = z.object({
  name: z.string(),
  superuser: Flag,
  special: Flag,
  member_of: z.string().nullable(),
  owns: z.string().nullable(),
  writes: z.string().nullable(),
});

/**
 * The name of a role that may only read.
 * @throws PostgresFault `refused` with all that it may do besides; `bad_schema`
 */
export function parseRole(rows: readonly Row[]): string {
  const parsed = RoleSchema.safeParse(rows[0]);
  if (!parsed.success) throw new PostgresFault('bad_schema', 'The server does not say what the role may do.');
  const { name, superuser, special, member_of, owns, writes } = parsed.data;
  const reasons = [
    superuser && 'is or may become a superuser',
    special && !superuser && 'may create roles or databases, replicate, or pass row security',
    member_of && !superuser && `is in ${member_of}`,
    owns && !superuser && `owns ${owns}`,
    writes && !superuser && `may write ${writes}`,
  ].filter((reason) => typeof reason === 'string' && reason !== '');
  if (reasons.length === 0) return name;
  throw new PostgresFault(
    'refused',
    `The role ${name} ${reasons.join(', ')}; allowed: a role that may only read. Make one with the script in docs/sources.md (PostgreSQL).`,
  );
}
