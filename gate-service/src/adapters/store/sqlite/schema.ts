import type { Generated } from 'kysely';

type Nullable<T> = T | null;

/** The tables that Kysely's typed queries use; what events feed is written by prepared statements instead. */
export interface Schema {
  changes: {
    change_id: string;
    repository: string;
    pull_request: Nullable<number>;
    commit_sha: string;
    contract_path: string;
    flag: string;
    state: string;
    contract: string;
    contract_hash: string;
    kpis: string;
    kpis_hash: string;
    stamped_at: number;
    activated_at: Nullable<number>;
    effective_at: Nullable<number>;
    treatment_hash: Nullable<string>;
    flag_created_at: Nullable<string>;
  };
  phases: {
    change_id: string;
    phase_index: number;
    cause: string;
    share: number;
    start_minute: number;
    end_minute: Nullable<number>;
  };
  kpi_registries: { repository: string; kpis: string; hash: string };
  watch_states: { change_id: string; state: string };
  consumed_minutes: {
    change_id: string;
    kpi_id: string;
    minute: number;
    phase_index: number;
    off_n: number;
    off_y: number;
    on_n: number;
    on_y: number;
    more: Nullable<string>;
  };
  looks: {
    change_id: string;
    kpi_id: string;
    signal: string;
    detail: string;
    at: number;
    log_wealth: number;
    totals: string;
  };
  signal_changes: {
    signal_change_id: Generated<number>;
    change_id: string;
    kpi_id: string;
    signal: string;
    at: number;
  };
  interventions: {
    intervention_id: string;
    change_id: string;
    kind: string;
    epoch: number;
    target_share: number;
    reason: string;
    decided_at: number;
    intent_at: Nullable<number>;
    outcome: string;
    accepted_at: Nullable<number>;
    published_at: Nullable<number>;
    effective_at: Nullable<number>;
    not_effective_at: Nullable<number>;
    due_at: Nullable<number>;
    memo: Nullable<string>;
    fence: Generated<number>;
    lease_until: Nullable<number>;
    lease_owner: Nullable<string>;
  };
  tasks: {
    kind: string;
    change_id: string;
    due_at: Nullable<number>;
    moved: Generated<number>;
    fence: Generated<number>;
    lease_until: Nullable<number>;
    lease_owner: Nullable<string>;
  };
  verdicts: {
    change_id: string;
    revision: number;
    verdict: string;
    evidence: string;
    made_at: number;
    ledger_size: number;
    ledger_hash: string;
  };
  people_decisions: {
    decision_id: Generated<number>;
    change_id: string;
    decision: string;
    made_by: string;
    reason: string;
    at: number;
  };
  forecasts: {
    repository: string;
    contract_hash: string;
    pull_request: Nullable<number>;
    made_at: number;
    forecast: string;
  };
  predictions: {
    change_id: string;
    repository: string;
    kpi_id: string;
    made_at: number;
    predicted_gain: number;
    scale: 'relative' | 'absolute';
    p_pass: Nullable<number>;
    p_fail: Nullable<number>;
    p_inconclusive: Nullable<number>;
    outcome: 'pass' | 'fail' | 'inconclusive';
    estimate: Nullable<number>;
    lo: Nullable<number>;
    hi: Nullable<number>;
    brier: Nullable<number>;
  };
  ledger_entries: {
    seq: number;
    ts: number;
    type: string;
    actor: string;
    repository: string;
    change_id: Nullable<string>;
    payload_hash: string;
    prev_hash: string;
    entry_hash: string;
  };
  ledger_payloads: { seq: number; salt: Nullable<string>; payload: Nullable<string> };
  ledger_head: { id: number; size: number; hash: string };
  tokens: {
    token_id: string;
    hash: string;
    scopes: string;
    repository: Nullable<string>;
    created_at: number;
    expires_at: number;
    revoked_at: Nullable<number>;
  };
  settings: { key: string; value: string };
}
