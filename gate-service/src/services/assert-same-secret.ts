import { createHmac } from 'node:crypto';
import { GateError } from '../contract/gate-error.ts';
import type { Store } from '../ports/store.ts';

const KEY = 'secret-check';

/**
 * Refuses a store that was begun with another CHANGEGATE_SECRET: under a new one every user would be a new
 * unit in the middle of a window, and no token would be known.
 * @throws GateError invalid_config
 */
export async function assertSameSecret(store: Store, secret: string): Promise<void> {
  const check = createHmac('sha256', secret).update('changegate/store').digest('hex');
  await store.transaction(async (tx) => {
    const known = await tx.settings.get(KEY);
    if (known === check) return;
    if (known !== null) {
      throw new GateError(
        'invalid_config',
        'CHANGEGATE_SECRET is not the one that this store was begun with.',
        'Set it to the old one: it makes the pseudonyms and the hashes of the tokens, so it cannot be replaced.',
      );
    }
    await tx.settings.put(KEY, check);
  });
}
