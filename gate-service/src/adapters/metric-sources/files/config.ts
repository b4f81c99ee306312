import { z } from 'zod';
import { EventNameSchema } from '../../../contract/identifiers.ts';

const Column = z
  .string()
  .regex(/^[^\p{Cc}]{1,200}$/u, { error: 'allowed: the name of a column, 1 to 200 characters, no control characters' });

const GLOB_ERROR = 'allowed: a path below the directory, such as events-*.parquet or **/*.csv.gz, without ..';
const Glob = z
  .string()
  .regex(/^[^\p{Cc}\\]{1,500}$/u, { error: GLOB_ERROR })
  .refine((glob) => !glob.startsWith('/') && !glob.split('/').includes('..'), { error: GLOB_ERROR });

const Format = z.enum(['csv', 'parquet', 'ndjson']);

/** Names of columns when nothing is said: those of an event (docs/events.md). */
export const DEFAULT_COLUMNS = {
  time: 'timestamp',
  event: 'event',
  change: 'change_id',
  variant: 'version_flag',
  unit: 'user_id',
  cohort: 'user_cohort',
  event_id: 'event_id',
  status: 'status',
  value: 'value',
  latency_ms: 'latency_ms',
} as const;
export type ColumnField = keyof typeof DEFAULT_COLUMNS;

const Columns = z.strictObject({
  time: Column.optional(),
  event: Column.optional(),
  change: Column.optional(),
  variant: Column.optional(),
  unit: Column.optional(),
  cohort: Column.optional(),
  event_id: Column.optional(),
  status: Column.optional(),
  value: Column.optional(),
  latency_ms: Column.optional(),
});
const columns = Columns.default({}).describe('Where a column is not called as the field of an event is.');
const formatKey = Format.optional().describe('Default: by the ending (.csv, .parquet, .ndjson, .jsonl; with .gz too).');
const delimiter = z
  .string()
  .regex(/^[,;|\t]$/, { error: 'allowed: one of , ; | and tab' })
  .default(',');

const EventFilesSchema = z
  .strictObject({
    files: Glob,
    format: formatKey,
    columns,
    delimiter,
    called: z.string().min(1).max(200).optional().describe('What the event is called in the column of the event.'),
  })
  .refine(({ called, columns: { event } }) => called === undefined || event !== undefined, {
    path: ['called'],
    error: 'allowed: only together with columns.event; without it every row is the event',
  });

const variantValues = (values: readonly string[]) =>
  z
    .array(z.string().min(1).max(100))
    .min(1)
    .default([...values]);

/** Files in one directory, in the gate's own configuration file (docs/sources.md, Files). */
export const FilesSourceSchema = z
  .strictObject({
    type: z.literal('files'),
    directory: z
      .string()
      .regex(/^\/[^\p{Cc}]*$/u, { error: 'allowed: an absolute path, such as /srv/exports' })
      .describe('The only directory that is ever read.'),
    files: Glob.optional().describe('Files in which every row says which event it is.'),
    format: formatKey,
    columns,
    delimiter,
    events: z.record(EventNameSchema, EventFilesSchema).default({}).describe('Events that have files of their own.'),
    variants: z
      .strictObject({ on: variantValues(['on']), off: variantValues(['off']) })
      .prefault({})
      .describe('What is in the column of the variant.'),
    times_without_zone: z
      .enum(['refuse', 'utc'])
      .default('refuse')
      .describe('What a time in a text means that has no offset. Parquet timestamps are UTC.'),
    may_be_absent: z
      .array(EventNameSchema)
      .default([])
      .describe('Events of which no row at all means that none happened, and not that the name is wrong.'),
    stale_after_minutes: z.number().int().min(1).max(43_200).default(1_560).describe('Age of the newest row.'),
    deadline_seconds: z.number().int().min(1).max(60).default(10),
    memory_mb: z.number().int().min(64).max(65_536).default(512),
    temp_mb: z.number().int().min(0).max(1_048_576).default(2_048).describe('Disk for what does not fit in memory.'),
    threads: z.number().int().min(1).max(64).default(2),
    max_files: z.number().int().min(1).max(100_000).default(1_000),
  })
  .refine(({ files, events }) => files !== undefined || Object.keys(events).length > 0, {
    path: ['files'],
    error: 'missing; allowed: a glob for all events here, or one for each event under events',
  })
  .refine(({ variants: { on, off } }) => !on.some((value) => off.includes(value)), {
    path: ['variants'],
    error: 'allowed: no value that is both on and off',
  });

export type FilesConfig = z.output<typeof FilesSourceSchema>;
export type FileFormat = z.output<typeof Format>;
export type EventFiles = z.output<typeof EventFilesSchema>;
