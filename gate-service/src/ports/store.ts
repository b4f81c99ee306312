import type { Kpi } from '../contract/kpi-registry.ts';
import type { Change, ChangeState, Phase } from '../domain/model/change.ts';
import type { AcceptedEvent, QuarantineReason } from '../domain/model/event.ts';
import type { Forecast } from '../domain/model/forecast.ts';
import type { Intervention, InterventionKind } from '../domain/model/intervention.ts';
import type { LedgerEntryWithPayload, LedgerHead, LedgerType, NewLedgerEntry } from '../domain/model/ledger-entry.ts';
import type { ConsumedMinute, MetricLook, WatchState } from '../domain/model/look.ts';
import type { ScoredPrediction } from '../domain/model/prediction.ts';
import type { MinuteSpan, SourceRecord } from '../domain/model/source-record.ts';
import type { Tally, TallyByVariant } from '../domain/model/tally.ts';
import type { EpochMinute, EpochMs } from '../domain/model/time.ts';
import type { Verdict, VerdictEvidence } from '../domain/model/verdict.ts';
import type { SourceBucket } from './metric-source.ts';

/**
 * The gate's memory. Every effect on the outside has its record here first (R3, R18); everything of one
 * transaction is kept or nothing. Methods throw GateError `store` when the store cannot be used.
 */
export interface Store {
  /** Runs `work` in one transaction; commits when it resolves, rolls back when it rejects. Transactions never overlap. */
  transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>;
  /** Reads a token outside of any transaction: strangers neither wait for the writers nor make them wait. */
  findToken(tokenId: string): Promise<ApiToken | null>;
  /** Whether the store answers a real read. */
  probe(): Promise<boolean>;
  close(): Promise<void>;
}

export interface StoreTransaction {
  readonly changes: ChangeRecords;
  readonly kpis: KpiRecords;
  readonly events: EventRecords;
  readonly quarantine: QuarantineRecords;
  readonly sources: SourceRecords;
  readonly watch: WatchRecords;
  readonly interventions: InterventionRecords;
  readonly verdicts: VerdictRecords;
  readonly ledger: LedgerRecords;
  readonly schedule: ScheduleRecords;
  readonly tokens: TokenRecords;
  readonly settings: SettingRecords;
}

export interface ChangeRecords {
  /** Inserts the change; returns false and alters nothing when the id is there already. */
  insert(change: Change): Promise<boolean>;
  find(changeId: string): Promise<Change | null>;
  /** The newest stamp first, then by id; what is left out does not filter. `before`: only what comes after this one. */
  list(filter: {
    repository?: string;
    states?: readonly ChangeState[];
    flag?: string;
    before?: Pick<Change, 'changeId' | 'stampedAt'>;
    limit?: number;
  }): Promise<readonly Change[]>;
  /** GateError `not_found` when there is no such change, `internal` when it would move a window that has started. */
  update(
    changeId: string,
    fields: Partial<Pick<Change, 'state' | 'activatedAt' | 'effectiveAt' | 'treatmentHash' | 'flagCreatedAt'>>,
  ): Promise<void>;
  phases(changeId: string): Promise<readonly Phase[]>;
  /** Inserts or replaces the phase with this index. */
  putPhase(changeId: string, phase: Phase): Promise<void>;
}

export interface KpiRecords {
  /**
   * Registers the KPIs of a repository's default branch. A KPI that is new, or whose measure changed, has
   * its history rebuilt from the stored events; one that is gone keeps its history and takes no new events.
   * @param sources names of the sources that are asked: events do not feed their KPIs
   */
  register(repository: string, kpis: readonly Kpi[], hash: string, sources?: ReadonlySet<string>): Promise<void>;
  list(repository: string): Promise<readonly Kpi[]>;
}

export type AppendOutcome = 'accepted' | 'duplicate' | 'conflict';

/**
 * Events and their roll-ups. A unit's contribution to a (change or history, KPI) is a pure function of
 * its stored events; each append replaces the old contribution by the new one, so order, lateness and
 * repetition do not matter (R13).
 */
export interface EventRecords {
  /** Appends events in one go; one outcome per event, in order. `conflict`: same event_id, other content (not stored). */
  append(events: readonly AcceptedEvent[], receivedAt: EpochMs): Promise<readonly AppendOutcome[]>;
  /** Keeps lines apart, the first 16 KiB of each, and counts them for those of the changes that exist. */
  quarantine(
    lines: readonly {
      repository: string;
      reason: QuarantineReason;
      line: string;
      changeIds: readonly string[];
      /** Of the event as it was sent, so that it can be counted later; absent when it never can. */
      eventId?: string;
      contentHash?: string;
    }[],
    receivedAt: EpochMs,
  ): Promise<void>;
  /** Records that a source reported itself alive (an empty accepted batch). */
  heartbeat(repository: string, at: EpochMs): Promise<void>;
  /** Hours since 1970 with a heartbeat that have a minute in [from, to), ascending. */
  heartbeatHours(repository: string, from: EpochMinute, to: EpochMinute): Promise<readonly number[]>;
  /** Earliest minute of an `on` event of the change at or after `from`; null when there is none. */
  firstTreatmentMinute(changeId: string, from: EpochMs): Promise<EpochMinute | null>;
  /**
   * Builds the change's contributions for its window; called once, in the transaction that sets `effectiveAt`.
   * Called again it does nothing.
   * @param sources names of the sources that are asked: events do not feed their KPIs
   */
  startWindow(change: Change, sources?: ReadonlySet<string>): Promise<void>;
  /** Tallies by minute of first exposure in [from, to), ascending, only minutes with trials. */
  tallies(
    changeId: string,
    kpiId: string,
    from: EpochMinute,
    to: EpochMinute,
  ): Promise<readonly (TallyByVariant & { minute: EpochMinute })[]>;
  /** Sum of the same. */
  total(changeId: string, kpiId: string, from: EpochMinute, to: EpochMinute): Promise<TallyByVariant>;
  /**
   * The same by the cohort of each unit's first exposure (a trial of nobody: of its own event), by rising cohort, only
   * cohorts with trials: those in `cohorts`, and all others together as ''. Types that are not kept by cohort (see
   * `isKeptByCohort`) are all in ''.
   */
  cohortTotals(
    changeId: string,
    kpiId: string,
    cohorts: readonly string[],
    from: EpochMinute,
    to: EpochMinute,
  ): Promise<readonly (TallyByVariant & { cohort: string })[]>;
  /** The units behind a status KPI's trials whose first one was in [from, to), see `MetricEvidence.units`; none for other types. */
  unitTotal(changeId: string, kpiId: string, from: EpochMinute, to: EpochMinute): Promise<TallyByVariant>;
  /** Trials by hour (hours since 1970) in [from, to), both variants, only hours with trials. */
  activeHours(
    changeId: string,
    kpiId: string,
    from: EpochMinute,
    to: EpochMinute,
  ): Promise<readonly { hour: number; n: number }[]>;
  /** The KPI's own history by hour, ascending, only hours with trials. */
  history(
    repository: string,
    kpiId: string,
    from: EpochMinute,
    to: EpochMinute,
  ): Promise<readonly (Tally & { hour: number })[]>;
  /** The same by minute, for replaying fast rules. */
  historyMinutes(
    repository: string,
    kpiId: string,
    from: EpochMinute,
    to: EpochMinute,
  ): Promise<readonly (Tally & { minute: EpochMinute })[]>;
  /** Units by minute of first exposure to the change in [from, to), summed. */
  exposedUnits(changeId: string, from: EpochMinute, to: EpochMinute): Promise<{ off: number; on: number }>;
  /** Units served both variants inside [from, to). */
  multiExposedUnits(changeId: string, from: EpochMinute, to: EpochMinute): Promise<number>;
  /** Minute of the newest event that feeds the KPI, of anybody and of this change. */
  lastSeen(
    repository: string,
    kpiId: string,
    changeId: string,
  ): Promise<{ kpi: EpochMinute | null; change: EpochMinute | null }>;
  counts(
    changeId: string,
  ): Promise<{ accepted: number; duplicates: number; conflicts: number; quarantined: Record<string, number> }>;
}

/** One event that was kept apart. */
export interface QuarantinedLine {
  readonly lineId: number;
  readonly reason: QuarantineReason;
  /** JSON of the event, with the user's pseudonym in place of `user_id`. */
  readonly line: string;
  readonly receivedAt: EpochMs;
  /** As sent; null in a line that was kept before there was a way back. */
  readonly eventId: string | null;
  readonly contentHash: string | null;
  /** Changes for which it was counted as quarantined. */
  readonly changeIds: readonly string[];
}

export interface QuarantineRecords {
  /** Lines after `after`, in the order in which they came; `reason` null: of every reason. */
  list(
    repository: string,
    filter: { reason: QuarantineReason | null; after: number; limit: number },
  ): Promise<readonly QuarantinedLine[]>;
  /** How many lines are kept apart, by reason. */
  counts(repository: string): Promise<Readonly<Record<string, number>>>;
  /** Takes a line out and no longer counts it as quarantined: its event was counted. Twice is as once. */
  release(repository: string, line: Pick<QuarantinedLine, 'lineId' | 'reason' | 'changeIds'>): Promise<void>;
}

/**
 * What sources answered: kept in the same roll-ups as what events add up to, so that `EventRecords` reads both alike.
 * A scope is a change's id (once its window has started) or a repository (for its registered KPIs).
 */
export interface SourceRecords {
  /** Name of the source that the KPI is asked of there; null when events feed it, or it is not known there. */
  sourceOf(scope: string, kpiId: string): Promise<string | null>;
  /** Null when nothing was asked yet, or the KPI is fed by events. */
  find(scope: string, kpiId: string): Promise<SourceRecord | null>;
  /**
   * Replaces the rows of a span by these buckets; what looks have consumed stays as it was. GateError `internal` when
   * the KPI is fed by events there, or a bucket lies outside of the span.
   */
  putBuckets(scope: string, kpiId: string, span: MinuteSpan, buckets: readonly SourceBucket[]): Promise<void>;
  /** Keeps how the source answered. GateError `internal` when the KPI is fed by events there. */
  remember(scope: string, kpiId: string, record: SourceRecord): Promise<void>;
}

export interface WatchRecords {
  state(changeId: string): Promise<WatchState | null>;
  putState(changeId: string, state: WatchState): Promise<void>;
  /** Appends consumed minutes; the database refuses to alter or repeat one (unique on change, KPI, minute). */
  appendConsumed(changeId: string, kpiId: string, minutes: readonly ConsumedMinute[]): Promise<void>;
  consumed(changeId: string, kpiId: string): Promise<readonly ConsumedMinute[]>;
  consumedTotal(changeId: string, kpiId: string): Promise<TallyByVariant>;
  /** Keeps the last look of each metric, and one row per change of signal. */
  putLooks(changeId: string, looks: readonly MetricLook[]): Promise<void>;
  looks(changeId: string): Promise<readonly MetricLook[]>;
  signalChanges(changeId: string): Promise<readonly { kpiId: string; signal: string; at: EpochMs }[]>;
}

/** The outbox of acts on flags: a row is claimed with a lease in real time and a fencing token. */
export interface InterventionRecords {
  /** Inserts a decision; false when (change, kind, epoch) is there already. It is due at once. */
  insert(intervention: Intervention, due: EpochMs): Promise<boolean>;
  find(interventionId: string): Promise<Intervention | null>;
  listOf(changeId: string): Promise<readonly Intervention[]>;
  /** Interventions that are due (real time) and not leased, claimed for `leaseMs`; each with its fencing token. */
  claimDue(
    now: EpochMs,
    leaseMs: number,
    owner: string,
  ): Promise<readonly (Intervention & { fence: number; memo: string | null })[]>;
  /**
   * Saves progress and ends the claim: from `dueAt` on (null: never) the row may be claimed again, so progress
   * saved in the middle of an act names a time by which the act is over. False when the fence is stale; the
   * fence stays good until the next claim. `memo` is JSON kept with the row.
   */
  save(
    interventionId: string,
    fence: number,
    fields: Partial<Omit<Intervention, 'interventionId' | 'changeId' | 'kind' | 'epoch'>>,
    next: { dueAt: EpochMs | null; memo: string | null },
  ): Promise<boolean>;
  nextEpoch(changeId: string, kind: InterventionKind): Promise<number>;
  /** Notes what looks saw of the act after it was published; needs no fence because looks never touch the flag. */
  note(interventionId: string, fields: Partial<Pick<Intervention, 'effectiveAt' | 'notEffectiveAt'>>): Promise<void>;
}

export interface StoredVerdict {
  readonly changeId: string;
  readonly revision: number;
  readonly verdict: Verdict;
  readonly evidence: VerdictEvidence;
  readonly madeAt: EpochMs;
  /** Ledger head right after the verdict's entry: shown in the comment. */
  readonly ledgerHead: LedgerHead;
}

/** A verdict without its evidence, which is large. */
export interface VerdictSummary extends Omit<StoredVerdict, 'evidence'> {
  readonly ruleVersion: string;
}

export interface VerdictRecords {
  insert(verdict: StoredVerdict): Promise<void>;
  /** With the evidence; ascending by revision. */
  list(changeId: string): Promise<readonly StoredVerdict[]>;
  /** The same without the evidence. */
  summaries(changeId: string): Promise<readonly VerdictSummary[]>;
  insertDecision(decision: {
    changeId: string;
    decision: string;
    by: string;
    reason: string;
    at: EpochMs;
  }): Promise<void>;
  decisions(changeId: string): Promise<readonly { decision: string; by: string; reason: string; at: EpochMs }[]>;
  /** The forecast made before the deploy, by contract hash. */
  putForecast(row: {
    contractHash: string;
    repository: string;
    pullRequest: number | null;
    madeAt: EpochMs;
    forecast: Forecast;
  }): Promise<void>;
  /** The newest forecast for a contract; one kept by an older service may lack fields that came later. */
  findForecast(repository: string, contractHash: string): Promise<{ madeAt: EpochMs; forecast: Forecast } | null>;
  /** Appends how a prediction came true; the database refuses a second one of the same change. */
  insertPrediction(prediction: ScoredPrediction): Promise<void>;
  /** Those of one KPI, the oldest first, then by change. */
  predictions(repository: string, kpiId: string): Promise<readonly ScoredPrediction[]>;
}

export interface LedgerRecords {
  /** Appends under the one head row, in this transaction. */
  append(entry: NewLedgerEntry, ts: EpochMs): Promise<LedgerHead>;
  head(): Promise<LedgerHead>;
  /** Entries with seq > after, ascending; `changeId` null: those of no change, which concern the whole service. */
  entries(options: {
    after?: number;
    limit?: number;
    changeId?: string | null;
    types?: readonly LedgerType[];
  }): Promise<readonly LedgerEntryWithPayload[]>;
}

export type TaskKind = 'look' | 'judge';

/** Due looks and verdicts: due in business time, leased in real time. */
export interface ScheduleRecords {
  /** Inserts the task or moves its due time; a lease stays. */
  put(task: { kind: TaskKind; changeId: string; dueAt: EpochMs }): Promise<void>;
  /** One conditional update: tasks due at `businessNow` whose lease ran out at `realNow`. Ordered by due time, then change. */
  claim(options: {
    businessNow: EpochMs;
    realNow: EpochMs;
    leaseMs: number;
    owner: string;
    limit: number;
  }): Promise<readonly { kind: TaskKind; changeId: string; dueAt: EpochMs; fence: number }[]>;
  /**
   * Ends the claim and sets the next due time (null: nothing more); a `put` that came during the claim is not
   * lost: the earlier time stands. False when the fence is stale.
   */
  release(task: { kind: TaskKind; changeId: string; fence: number }, nextDueAt: EpochMs | null): Promise<boolean>;
  /** Earliest due time in business time; null when nothing is planned. */
  nextDue(): Promise<EpochMs | null>;
}

export interface ApiToken {
  readonly tokenId: string;
  /** SHA-256 HMAC of the secret with the service's pepper, hex. */
  readonly hash: string;
  readonly scopes: readonly string[];
  readonly repository: string | null;
  readonly createdAt: EpochMs;
  readonly expiresAt: EpochMs;
  readonly revokedAt: EpochMs | null;
}

export interface TokenRecords {
  insert(token: ApiToken): Promise<void>;
  find(tokenId: string): Promise<ApiToken | null>;
  list(): Promise<readonly ApiToken[]>;
  revoke(tokenId: string, at: EpochMs): Promise<boolean>;
}

export interface SettingRecords {
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
}
