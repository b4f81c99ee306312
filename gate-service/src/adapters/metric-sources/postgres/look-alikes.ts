import { nearest } from '../../../contract/nearest.ts';
import type { Missing } from './fault.ts';
import type { Row } from './parse-rows.ts';

const MOST_NAMES = 5_000;
const READABLE = `from pg_class c join pg_namespace s on s.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and s.nspname !~ '^pg_' and s.nspname <> 'information_schema'
  and has_schema_privilege(s.oid, 'usage') and has_any_column_privilege(c.oid, 'select')`;

/** Names that the role can use, each once. */
export const NAME_QUERIES: Readonly<Record<Missing['kind'], string>> = {
  table: `select distinct c.relname as name ${READABLE} order by 1 limit ${MOST_NAMES}`,
  column: `select distinct column_name as name from information_schema.columns
where table_schema !~ '^pg_' and table_schema <> 'information_schema' order by 1 limit ${MOST_NAMES}`,
  function: `select distinct proname as name from pg_proc where has_function_privilege(oid, 'execute') order by 1 limit ${MOST_NAMES}`,
  schema: `select nspname as name from pg_namespace where has_schema_privilege(oid, 'usage') order by 1 limit ${MOST_NAMES}`,
};

/** "There is …" for what was probably meant, or what there is at all. */
export function lookAlikes({ kind, name }: Missing, rows: readonly Row[]): string {
  const names = rows.flatMap((row) => row.name ?? []);
  const near = nearest(name, names);
  if (near.length > 0) return `There is ${near.join(', ')}.`;
  if (kind === 'function' || names.length === 0) return `There is no ${kind} like it that the role may use.`;
  return `No ${kind} is like it; the first that the role may use: ${names.slice(0, 5).join(', ')}.`;
}
