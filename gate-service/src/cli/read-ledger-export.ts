import { LedgerEntryViewSchema } from '../contract/api/requests.ts';
import type { LedgerEntryWithPayload } from '../domain/model/ledger-entry.ts';
import { toLedgerEntry } from './ledger-export.ts';
import { readStrictJson } from './read-strict-json.ts';

/** No key but those that the hashes cover: what nobody vouches for is no part of an entry. */
const EntrySchema = LedgerEntryViewSchema.strict();

/** Reads what `changegate ledger export` wrote. @throws GateError invalid_input, with the line */
export function readLedgerExport(text: string, path: string): readonly LedgerEntryWithPayload[] {
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '') return [];
    const entry = readStrictJson(line, EntrySchema, {
      where: `${path} line ${at + 1}`,
      kind: 'an entry of a ledger export',
      remedy: 'Make one with: changegate ledger export --out ledger.ndjson',
    });
    return [toLedgerEntry(entry)];
  });
}
