import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { finished } from 'node:stream/promises';
import { CHANGE_ID } from '../bench-gate.ts';

/** The columns of the file, in its order: an event as it would stand in a log or in an application's own table. */
export const COLUMNS = ['change_id', 'event', 'variant', 'unit', 'at_ms', 'status'] as const;

const LINES_PER_WRITE = 10_000;

/** Writes the change's events, as the store has them, into a CSV file with a header. */
export async function writeChangeRows(storePath: string, csvPath: string): Promise<void> {
  const store = new DatabaseSync(storePath, { readOnly: true });
  const file = createWriteStream(csvPath);
  try {
    const lines = store
      .prepare(
        `SELECT '${CHANGE_ID},' || n.name || iif(x.variant = 1, ',on,', ',off,') || e.unit_key || ',' || e.at || ','
           || coalesce(e.status, '') || char(10) AS line
         FROM events e JOIN event_names n USING (name_id) JOIN event_exposures x USING (event_key)
         ORDER BY e.event_key`,
      )
      .iterate();
    let waiting = [`${COLUMNS.join(',')}\n`];
    for (const { line } of lines) {
      waiting.push(String(line));
      if (waiting.length < LINES_PER_WRITE) continue;
      if (!file.write(waiting.join(''))) await once(file, 'drain');
      waiting = [];
    }
    file.end(waiting.join(''));
    await finished(file);
  } finally {
    store.close();
    file.destroy();
  }
}
