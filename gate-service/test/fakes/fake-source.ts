import { addTallies, type Tally } from '../../src/domain/model/tally.ts';
import type { EpochMinute } from '../../src/domain/model/time.ts';
import type { Variant } from '../../src/domain/model/variant.ts';
import type {
  MetricSource,
  SourceAnswer,
  SourceBucket,
  SourceFault,
  SourceFinding,
  SourceQuestion,
} from '../../src/ports/metric-source.ts';

/** What happened in one minute, as the source knows it. */
export interface FakeRow {
  readonly kpiId: string;
  /** Null: of no change. */
  readonly changeId: string | null;
  readonly variant: Variant | null;
  readonly minute: EpochMinute;
  readonly tally: Tally;
}

const STATUS_OF: Partial<Record<SourceFault, 'no_data' | 'stale'>> = {
  empty: 'no_data',
  stale: 'stale',
  replica_lag: 'stale',
};

/** A source in memory that tells what it was given, or fails as it is told to. */
export class FakeSource implements MetricSource {
  readonly questions: SourceQuestion[] = [];
  rows: FakeRow[] = [];
  findings: readonly SourceFinding[] = [{ check: 'answers', status: 'ok', detail: 'It answers.' }];
  closed = false;
  #fails: (question: SourceQuestion) => SourceFault | 'hangs' | 'throws' | null = () => null;
  #spoil: (answer: SourceAnswer) => SourceAnswer = (answer) => answer;

  /** From now on: null for an answer. */
  failWhen(fails: (question: SourceQuestion) => SourceFault | 'hangs' | 'throws' | null): void {
    this.#fails = fails;
  }

  /** Alters what would be answered. */
  spoil(spoil: (answer: SourceAnswer) => SourceAnswer): void {
    this.#spoil = spoil;
  }

  async read(question: SourceQuestion): Promise<SourceAnswer> {
    this.questions.push(question);
    const fault = this.#fails(question);
    if (fault === 'hangs') return new Promise(() => undefined);
    if (fault === 'throws') throw new TypeError('a broken adapter');
    if (fault !== null) {
      const status = STATUS_OF[fault] ?? 'source_error';
      return { status, fault, detail: `The fake was told to fail: ${fault}.`, query: null };
    }
    return this.#spoil(this.#answer(question));
  }

  async check(): Promise<readonly SourceFinding[]> {
    return this.findings;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #answer({ kpi, changeId, from, to, bucketMinutes }: SourceQuestion): SourceAnswer {
    const ofKpi = this.rows.filter((row) => row.kpiId === kpi.id && row.minute < to);
    const mine = ofKpi.filter((row) => changeId === null || row.changeId === changeId);
    const sums = new Map<string, SourceBucket>();
    for (const row of mine) {
      if (row.minute < from) continue;
      const minute = row.minute - ((row.minute - from) % bucketMinutes);
      const variant = changeId === null ? null : row.variant;
      const key = `${minute}/${variant}`;
      const known = sums.get(key);
      const tally = known ? addTallies(known.tally, row.tally) : row.tally;
      sums.set(key, { minute, variant, cohort: '', tally });
    }
    return {
      status: 'ok',
      buckets: [...sums.values()],
      completeUntil: to,
      lastSeen: { kpi: newest(ofKpi), change: newest(mine) },
      query: `fake ${kpi.id} of ${changeId ?? 'everybody'} in [${from}, ${to})`,
      facts: [],
    };
  }
}

function newest(rows: readonly FakeRow[]): EpochMinute | null {
  return rows.reduce<EpochMinute | null>((last, { minute }) => Math.max(last ?? minute, minute), null);
}
