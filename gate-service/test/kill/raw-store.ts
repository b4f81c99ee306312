import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { LedgerEntryWithPayload } from '../../src/domain/model/ledger-entry.ts';

export interface RawIntervention {
  readonly intervention_id: string;
  readonly change_id: string;
  readonly kind: string;
  readonly target_share: number;
  readonly outcome: string;
  readonly intent_at: number | null;
  readonly accepted_at: number | null;
  readonly published_at: number | null;
  readonly not_effective_at: number | null;
}

/** A copy of a dead gate's files, so that looking at them changes nothing of what its successor finds. */
export function copyOf(path: string): string {
  const copy = `${path}.copy`;
  for (const end of ['', '-wal', '-shm']) {
    rmSync(copy + end, { force: true });
    if (existsSync(path + end) && end !== '-shm') copyFileSync(path + end, copy + end);
  }
  return copy;
}

/** The store's file read past the service, also while that runs. */
export class RawStore {
  readonly #database: DatabaseSync;

  constructor(path: string, readOnly = true) {
    this.#database = new DatabaseSync(path, { readOnly });
  }

  close(): void {
    this.#database.close();
  }

  interventions(): readonly RawIntervention[] {
    return this.#all<RawIntervention>('SELECT * FROM interventions ORDER BY decided_at, intervention_id');
  }

  eventIds(): ReadonlySet<string> {
    return new Set(this.#all<{ event_id: string }>('SELECT event_id FROM events').map(({ event_id }) => event_id));
  }

  ledger(): readonly LedgerEntryWithPayload[] {
    const rows = this.#all<Record<string, never>>(
      'SELECT * FROM ledger_entries JOIN ledger_payloads USING (seq) ORDER BY seq',
    );
    return rows.map((row) => ({
      seq: row.seq!,
      ts: row.ts!,
      type: row.type!,
      actor: row.actor!,
      repository: row.repository!,
      changeId: row.change_id!,
      payloadHash: row.payload_hash!,
      prevHash: row.prev_hash!,
      entryHash: row.entry_hash!,
      salt: row.salt!,
      payload: row.payload === null ? null : JSON.parse(row.payload!),
    }));
  }

  integrity(): string {
    return this.#all<{ integrity_check: string }>('PRAGMA integrity_check')
      .map(({ integrity_check }) => integrity_check)
      .join();
  }

  #all<Row>(sql: string): Row[] {
    return this.#database.prepare(sql).all() as Row[];
  }
}
