/** What was predicted for each change against its first verdict: a record that is only ever added to. */
export const PREDICTIONS = `
CREATE TABLE predictions (
  change_id TEXT PRIMARY KEY REFERENCES changes,
  repository TEXT NOT NULL,
  kpi_id TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  predicted_gain REAL NOT NULL,
  scale TEXT NOT NULL CHECK (scale IN ('relative', 'absolute')),
  p_pass REAL,
  p_fail REAL,
  p_inconclusive REAL,
  outcome TEXT NOT NULL CHECK (outcome IN ('pass', 'fail', 'inconclusive')),
  estimate REAL,
  lo REAL,
  hi REAL,
  brier REAL,
  CHECK ((p_pass IS NULL) = (p_fail IS NULL) AND (p_pass IS NULL) = (p_inconclusive IS NULL)),
  CHECK ((p_pass IS NULL) = (brier IS NULL)),
  CHECK ((estimate IS NULL) = (lo IS NULL) AND (estimate IS NULL) = (hi IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX predictions_by_kpi ON predictions (repository, kpi_id, made_at);
CREATE TRIGGER predictions_refuse_update BEFORE UPDATE ON predictions
BEGIN SELECT RAISE(ABORT, 'rows of predictions are never altered'); END;
CREATE TRIGGER predictions_refuse_delete BEFORE DELETE ON predictions
BEGIN SELECT RAISE(ABORT, 'rows of predictions are never altered'); END;
CREATE TRIGGER predictions_refuse_replace BEFORE INSERT ON predictions
WHEN EXISTS (SELECT 1 FROM predictions WHERE change_id = NEW.change_id)
BEGIN SELECT RAISE(ABORT, 'rows of predictions are never altered'); END;
`;
