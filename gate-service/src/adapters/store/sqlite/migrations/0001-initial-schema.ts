/**
 * Names of tables and columns are the words of the documentation. Times are milliseconds, minutes or hours
 * since 1970 as the name says; `variant` is 0 for off, 1 for on and 2 for none (a KPI's own history).
 */
const CHANGES = `
CREATE TABLE changes (
  change_id TEXT PRIMARY KEY,
  repository TEXT NOT NULL,
  pull_request INTEGER,
  commit_sha TEXT NOT NULL,
  contract_path TEXT NOT NULL,
  flag TEXT NOT NULL,
  state TEXT NOT NULL,
  contract TEXT NOT NULL,
  contract_hash TEXT NOT NULL,
  kpis TEXT NOT NULL,
  kpis_hash TEXT NOT NULL,
  stamped_at INTEGER NOT NULL,
  activated_at INTEGER,
  effective_at INTEGER,
  treatment_hash TEXT,
  flag_created_at TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_by_repository ON changes (repository, stamped_at);
CREATE INDEX changes_by_flag ON changes (flag, stamped_at);
CREATE INDEX changes_by_state ON changes (state, stamped_at);
CREATE TRIGGER changes_keep_their_contract
BEFORE UPDATE OF change_id, repository, commit_sha, contract_path, flag, contract, contract_hash, kpis, kpis_hash ON changes
BEGIN SELECT RAISE(ABORT, 'what was stamped is never altered'); END;
CREATE TRIGGER changes_keep_their_window BEFORE UPDATE OF effective_at ON changes
WHEN OLD.effective_at IS NOT NULL AND NEW.effective_at IS NOT OLD.effective_at
BEGIN SELECT RAISE(ABORT, 'effective_at is set once'); END;

CREATE TABLE phases (
  change_id TEXT NOT NULL REFERENCES changes,
  phase_index INTEGER NOT NULL,
  cause TEXT NOT NULL,
  share REAL NOT NULL CHECK (share BETWEEN 0 AND 1),
  start_minute INTEGER NOT NULL,
  end_minute INTEGER CHECK (end_minute >= start_minute),
  PRIMARY KEY (change_id, phase_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE kpi_registries (repository TEXT PRIMARY KEY, kpis TEXT NOT NULL, hash TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/**
 * A scope is a change or a repository (a KPI's own history); a series is one KPI in one scope, or a
 * change's exposures (kpi_id ''). Units and event names are kept once, as small numbers, so that indexes
 * stay small and new rows stand together.
 */
const EVENTS = `
CREATE TABLE scopes (scope_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE event_names (
  name_id INTEGER PRIMARY KEY,
  repository_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  UNIQUE (repository_id, name)
) STRICT;
CREATE TABLE units (
  unit_key INTEGER PRIMARY KEY,
  repository_id INTEGER NOT NULL,
  unit TEXT NOT NULL,
  UNIQUE (repository_id, unit)
) STRICT;
CREATE TABLE events (
  event_key INTEGER PRIMARY KEY,
  repository_id INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  name_id INTEGER NOT NULL,
  at INTEGER NOT NULL CHECK (at >= 0),
  unit_key INTEGER,
  cohort TEXT,
  status TEXT,
  latency_ms REAL,
  value REAL,
  tag TEXT,
  content_hash TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  UNIQUE (repository_id, event_id)
) STRICT;
CREATE INDEX events_by_unit ON events (unit_key, name_id, at);
CREATE TABLE event_exposures (
  scope_id INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  at INTEGER NOT NULL,
  event_key INTEGER NOT NULL,
  PRIMARY KEY (scope_id, variant, at, event_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE windows (
  scope_id INTEGER PRIMARY KEY,
  repository_id INTEGER NOT NULL,
  start_minute INTEGER NOT NULL,
  end_minute INTEGER NOT NULL,
  last_outcome_minute INTEGER NOT NULL
) STRICT;
CREATE TABLE series (
  series_id INTEGER PRIMARY KEY,
  scope_id INTEGER NOT NULL,
  kpi_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('conversion', 'status', 'exposure')),
  of_name_id INTEGER,
  success_name_id INTEGER,
  within_minutes INTEGER NOT NULL,
  counts TEXT,
  active INTEGER NOT NULL,
  UNIQUE (scope_id, kpi_id)
) STRICT;

CREATE TABLE exposures (
  scope_id INTEGER NOT NULL,
  unit_key INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  first_event_id TEXT NOT NULL,
  variant INTEGER NOT NULL,
  cohort TEXT NOT NULL,
  mixed INTEGER NOT NULL,
  PRIMARY KEY (scope_id, unit_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE mixed_exposures (
  scope_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  unit_key INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  PRIMARY KEY (scope_id, minute, unit_key, variant)
) STRICT, WITHOUT ROWID;
CREATE TABLE conversions (
  series_id INTEGER NOT NULL,
  unit_key INTEGER NOT NULL,
  week INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  y INTEGER NOT NULL,
  PRIMARY KEY (series_id, unit_key, week)
) STRICT, WITHOUT ROWID;
CREATE TABLE status_trials (
  series_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  unit_key INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  bad INTEGER NOT NULL,
  PRIMARY KEY (series_id, minute, unit_key, variant)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollups (
  series_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  cohort TEXT NOT NULL,
  n INTEGER NOT NULL CHECK (n >= 0),
  y INTEGER NOT NULL CHECK (y BETWEEN 0 AND n),
  PRIMARY KEY (series_id, minute, variant, cohort)
) STRICT, WITHOUT ROWID;
CREATE TABLE hour_rollups (
  series_id INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  n INTEGER NOT NULL CHECK (n >= 0),
  y INTEGER NOT NULL CHECK (y BETWEEN 0 AND n),
  PRIMARY KEY (series_id, hour, variant)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_counters (
  scope_id INTEGER NOT NULL,
  counter TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (scope_id, counter)
) STRICT, WITHOUT ROWID;
CREATE TABLE last_seen (
  scope_id INTEGER NOT NULL,
  name_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  PRIMARY KEY (scope_id, name_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE heartbeats (
  repository TEXT NOT NULL,
  hour INTEGER NOT NULL,
  PRIMARY KEY (repository, hour)
) STRICT, WITHOUT ROWID;
CREATE TABLE refusals (
  digest TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE quarantined_lines (
  line_id INTEGER PRIMARY KEY,
  repository TEXT NOT NULL,
  reason TEXT NOT NULL,
  line TEXT NOT NULL,
  received_at INTEGER NOT NULL
) STRICT;
`;

const WATCH = `
CREATE TABLE watch_states (change_id TEXT PRIMARY KEY REFERENCES changes, state TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE consumed_minutes (
  change_id TEXT NOT NULL,
  kpi_id TEXT NOT NULL,
  minute INTEGER NOT NULL,
  phase_index INTEGER NOT NULL,
  off_n INTEGER NOT NULL,
  off_y INTEGER NOT NULL,
  on_n INTEGER NOT NULL,
  on_y INTEGER NOT NULL,
  PRIMARY KEY (change_id, kpi_id, minute)
) STRICT, WITHOUT ROWID;
CREATE TABLE looks (
  change_id TEXT NOT NULL,
  kpi_id TEXT NOT NULL,
  signal TEXT NOT NULL,
  detail TEXT NOT NULL,
  at INTEGER NOT NULL,
  log_wealth REAL NOT NULL,
  totals TEXT NOT NULL,
  PRIMARY KEY (change_id, kpi_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE signal_changes (
  signal_change_id INTEGER PRIMARY KEY,
  change_id TEXT NOT NULL,
  kpi_id TEXT NOT NULL,
  signal TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX signal_changes_by_change ON signal_changes (change_id);

CREATE TABLE interventions (
  intervention_id TEXT PRIMARY KEY,
  change_id TEXT NOT NULL REFERENCES changes,
  kind TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  target_share REAL NOT NULL CHECK (target_share BETWEEN 0 AND 1),
  reason TEXT NOT NULL,
  decided_at INTEGER NOT NULL,
  intent_at INTEGER,
  outcome TEXT NOT NULL,
  accepted_at INTEGER,
  published_at INTEGER,
  effective_at INTEGER,
  not_effective_at INTEGER,
  due_at INTEGER,
  memo TEXT,
  fence INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER,
  lease_owner TEXT,
  UNIQUE (change_id, kind, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX interventions_due ON interventions (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE tasks (
  kind TEXT NOT NULL,
  change_id TEXT NOT NULL,
  due_at INTEGER,
  moved INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER,
  lease_owner TEXT,
  PRIMARY KEY (kind, change_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_due ON tasks (due_at) WHERE due_at IS NOT NULL;
`;

const RECORDS = `
CREATE TABLE verdicts (
  change_id TEXT NOT NULL REFERENCES changes,
  revision INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  evidence TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  ledger_size INTEGER NOT NULL,
  ledger_hash TEXT NOT NULL,
  PRIMARY KEY (change_id, revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE people_decisions (
  decision_id INTEGER PRIMARY KEY,
  change_id TEXT NOT NULL REFERENCES changes,
  decision TEXT NOT NULL,
  made_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX people_decisions_by_change ON people_decisions (change_id);
CREATE TABLE forecasts (
  repository TEXT NOT NULL,
  contract_hash TEXT NOT NULL,
  pull_request INTEGER,
  made_at INTEGER NOT NULL,
  forecast TEXT NOT NULL,
  PRIMARY KEY (repository, contract_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_entries (
  seq INTEGER PRIMARY KEY,
  ts INTEGER NOT NULL,
  type TEXT NOT NULL,
  actor TEXT NOT NULL,
  repository TEXT NOT NULL,
  change_id TEXT,
  payload_hash TEXT NOT NULL,
  prev_hash TEXT NOT NULL UNIQUE,
  entry_hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX ledger_entries_by_change ON ledger_entries (change_id, seq);
CREATE TABLE ledger_payloads (
  seq INTEGER PRIMARY KEY REFERENCES ledger_entries,
  salt TEXT,
  payload TEXT,
  CHECK ((salt IS NULL) = (payload IS NULL))
) STRICT;
CREATE TABLE ledger_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  size INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO ledger_head (id, size, hash) VALUES (1, 0, '${'0'.repeat(64)}');
CREATE TRIGGER ledger_head_only_grows BEFORE UPDATE ON ledger_head WHEN NEW.size <> OLD.size + 1
BEGIN SELECT RAISE(ABORT, 'the ledger grows by one entry at a time'); END;
CREATE TRIGGER ledger_head_stays BEFORE DELETE ON ledger_head
BEGIN SELECT RAISE(ABORT, 'the head of the ledger stays'); END;
CREATE TRIGGER ledger_payloads_are_only_erased BEFORE UPDATE ON ledger_payloads
WHEN NEW.seq IS NOT OLD.seq OR NEW.salt IS NOT NULL OR NEW.payload IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a payload of the ledger is only ever erased'); END;

CREATE TABLE tokens (
  token_id TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  scopes TEXT NOT NULL,
  repository TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/** REPLACE deletes rows before it inserts, so an insert over a row that is there is refused as well. */
function appendOnly(
  table: string,
  sameKey: string,
  verbs: readonly ('UPDATE' | 'DELETE')[] = ['UPDATE', 'DELETE'],
): string {
  const refuse = `BEGIN SELECT RAISE(ABORT, 'rows of ${table} are never altered'); END;`;
  return [
    ...verbs.map((verb) => `CREATE TRIGGER ${table}_refuse_${verb.toLowerCase()} BEFORE ${verb} ON ${table} ${refuse}`),
    `CREATE TRIGGER ${table}_refuse_replace BEFORE INSERT ON ${table}
     WHEN EXISTS (SELECT 1 FROM ${table} WHERE ${sameKey}) ${refuse}`,
  ].join('\n');
}

export const INITIAL_SCHEMA = [
  CHANGES,
  EVENTS,
  WATCH,
  RECORDS,
  appendOnly('ledger_entries', 'seq = NEW.seq OR prev_hash = NEW.prev_hash OR entry_hash = NEW.entry_hash'),
  appendOnly('ledger_payloads', 'seq = NEW.seq', ['DELETE']),
  appendOnly('consumed_minutes', 'change_id = NEW.change_id AND kpi_id = NEW.kpi_id AND minute = NEW.minute'),
  appendOnly('verdicts', 'change_id = NEW.change_id AND revision = NEW.revision'),
  appendOnly('people_decisions', 'decision_id = NEW.decision_id'),
].join('\n');
