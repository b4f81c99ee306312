/** What a quarantined event needs to be counted later as the event that it was: its id, its content, its changes. */
export const REPLAYABLE_QUARANTINE = `
ALTER TABLE quarantined_lines ADD COLUMN event_id TEXT;
ALTER TABLE quarantined_lines ADD COLUMN content_hash TEXT;
ALTER TABLE quarantined_lines ADD COLUMN change_ids TEXT;
CREATE INDEX quarantined_lines_by_reason ON quarantined_lines (repository, reason, line_id);
`;
