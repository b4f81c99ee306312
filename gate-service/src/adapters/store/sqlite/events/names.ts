import type { SqliteConnection } from '../sqlite-connection.ts';

/** Remembered at most, of each kind; beyond that the memory starts anew. */
const REMEMBERED = 50_000;

/** The small numbers that stand for scopes, event names and units; made when first met. */
export class Names {
  readonly #connection: SqliteConnection;
  readonly #scopes = new Map<string, number>();
  readonly #events = new Map<string, number>();
  readonly #units = new Map<string, number>();

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  /** @param name  a change id or a repository: neither can look like the other */
  scope(name: string): number {
    return remember(this.#scopes, name, () => {
      const found = this.findScope(name);
      return found ?? this.#connection.insert('INSERT INTO scopes (name) VALUES (?)', name)!;
    });
  }

  findScope(name: string): number | null {
    return (
      this.#connection.get<{ scope_id: number }>('SELECT scope_id FROM scopes WHERE name = ?', name)?.scope_id ?? null
    );
  }

  event(repositoryId: number, name: string): number {
    return remember(this.#events, `${repositoryId}/${name}`, () => {
      const found = this.findEvent(repositoryId, name);
      if (found !== null) return found;
      return this.#connection.insert(
        'INSERT INTO event_names (repository_id, name) VALUES (?, ?)',
        repositoryId,
        name,
      )!;
    });
  }

  findEvent(repositoryId: number, name: string): number | null {
    const sql = 'SELECT name_id FROM event_names WHERE repository_id = ? AND name = ?';
    return this.#connection.get<{ name_id: number }>(sql, repositoryId, name)?.name_id ?? null;
  }

  unit(repositoryId: number, unit: string): number {
    return remember(this.#units, `${repositoryId}/${unit}`, () => {
      const sql = 'SELECT unit_key FROM units WHERE repository_id = ? AND unit = ?';
      const found = this.#connection.get<{ unit_key: number }>(sql, repositoryId, unit);
      if (found) return found.unit_key;
      return this.#connection.insert('INSERT INTO units (repository_id, unit) VALUES (?, ?)', repositoryId, unit)!;
    });
  }

  /** After a rollback: numbers made in the transaction do not exist. */
  forget(): void {
    this.#scopes.clear();
    this.#events.clear();
    this.#units.clear();
  }
}

function remember(memory: Map<string, number>, key: string, make: () => number): number {
  const known = memory.get(key);
  if (known !== undefined) return known;
  if (memory.size >= REMEMBERED) memory.clear();
  const made = make();
  memory.set(key, made);
  return made;
}
