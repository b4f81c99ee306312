import { applyIntervention } from './apply-intervention.ts';
import type { Gate } from './gate.ts';
import { settlePublished } from './settle-intervention.ts';

/** A claim outlives the longest attempt (three calls of 8 s each, four rounds at worst are cut by the deadline of each). */
const LEASE_MS = 120_000;

/**
 * Carries out whatever is due in the outbox; different changes at the same time, one change's in order.
 * @returns how many rows were worked on
 */
export async function runInterventions(gate: Gate): Promise<number> {
  const claimed = await gate.store.transaction((tx) =>
    tx.interventions.claimDue(gate.real.now(), LEASE_MS, gate.options.owner),
  );
  await Promise.all(
    claimed.map(async (intervention) => {
      try {
        if (intervention.outcome === 'pending') {
          await applyIntervention(gate, intervention);
          return;
        }
        const change = await gate.store.transaction((tx) => tx.changes.find(intervention.changeId));
        if (change) await settlePublished(gate, change, intervention);
      } catch (error) {
        gate.log.error(
          { err: error, intervention_id: intervention.interventionId },
          'intervention failed; it is tried again when its lease runs out',
        );
      }
    }),
  );
  return claimed.length;
}
