import type { ChangeContractInput } from '../../../src/contract/change-contract.ts';
import type { Kpi } from '../../../src/contract/kpi-registry.ts';
import { evaluateLook, type Look, type LookInput } from '../../../src/domain/decision/run-look.ts';
import { startWatch } from '../../../src/domain/decision/start-watch.ts';
import type { ChangeState, Phase } from '../../../src/domain/model/change.ts';
import type { MinuteTally, WatchState } from '../../../src/domain/model/look.ts';
import { watchedMetricsOf } from '../../../src/domain/model/metric.ts';
import { type EpochMinute, startOfMinute } from '../../../src/domain/model/time.ts';
import type { KpiHistory } from '../../../src/domain/model/verdict.ts';
import { contractOf, historyOf, KPIS, START } from './evidence.ts';

/** Rates of one KPI by variant; trials per minute and arm. */
export interface Traffic {
  readonly kpiId: string;
  readonly perMinute: number;
  readonly off: number;
  readonly on: (minute: EpochMinute) => number;
}

/** A small linear congruential generator: the same seed gives the same traffic on every machine. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Minutes of traffic from the window's start; the treatment gets its phase's share. */
export function trafficOf(
  traffic: Traffic,
  minutes: number,
  phases: readonly Phase[],
  seed = 1,
): readonly MinuteTally[] {
  const random = generator(seed);
  const draw = (n: number, rate: number) =>
    Array.from({ length: n }).reduce<number>((y) => y + (random() < rate ? 1 : 0), 0);
  return Array.from({ length: minutes }, (_, i): MinuteTally => {
    const minute = START + i;
    const share =
      phases.find((phase) => phase.startMinute <= minute && minute < (phase.endMinute ?? Infinity))?.share ?? 0;
    const on = Math.round(traffic.perMinute * 2 * share);
    const off = traffic.perMinute * 2 - on;
    return { minute, off: { n: off, y: draw(off, traffic.off) }, on: { n: on, y: draw(on, traffic.on(minute)) } };
  });
}

export const HALF: readonly Phase[] = [
  { index: 0, cause: 'activation', share: 0.5, startMinute: START, endMinute: null },
];

export interface Watched {
  readonly contract?: Partial<ChangeContractInput>;
  readonly state?: ChangeState;
  readonly phases?: readonly Phase[];
  readonly tallies: Readonly<Record<string, readonly MinuteTally[]>>;
  readonly overrides?: Partial<LookInput>;
  /** Other KPIs than the usual three, each with its history. */
  readonly world?: readonly { readonly kpi: Kpi; readonly history: KpiHistory }[];
}

const USUAL_WORLD = KPIS.map((kpi) => ({ kpi, history: historyOf(kpi.id, 600, kpi.id === 'errors' ? 0.01 : 0.3) }));

export function startOf({ contract = {}, world = USUAL_WORLD }: Watched): WatchState {
  const kpis = world.map(({ kpi }) => kpi);
  const change = { changeId: 'chg-1-0123456789', contract: contractOf(contract), kpis, effectiveAt: START };
  return startWatch({ change, histories: world.map(({ history }) => history) });
}

/** One look `after` minutes into the window, at a world whose sources answer. */
export function lookAt(watched: Watched, watch: WatchState, after: number): Look {
  const { contract = {}, state = 'watching', phases = HALF, tallies, overrides = {}, world = USUAL_WORLD } = watched;
  const change = { contract: contractOf(contract), kpis: world.map(({ kpi }) => kpi), state, effectiveAt: START };
  const seen = START + after - 1;
  return evaluateLook({
    change,
    phases,
    watch,
    metrics: watchedMetricsOf(change).map(({ kpi }) => ({
      kpiId: kpi.id,
      minutes: (tallies[kpi.id] ?? []).filter(({ minute }) => minute <= seen),
      source: { status: 'ok' as const },
      lastSeen: { kpi: seen, change: seen },
      history: world.find((one) => one.kpi.id === kpi.id)!.history,
    })),
    interventions: [],
    personRaisedAt: null,
    paused: false,
    now: startOfMinute(START + after),
    ...overrides,
  });
}

/** Looks at each of the given minutes, each from what the one before left, through JSON as the store keeps it. */
export function looksAt(watched: Watched, minutes: readonly number[], from: WatchState = startOf(watched)): Look {
  let watch = from;
  let last: Look | null = null;
  for (const minute of minutes) {
    last = lookAt(watched, watch, minute);
    watch = JSON.parse(JSON.stringify(last.watch)) as WatchState;
  }
  return last!;
}
