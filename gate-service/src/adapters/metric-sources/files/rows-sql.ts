import type { SourceQuestion } from '../../../ports/metric-source.ts';
import type { ColumnField, FilesConfig } from './config.ts';
import { FilesFault } from './fault.ts';
import { type Fields, type Scan, tableOf, valueEvents } from './scan.ts';
import { spanOf } from './span.ts';
import { identifier, text, texts } from './sql-text.ts';

export interface ScanWithFields {
  readonly scan: Scan;
  readonly fields: Fields;
}

/** A number that a text is; what is no number is null. */
const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/;
const WITH_OFFSET = String.raw`\d\d:\d\d(:\d\d([.,]\d+)?)?([Zz]|[+-]\d\d:\d\d)$`;

/**
 * The rows of some files as events, one SELECT:
 *
 * | column | |
 * | --- | --- |
 * | src | which of the question's scans it is from |
 * | t | milliseconds since 1970 |
 * | e | the event; null for one that is not counted from these files |
 * | u | the unit, null for nobody |
 * | v | 1 on, 0 off, null for a row that does not name the change |
 * | c | the cohort, '' for none |
 * | id | the event_id or null |
 * | err | whether the status is error |
 * | val, lat | value and latency |
 * | bad | null, or which column cannot be read and what its text looks like, without its letters and digits |
 */
export function rowsSql(
  { scan, fields }: ScanWithFields,
  src: number,
  question: SourceQuestion,
  config: FilesConfig,
): string {
  const columns = Object.values(fields).map(({ column }) => column);
  const column = (field: ColumnField) => (fields[field] ? identifier(fields[field].column) : null);
  const asText = (field: ColumnField) => (fields[field] ? textOf(fields[field], field) : 'NULL::VARCHAR');
  const time = timeSql(fields.time!, scan, config.times_without_zone);
  const inner = [
    `${time} AS t`,
    `${eventSql(scan, asText('event'))} AS e`,
    `${asText('unit')} AS u`,
    `${variantSql(question, config, column('change') ? asText('change') : null, asText('variant'), time)} AS v`,
    `${question.byCohort ? `coalesce(${asText('cohort')}, '')` : "''"} AS c`,
    `${asText('event_id')} AS id`,
    `coalesce(${asText('status')} = 'error', FALSE) AS err`,
    `${numberSql(fields.value, scan)} AS val`,
    `${numberSql(fields.latency_ms, scan)} AS lat`,
    ...rawColumns(fields),
  ];
  const bad = badSql({ scan, fields }, question);
  return `SELECT ${src} AS src, t, e, u, v, c, id, err, val, lat, ${bad} AS bad
    FROM (SELECT ${inner.join(', ')}
      FROM ${tableOf(scan, columns)})`;
}

function textOf({ column, type }: { readonly column: string; readonly type: string }, field: ColumnField): string {
  const name = type === 'VARCHAR' ? identifier(column) : `${identifier(column)}::VARCHAR`;
  return field === 'unit' || field === 'event_id' ? `nullif(${name}, '')` : name;
}

function timeSql({ column, type }: Fields['time'] & object, { pattern }: Scan, naive: 'refuse' | 'utc'): string {
  const name = identifier(column);
  if (type === 'TIMESTAMP WITH TIME ZONE' || /^TIMESTAMP(_S|_MS|_NS)?$/.test(type))
    return `epoch_ms(CASE WHEN isfinite(${name}) THEN ${name}::${type === 'TIMESTAMP_NS' ? 'TIMESTAMP' : type} END)`;
  if (type !== 'VARCHAR')
    throw new FilesFault(
      'bad_schema',
      `the column ${column} (time) of ${pattern} is ${type}; allowed: a timestamp, or a text such as 2026-11-02T09:15:00Z`,
    );
  const local = naive === 'utc' ? ` ELSE epoch_ms(try_cast(${name} AS TIMESTAMP))` : '';
  return `CASE WHEN regexp_matches(${name}, ${text(WITH_OFFSET)}) THEN epoch_ms(try_cast(${name} AS TIMESTAMPTZ))${local} END`;
}

function eventSql({ only, elsewhere }: Scan, column: string): string {
  if (only?.called === null) return text(only.event);
  if (only) return `CASE WHEN ${column} = ${text(only.called!)} THEN ${text(only.event)} END`;
  return elsewhere.length > 0 ? `CASE WHEN ${column} NOT IN (${texts(elsewhere)}) THEN ${column} END` : column;
}

/** The change's own rows before its window are nobody's, as they are for events that are sent. */
function variantSql(
  { changeId, since }: SourceQuestion,
  { variants }: FilesConfig,
  change: string | null,
  variant: string,
  time: string,
): string {
  if (changeId === null || change === null) return 'NULL::INTEGER';
  const mine = [`${change} = ${text(changeId)}`, ...(since === undefined ? [] : [`${time} >= ${since * 60_000}`])];
  return `CASE WHEN ${mine.join(' AND ')} THEN CASE WHEN ${variant} IN (${texts(variants.on)}) THEN 1 WHEN ${variant} IN (${texts(variants.off)}) THEN 0 ELSE -1 END END`;
}

function numberSql(field: Fields['value'], { pattern }: Scan): string {
  if (!field) return 'NULL::DOUBLE';
  const name = identifier(field.column);
  if (field.type === 'VARCHAR') return `try_cast(${name} AS DOUBLE)`;
  if (NUMERIC.test(field.type)) return `${name}::DOUBLE`;
  throw new FilesFault('bad_schema', `the column ${field.column} of ${pattern} is ${field.type}; allowed: a number`);
}

/** Texts as they are in the file, for telling what one that cannot be read looks like. */
function rawColumns(fields: Fields): readonly string[] {
  const raw = (['time', 'status', 'variant', 'value', 'latency_ms'] as const).flatMap((field) =>
    fields[field] ? [`${identifier(fields[field].column)} AS raw_${field}`] : [],
  );
  return [...raw, 'filename AS raw_file'];
}

function badSql({ scan, fields }: ScanWithFields, question: SourceQuestion): string {
  const { measure } = question.kpi;
  const { from, until } = spanOf(question);
  const inSpan = `t >= ${from} AND t < ${until}`;
  const told = (field: 'time' | 'status' | 'variant' | 'value' | 'latency_ms') => {
    const where = `' (${field}) of ' || regexp_extract(raw_file, '[^/]*$')`;
    const shape = `regexp_replace(regexp_replace(left(raw_${field}::VARCHAR, 30), '\\p{L}', 'a', 'g'), '\\p{N}', '9', 'g')`;
    return `${text(fields[field]!.column)} || ${where} || coalesce(', which looks like "' || ${shape} || '"', ', which is empty')`;
  };
  const isBad = (number: string, raw: string) =>
    `(${raw} IS NOT NULL AND (${number} IS NULL OR NOT isfinite(${number})))`;
  const cases: string[] = [`WHEN t IS NULL OR t < 0 THEN ${told('time')}`];
  if (fields.variant) cases.push(`WHEN v = -1 THEN ${told('variant')}`);
  const values = valueEvents(measure).filter((event) => scan.events.includes(event));
  if (values.length > 0)
    cases.push(`WHEN e IN (${texts(values)}) AND ${inSpan} AND ${isBad('val', 'raw_value')} THEN ${told('value')}`);
  if (measure.type === 'quantile')
    cases.push(
      `WHEN e = ${text(measure.of)} AND ${inSpan} AND (${isBad('lat', 'raw_latency_ms')} OR lat < 0) THEN ${told('latency_ms')}`,
    );
  if (measure.type === 'proportion' && measure.counts !== null && fields.status)
    cases.push(
      `WHEN e = ${text(measure.of)} AND ${inSpan} AND nullif(raw_status, '') NOT IN ('success', 'error') THEN ${told('status')}`,
    );
  return `CASE ${cases.join(' ')} END`;
}
