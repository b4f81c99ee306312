import type { Kpi } from '../../../contract/kpi-registry.ts';
import { eventsOf } from '../../../domain/model/measure.ts';
import { formatMinute, MINUTE_MS } from '../../../domain/model/time.ts';
import type { MetricSource, SourceAnswer, SourceFinding, SourceQuestion } from '../../../ports/metric-source.ts';
import type { FilesConfig } from './config.ts';
import { Engine, type EngineOptions } from './engine.ts';
import { alike, FilesFault, toAnswer } from './fault.ts';
import { findFiles, formatOf, realDirectory } from './find-files.ts';
import { eventNamesSql, inspectionSql, questionSql } from './question-sql.ts';
import { minuteOrNull, readRows } from './read-rows.ts';
import type { ScanWithFields } from './rows-sql.ts';
import { columnsSql, requiredFields, resolveFields, type Scan, scansOf } from './scan.ts';

/** A clock may be so far behind that of who writes the files. */
const SKEW_MS = 5 * MINUTE_MS;

export interface FilesOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly load?: EngineOptions['load'];
}

/** A table of events in CSV, Parquet or NDJSON files, one row an event, read by a DuckDB that can do nothing else. */
export function createFilesSource(name: string, config: FilesConfig, options: FilesOptions): MetricSource {
  return new FilesSource(name, config, options);
}

class FilesSource implements MetricSource {
  readonly #name: string;
  readonly #config: FilesConfig;
  readonly #options: FilesOptions;
  #engine: Promise<Engine> | null = null;
  #root = '';

  constructor(name: string, config: FilesConfig, options: FilesOptions) {
    this.#name = `source ${name}`;
    this.#config = config;
    this.#options = options;
  }

  async read(question: SourceQuestion): Promise<SourceAnswer> {
    const asked: { query: string | null } = { query: null };
    const deadline = performance.now() + this.#config.deadline_seconds * 1_000;
    try {
      return await beforeDeadline(this.#answer(question, deadline, asked), deadline);
    } catch (error) {
      return toAnswer(error, this.#name, asked.query);
    }
  }

  async check(kpi: Kpi): Promise<readonly SourceFinding[]> {
    const question = historyOf(kpi, this.#options.now());
    const deadline = performance.now() + this.#config.deadline_seconds * 1_000;
    const done: SourceFinding[] = [];
    try {
      await beforeDeadline(this.#inspect(question, deadline, done), deadline);
    } catch (error) {
      const answer = toAnswer(error, this.#name, null);
      done.push({ check: 'files', status: 'failed', detail: answer.detail });
    }
    return done;
  }

  async close(): Promise<void> {
    const engine = this.#engine;
    this.#engine = null;
    await engine?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  async #answer(question: SourceQuestion, deadline: number, asked: { query: string | null }): Promise<SourceAnswer> {
    const engine = await this.#open();
    const scans = await this.#scans(engine, question, deadline);
    const now = this.#options.now();
    const sql = questionSql(scans, question, this.#config, now + SKEW_MS);
    asked.query = sql;
    const { meta, buckets } = readRows((await engine.select(sql, deadline - performance.now())).rows, question);
    if (meta.bad > 0)
      throw new FilesFault(
        'bad_value',
        `${meta.bad} rows cannot be read; the first has in column ${meta.firstBad}. Mend or remove them; see docs/sources.md, Files`,
      );
    await this.#assertSeen(meta.seen, engine, scans, question, deadline);
    const { from, to, bucketMinutes, kpi } = question;
    const newest = minuteOrNull(meta.newest.includes(null) ? null : Math.min(...(meta.newest as number[])));
    const vouched = Math.min(to, Math.max(from, (newest ?? from) - kpi.measure.withinMinutes));
    const completeUntil = vouched - (vouched % bucketMinutes);
    if (completeUntil <= from) this.#assertFresh(newest, now);
    return {
      status: 'ok',
      buckets: buckets.filter(({ minute }) => minute < completeUntil),
      completeUntil,
      lastSeen: { kpi: minuteOrNull(meta.kpiSeen), change: minuteOrNull(meta.changeSeen) },
      query: sql,
      facts: meta.future > 0 ? [`${meta.future} rows lie in the future; they do not say how far the files go`] : [],
    };
  }

  async #inspect(question: SourceQuestion, deadline: number, done: SourceFinding[]): Promise<void> {
    const passed = (check: string, detail: string) => done.push({ check, status: 'ok', detail });
    const engine = await this.#open();
    passed('directory', `${this.#root} is the only one that is read`);
    const scans = await this.#scans(engine, question, deadline);
    for (const { scan, fields } of scans) {
      const columns = Object.entries(fields).map(([field, { column }]) => `${field} = ${column}`);
      passed('columns', `${scan.pattern}: ${scan.paths.length} files; ${columns.join(', ')}`);
    }
    const sql = inspectionSql(scans, question, this.#config);
    const row = (await engine.select(sql, deadline - performance.now())).rows[0]!;
    const [bad, conflicts] = [Number(row.bad), Number(row.conflicts)];
    if (bad > 0)
      throw new FilesFault('bad_value', `${bad} rows cannot be read; the first has in column ${row.first_bad}`);
    if (conflicts > 0)
      throw new FilesFault('ambiguous', `${conflicts} values of event_id stand for several different events`);
    const seen = new Map(eventsOf(question.kpi.measure).map((event, i) => [event, Number(row[`seen_${i}`])]));
    await this.#assertSeen(seen, engine, scans, question, deadline);
    passed('events', [...seen].map(([event, count]) => `${event}: ${count} rows`).join(', '));
    const [oldest, newest] = [minuteOrNull(Number(row.oldest))!, minuteOrNull(Number(row.newest))!];
    passed('time', `rows from ${formatMinute(oldest)} to ${formatMinute(newest)}`);
    this.#assertFresh(newest, this.#options.now());
  }

  #open(): Promise<Engine> {
    this.#engine ??= this.#start().catch((error: unknown) => {
      this.#engine = null;
      throw error;
    });
    return this.#engine;
  }

  async #start(): Promise<Engine> {
    this.#root = await realDirectory(this.#config.directory);
    const { memory_mb: memoryMb, temp_mb: tempMb, threads } = this.#config;
    const { load } = this.#options;
    return Engine.open({ directory: this.#root, memoryMb, tempMb, threads, ...(load && { load }) });
  }

  /** The files of a KPI's events with the columns that they have now. */
  async #scans(engine: Engine, question: SourceQuestion, deadline: number): Promise<readonly ScanWithFields[]> {
    const parts = scansOf(this.#config, eventsOf(question.kpi.measure));
    const scans: ScanWithFields[] = [];
    for (const part of parts) {
      const files = await findFiles(this.#root, part.pattern, this.#config.max_files);
      const said = part.only ? this.#config.events[part.only.event]!.format : this.#config.format;
      const format = said ?? formatOf(files[0]!.path);
      const paths = files.filter(({ bytes }) => bytes > 0).map(({ path }) => path);
      if (paths.length === 0) throw new FilesFault('empty', `every file of ${part.pattern} is empty`);
      scans.push(await resolveScan(engine, { ...part, paths, format }, question, deadline));
    }
    return scans;
  }

  /** An event of which there is no row at all may be misspelt: that is not the same as one that never happened. */
  async #assertSeen(
    seen: ReadonlyMap<string, number>,
    engine: Engine,
    scans: readonly ScanWithFields[],
    question: SourceQuestion,
    deadline: number,
  ): Promise<void> {
    const gone = [...seen].find(([event, count]) => count === 0 && !this.#config.may_be_absent.includes(event))?.[0];
    if (gone === undefined) return;
    const sql = eventNamesSql(scans, question, this.#config);
    const { rows } = await engine.select(sql, deadline - performance.now());
    const names = rows.map(({ e }) => String(e)).toSorted();
    throw new FilesFault(
      'empty',
      `no row is a ${gone}; ${alike(gone, names)} Correct the KPI or the configuration of the source, or list the event under may_be_absent`,
    );
  }

  #assertFresh(newest: number | null, now: number): void {
    const limit = this.#config.stale_after_minutes;
    if (newest === null) throw new FilesFault('empty', 'the files have no row with a time that has come');
    if (now / MINUTE_MS - newest <= limit) return;
    throw new FilesFault(
      'stale',
      `the newest row is of ${formatMinute(newest)}, which is more than ${limit} minutes ago; see whether the export still runs, or raise stale_after_minutes`,
    );
  }
}

/** NDJSON has columns where a row has them: when one is missing among the first rows, all are looked at. */
async function resolveScan(
  engine: Engine,
  scan: Scan,
  question: SourceQuestion,
  deadline: number,
): Promise<ScanWithFields> {
  const required = requiredFields(scan, question);
  const resolve = async (sample?: number) => {
    const sql = columnsSql(scan, sample);
    const { columns } = await engine.select(sql, deadline - performance.now());
    return { scan, fields: resolveFields(scan, required, columns, sql) };
  };
  if (scan.format !== 'ndjson') return resolve();
  return resolve().catch(() => resolve(-1));
}

/** The whole history, which needs no variant: whether the columns of a change are there is asked as well. */
function historyOf(kpi: Kpi, now: number): SourceQuestion {
  const to = Math.floor(now / MINUTE_MS);
  return { kpi, changeId: '', from: 0, to, bucketMinutes: 1, byCohort: false };
}

async function beforeDeadline<T>(work: Promise<T>, deadline: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const fault = () =>
    late.reject(new FilesFault('deadline', 'the files took too long to answer; see deadline_seconds'));
  const timer = setTimeout(fault, Math.max(0, deadline - performance.now()) + 200);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
