import { applyIntervention, type ClaimedIntervention, INTERVENTION_LEASE_MS } from './apply-intervention.ts';
import type { Gate } from './gate.ts';
import { settlePublished } from './settle-intervention.ts';

/**
 * Carries out whatever is due in the outbox; different changes at the same time, one change's in order.
 * @returns how many rows were worked on
 */
export async function runInterventions(gate: Gate): Promise<number> {
  const claimed = await gate.store.transaction((tx) =>
    tx.interventions.claimDue(gate.real.now(), INTERVENTION_LEASE_MS, gate.options.owner),
  );
  const byChange = Map.groupBy(claimed, ({ changeId }) => changeId);
  await Promise.all(
    [...byChange.values()].map(async (ofOneChange) => {
      for (const intervention of ofOneChange) await carryOut(gate, intervention);
    }),
  );
  return claimed.length;
}

async function carryOut(gate: Gate, intervention: ClaimedIntervention): Promise<void> {
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
}
