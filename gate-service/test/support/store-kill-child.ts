import { writeSync } from 'node:fs';
import { createSqliteStore } from '../../src/adapters/store/sqlite/sqlite-store.ts';
import { MINUTE_MS } from '../../src/domain/model/time.ts';
import { exposedTo, KPIS, MONDAY, makeChange, makeEvent, REPOSITORY } from './store-fixtures.ts';

/**
 * Writes to the store until it is killed, and tells each committed number on standard output:
 * `node store-kill-child.ts <path>`. Number n has the event `e<n>`, a ledger entry and the setting `last`.
 */
const [path] = process.argv.slice(2);
const store = createSqliteStore({ path: path! });
const stored = await store.transaction(async (tx) => {
  if (await tx.changes.insert(makeChange())) {
    await tx.kpis.register(REPOSITORY, KPIS, 'hash');
    await tx.events.startWindow(makeChange());
  }
  return Number((await tx.settings.get('last')) ?? 0);
});
for (let number = stored + 1; ; number += 1) {
  await store.transaction(async (tx) => {
    const unit = (number % 50).toString(16).padStart(32, '0');
    const at = (MONDAY + (number % 100)) * MINUTE_MS;
    const exposures = exposedTo(number % 2 ? 'on' : 'off');
    await tx.events.append(
      [makeEvent({ eventId: `e${number}`, event: number % 5 ? 'view' : 'buy', unit, at, exposures })],
      at,
    );
    await tx.ledger.append(
      { type: 'alert.raised', actor: 'child', repository: REPOSITORY, changeId: null, payload: { number } },
      at,
    );
    await tx.settings.put('last', String(number));
  });
  writeSync(1, `${number}\n`);
}
