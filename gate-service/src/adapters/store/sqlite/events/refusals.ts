import { sha256Hex } from '../../../../domain/model/canonical-json.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';

/**
 * Whether this is refused for the first time: a batch that is sent again is counted once, as what it was accepted for is.
 * @param content what makes the refused event the same: its line, or its id with its content
 */
export function isFirstRefusal(
  connection: SqliteConnection,
  repository: string,
  reason: string,
  content: string,
): boolean {
  const digest = sha256Hex(`${repository}\n${reason}\n${content}`);
  return connection.run('INSERT INTO refusals (digest) VALUES (?) ON CONFLICT DO NOTHING', digest) > 0;
}
