/**
 * Series that a source is asked for instead of being fed by events: their numbers stand in the same roll-ups. `record` is
 * JSON: what was answered so far, and how.
 */
export const PULLED_SERIES = `
ALTER TABLE series ADD COLUMN source TEXT;
CREATE TABLE pulled_series (
  series_id INTEGER PRIMARY KEY,
  record TEXT NOT NULL
) STRICT;
`;
