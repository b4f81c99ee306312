import type { z } from 'zod';
import type { ForecastRequestSchema } from '../contract/api/requests.ts';
import { forecastChange } from '../domain/decision/forecast-change.ts';
import type { Forecast } from '../domain/model/forecast.ts';
import { checkForecastSources, withSourceFindings } from './forecast-sources.ts';
import type { Gate } from './gate.ts';
import { contractHash, kpisHash } from './hashes.ts';
import { loadHistories, loadHistoryMinutes } from './load-histories.ts';
import { pullHistory } from './pull-history.ts';
import { askedSources } from './pull-sources.ts';
import { readFilesForGate } from './read-files.ts';

/** The caller waits for 30 s at most. */
const HISTORY_PATIENCE_MS = 22_000;

/**
 * What the window can show for a contract, from the history that the gate keeps. The registry is the
 * default branch's, so registering it here lets its history be kept from the first pull request on.
 * @throws GateError invalid_files, design_not_supported
 */
export async function forecastForPullRequest(
  gate: Gate,
  request: z.output<typeof ForecastRequestSchema>,
): Promise<{ contractHash: string; forecast: Forecast }> {
  const { contract, kpis, allKpis, findings } = readFilesForGate(gate, request);
  const now = gate.business.now();
  const hash = contractHash(contract);
  await gate.store.transaction((tx) =>
    tx.kpis.register(request.repository, allKpis, kpisHash(allKpis), askedSources(gate)),
  );
  const [sourceFindings] = await Promise.all([
    checkForecastSources(gate, kpis, request.registry.path),
    pullHistory(gate, request.repository, kpis, HISTORY_PATIENCE_MS),
  ]);
  return gate.store.transaction(async (tx) => {
    const histories = await loadHistories(tx, request.repository, kpis, now);
    const fastKpis = new Set(contract.fast.map(({ kpi }) => kpi));
    const historyMinutes = await loadHistoryMinutes(tx, request.repository, fastKpis, now);
    const predictions = await tx.verdicts.predictions(request.repository, contract.primary.kpi);
    const made = forecastChange({ contract, kpis, histories, historyMinutes, predictions, now });
    const forecast = withSourceFindings({ ...made, findings }, kpis, sourceFindings);
    await tx.verdicts.putForecast({
      contractHash: hash,
      repository: request.repository,
      pullRequest: request.pull_request,
      madeAt: now,
      forecast,
    });
    return { contractHash: hash, forecast };
  });
}
