import { silentFrom } from '../decision/assess-signal.ts';
import { forecastChange } from '../decision/forecast-change.ts';
import { makeKpiHistory } from '../decision/history.ts';
import { judgeChange } from '../decision/judge-change.ts';
import { longestWithin, type Phase, SETTLE_MINUTES } from '../model/change.ts';
import type { Forecast } from '../model/forecast.ts';
import { startOfMinute } from '../model/time.ts';
import type { KpiHistory, Verdict, VerdictEvidence } from '../model/verdict.ts';
import type { ReplayInput, ReplayKpi } from './replay-data.ts';
import { replayEvidence } from './replay-evidence.ts';
import { type ReplayDay, replayWatch } from './replay-watch.ts';
import { hourTallies } from './sum-tallies.ts';

/** All that Changegate would have said about a change, had it watched what the file holds. */
export interface Replay {
  readonly forecast: Forecast;
  readonly days: readonly ReplayDay[];
  readonly evidence: VerdictEvidence;
  readonly verdict: Verdict;
  /** The file ends so early in the window that it can't be judged. */
  readonly endsEarly: boolean;
}

/**
 * Replays one change from the sufficient statistics of a file: the forecast as it would have stood before the deploy, the
 * watch, and the verdict, by the functions that the gate service uses. One phase: the recorded share, throughout.
 * @throws GateError invalid_input, when the primary KPI has no definition
 */
export function replayChange(input: ReplayInput): Replay {
  const { contract, kpis, data, startMinute, lastMinute } = input;
  const now = startOfMinute(startMinute);
  const histories = kpis.map((kpi) =>
    makeKpiHistory({
      kpiId: kpi.id,
      type: kpi.measure.type,
      withinMinutes: kpi.measure.withinMinutes,
      hours: hourTallies(find(data, kpi.id)?.history ?? []),
      now,
    }),
  );
  const historyMinutes = data.flatMap(({ kpiId, history }) => {
    const from = history[0]?.minute;
    return from === undefined ? [] : [{ kpiId, from, to: startMinute, minutes: history }];
  });
  const end = startMinute + contract.windowMinutes;
  const primary = histories.find(({ kpiId }) => kpiId === contract.primary.kpi);
  const endsEarly = lastMinute < end && silentFrom(primary ?? NO_HISTORY, lastMinute, 1) < end;
  const judged = endsEarly ? lastMinute + 1 : end + longestWithin({ kpis }) + SETTLE_MINUTES;
  const phases: readonly Phase[] = [
    { index: 0, cause: 'activation', share: contract.rollout.start, startMinute, endMinute: null },
  ];
  const change = { changeId: input.hashes.changeId, contract, kpis, effectiveAt: startMinute };
  const watched = replayWatch({
    change,
    phases,
    histories,
    data,
    exposedMinutes: input.counts.exposedMinutes,
    lastMinute,
    until: judged,
  });
  const evidence = replayEvidence(input, watched, { histories, phases, judgedAt: startOfMinute(judged) });
  return {
    forecast: forecastChange({ contract, kpis, histories, historyMinutes, now }),
    days: watched.days,
    evidence,
    verdict: judgeChange(evidence),
    endsEarly,
  };
}

const NO_HISTORY: KpiHistory = { kpiId: '', weeks: [], hourOfWeek: [] };

function find(data: readonly ReplayKpi[], id: string): ReplayKpi | undefined {
  return data.find(({ kpiId }) => kpiId === id);
}
