import type { Kpi } from '../../../contract/kpi-registry.ts';
import { nearest } from '../../../contract/nearest.ts';
import { DAY_MINUTES, type EpochMinute, formatMinute, HOUR_MINUTES, minuteOf } from '../../../domain/model/time.ts';
import type { BusinessClock } from '../../../ports/clock.ts';
import type { MetricSource, SourceAnswer, SourceFinding, SourceQuestion } from '../../../ports/metric-source.ts';
import { PostgresClient, type Session } from './client.ts';
import { freshShapeOf, shapeOf } from './columns.ts';
import type { PostgresConfig, PostgresKpi, PostgresSecrets } from './config.ts';
import { PostgresFault, toAnswer } from './fault.ts';
import { lookAlikes, NAME_QUERIES } from './look-alikes.ts';
import { newestOf, parseFresh, parseRows } from './parse-rows.ts';
import { toFault } from './pg-error.ts';
import { describeQuery, freshQuery, type Query, sumsQuery } from './query.ts';
import { horizonOf, parseState, STATE_QUERY } from './server-state.ts';

/** How far back the check before the first question looks. */
const CHECKED_DAYS = 28;

/**
 * KPIs that are one SELECT each (docs/sources.md). The role is looked at on every new connection: one that may do more
 * than read is refused.
 * @param name of the source, for people
 */
export function createPostgresSource(
  name: string,
  config: PostgresConfig,
  secrets: PostgresSecrets,
  { clock }: { readonly clock: BusinessClock },
): MetricSource {
  return new PostgresSource(name, config, new PostgresClient(config, secrets), clock);
}

class PostgresSource implements MetricSource {
  readonly #name: string;
  readonly #config: PostgresConfig;
  readonly #client: PostgresClient;
  readonly #clock: BusinessClock;

  constructor(name: string, config: PostgresConfig, client: PostgresClient, clock: BusinessClock) {
    this.#name = name;
    this.#config = config;
    this.#client = client;
    this.#clock = clock;
  }

  async read(question: SourceQuestion): Promise<SourceAnswer> {
    const deadline = this.#client.deadline();
    const sent: { query: Query | null } = { query: null };
    try {
      const kpi = this.#queriesOf(question.kpi);
      return await this.#client.transaction(deadline, (session) => this.#ask(session, kpi, question, sent));
    } catch (error) {
      const fault = await this.#explain(toFault(error), question.kpi, deadline);
      return toAnswer(fault, sent.query?.filled ?? null);
    }
  }

  async check(kpi: Kpi): Promise<readonly SourceFinding[]> {
    const until = Math.floor(minuteOf(this.#clock.now()) / HOUR_MINUTES) * HOUR_MINUTES;
    const from = until - CHECKED_DAYS * DAY_MINUTES;
    const connection = await this.#checkConnection();
    if (connection.some(({ status }) => status === 'failed')) return connection;
    const answer = await this.read({
      kpi,
      changeId: null,
      from,
      to: until,
      bucketMinutes: HOUR_MINUTES,
      byCohort: false,
    });
    if (answer.status === 'source_error' || answer.status === 'stale') {
      return [...connection, { check: 'query', status: 'failed', detail: answer.detail }];
    }
    const days = new Set(
      answer.status === 'ok' ? answer.buckets.map(({ minute }) => Math.floor(minute / DAY_MINUTES)) : [],
    );
    return [
      ...connection,
      { check: 'query', status: 'ok', detail: 'The query answers the columns that the KPI needs.' },
      historyFinding(days),
    ];
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #ask(
    session: Session,
    kpi: PostgresKpi,
    question: SourceQuestion,
    sent: { query: Query | null },
  ): Promise<SourceAnswer> {
    const { changeId, from, to, bucketMinutes, byCohort } = question;
    const { measure } = question.kpi;
    const run = (query: Query) => {
      sent.query = query;
      return session.ask(query.text, query.values);
    };
    const state = parseState((await session.ask(STATE_QUERY)).rows);
    const horizon = horizonOf(state, to, this.#config.max_replica_lag_minutes);
    const shape = shapeOf(measure, (await run(describeQuery(kpi.query, question))).columns);
    const mostRows = this.#config.max_rows;
    const query = sumsQuery(kpi.query, question, { shape, byCohort, mostRows });
    const { rows } = await run(query);
    if (rows.length > mostRows) {
      throw new PostgresFault(
        'too_large',
        `The answer has more than ${mostRows} rows (max_rows). Ask for fewer cohorts or a shorter time.`,
      );
    }
    const answered = parseRows(rows, measure, shape, changeId !== null);
    const seen = await this.#lastSeen(session, kpi, question);
    if (answered.length === 0 && seen.kpi === null) {
      throw new PostgresFault(
        'empty',
        `No row for ${question.kpi.id} from ${formatMinute(from)} to ${formatMinute(to)}. Give it a fresh query, so that a quiet time can be told from a broken query.`,
      );
    }
    const complete = Math.max(from, Math.min(to, this.#settledUntil(measure.withinMinutes), horizon));
    const completeUntil = complete - ((complete - from) % bucketMinutes);
    const newest = newestOf(answered);
    return {
      status: 'ok',
      buckets: answered.filter(({ minute }) => minute < completeUntil),
      completeUntil,
      lastSeen: { kpi: latest(seen.kpi, newest), change: changeId === null ? null : latest(seen.change, newest) },
      query: query.filled,
      facts: state.standby ? [`Read from a standby, ${(state.lagMs / 1000).toFixed(0)} s behind its primary.`] : [],
    };
  }

  /** Answers of `fresh` for anybody and for the change; null without it. */
  async #lastSeen(session: Session, { fresh }: PostgresKpi, question: SourceQuestion) {
    if (!fresh) return { kpi: null, change: null };
    const seen = async (changeId: string | null): Promise<EpochMinute | null> => {
      const asked = { ...question, changeId };
      const described = describeQuery(fresh, asked);
      const unit = freshShapeOf((await session.ask(described.text, described.values)).columns);
      const { text, values } = freshQuery(fresh, asked, unit);
      return parseFresh((await session.ask(text, values)).rows);
    };
    return { kpi: await seen(null), change: question.changeId === null ? null : await seen(question.changeId) };
  }

  /** A trial is known when its `within` is over and rows have had time to arrive. */
  #settledUntil(withinMinutes: number): EpochMinute {
    return minuteOf(this.#clock.now()) - withinMinutes - this.#config.settle_minutes;
  }

  #queriesOf({ id }: Kpi): PostgresKpi {
    const found = Object.hasOwn(this.#config.kpis, id) ? this.#config.kpis[id] : undefined;
    if (found) return found;
    const known = Object.keys(this.#config.kpis);
    const near = nearest(id, known);
    const there = near.length > 0 ? `did you mean ${near.join(', ')}?` : `there: ${known.join(', ') || 'none'}.`;
    throw new PostgresFault(
      'not_configured',
      `kpis.${id} is missing in the configuration of this source; ${there} Add its query there.`,
    );
  }

  /** Names the source and the KPI, and what there is that looks like what was not found. */
  async #explain(fault: PostgresFault, { id }: Kpi, deadline: number): Promise<PostgresFault> {
    const { missing } = fault;
    const hint =
      missing &&
      (await this.#client
        .transaction(deadline, (session) => session.ask(NAME_QUERIES[missing.kind]))
        .catch(() => null));
    const alike = missing && hint ? ` ${lookAlikes(missing, hint.rows)}` : '';
    return new PostgresFault(fault.fault, `Source ${this.#name}, KPI ${id}: ${fault.message}${alike}`);
  }

  async #checkConnection(): Promise<readonly SourceFinding[]> {
    try {
      return await this.#client.transaction(this.#client.deadline(), async (session) => {
        const { standby } = parseState((await session.ask(STATE_QUERY)).rows);
        return [
          { check: 'connection', status: 'ok', detail: `Connected to ${standby ? 'a standby' : 'a primary'}.` },
          { check: 'role', status: 'ok', detail: `The role ${session.role} may only read.` },
        ];
      });
    } catch (error) {
      const { fault, message } = toFault(error);
      return [
        {
          check: fault === 'refused' ? 'role' : 'connection',
          status: 'failed',
          detail: `Source ${this.#name}: ${message}`,
        },
      ];
    }
  }
}

function historyFinding(days: ReadonlySet<number>): SourceFinding {
  const detail = `${days.size} of the last ${CHECKED_DAYS} days have rows`;
  if (days.size >= CHECKED_DAYS) return { check: 'history', status: 'ok', detail: `${detail}.` };
  return { check: 'history', status: 'unknown', detail: `${detail}; forecasts need all of them.` };
}

function latest(left: EpochMinute | null, right: EpochMinute | null): EpochMinute | null {
  return left === null || right === null ? (left ?? right) : Math.max(left, right);
}
