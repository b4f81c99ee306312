import type { Kpi } from '../../contract/kpi-registry.ts';
import { harmDirection } from '../model/metric.ts';
import type { MetricMonitorConfig } from '../model/monitor.ts';
import type { Tally } from '../model/tally.ts';
import { detectionNats, detectionTime } from '../statistics/detection-time.ts';
import { EMPTY_LOG_HISTOGRAM, logBucket, logBucketEdge, logHistogramCount } from '../statistics/log-histogram.ts';
import { advanceMonitor, monitorLogWealth, slowerThan, startMonitor } from './metric-monitor.ts';
import { THROTTLE_ALPHA } from './monitor-config.ts';

/** A mean, a ratio or a quantile gets worse by this much; a rate doubles, or halves. */
const WORSE_BY = 0.2;
const RATE_FACTOR = 2;
/** Units over which an expected growth is computed, so that whole numbers are exact enough. */
const MANY_UNITS = 10_000_000;

/** Units of both arms a minute, the treatment's share of them, and how the monitor expects harm to begin. */
export interface NoticedTraffic {
  readonly arrivalsPerMinute: number;
  readonly treatmentShare: number;
  readonly onset: 'mixture' | 'immediate';
}

/** Minutes until the monitor alarms on average, and the units (events, of a rate) that the harm will have cost. */
export interface NoticedHarm {
  readonly minutes: number;
  readonly unitsHarmed: number;
}

/**
 * How soon the monitor of a mean, a ratio, a rate or a quantile would notice a typical harm (docs/statistics.md N5): the
 * nats of N5 over what its best bet gains on the expected sums. So bets that a high cap keeps small are counted as such.
 * @param baseline tally without the change: the history's, or the control's
 * @returns        null when it would never be noticed, or when nobody can tell
 */
export function noticeHarm(
  kpi: Kpi,
  config: MetricMonitorConfig,
  baseline: Tally,
  traffic: NoticedTraffic,
): NoticedHarm | null {
  const isWorseUp = harmDirection(kpi) === 'increase';
  switch (config.kind) {
    case 'mean': {
      const single = config.relativeEffects.map((effect) => ({ ...config, relativeEffects: [effect], weights: [1] }));
      const harmed = withNumerators(baseline, isWorseUp ? 1 + WORSE_BY : 1 - WORSE_BY);
      return harmOf(bestGrowth(single, baseline, harmed, traffic), traffic, 1);
    }
    case 'count': {
      const single = config.psi.map((psi, k) => ({
        ...config,
        psi: [psi],
        weights: [1],
        tempering: [config.tempering?.[k] ?? 1],
      }));
      const factor = isWorseUp ? RATE_FACTOR : 1 / RATE_FACTOR;
      const harmed = { n: baseline.n, y: baseline.y * factor };
      const perUnit = Math.abs(harmed.y - baseline.y) / baseline.n;
      return harmOf(bestGrowth(single, baseline, harmed, traffic), traffic, perUnit);
    }
    case 'exceedance':
      return noticeSlower(config, baseline, isWorseUp, traffic);
    case 'proportion':
    case 'none':
      return null;
    default:
      return config satisfies never;
  }
}

function harmOf(growth: number, traffic: NoticedTraffic, perUnit: number): NoticedHarm | null {
  const { arrivalsPerMinute, treatmentShare, onset } = traffic;
  const minutes = detectionNats(THROTTLE_ALPHA, onset) / (arrivalsPerMinute * growth);
  if (!(growth > 0 && Number.isFinite(minutes))) return null;
  return { minutes, unitsHarmed: minutes * arrivalsPerMinute * treatmentShare * perUnit };
}

/** Growth of the log wealth for each unit of both arms, of the best of these single bets. */
function bestGrowth(
  bets: readonly MetricMonitorConfig[],
  control: Tally,
  treatment: Tally,
  { treatmentShare }: NoticedTraffic,
): number {
  const on = scaled(treatment, Math.round(MANY_UNITS * treatmentShare));
  const off = scaled(control, MANY_UNITS - on.n);
  const growths = bets.map((bet) => {
    const config: MetricMonitorConfig = bet.kind === 'none' ? bet : { ...bet, onset: 'immediate' };
    return monitorLogWealth(advanceMonitor(config, startMonitor(config), { minute: 0, off, on })) / MANY_UNITS;
  });
  return Math.max(0, ...growths);
}

/** The expected sums of so many units. */
function scaled({ n, y, sums }: Tally, units: number): Tally {
  const factor = units / n;
  if (sums === undefined) return { n: units, y: Math.round(y * factor) };
  const { yy, d, dd, yd } = sums;
  return {
    n: units,
    y: y * factor,
    sums: { yy: yy * factor, d: d * factor, dd: dd * factor, yd: yd * factor, clipped: 0, missing: 0 },
  };
}

function withNumerators({ n, y, sums }: Tally, factor: number): Tally {
  return {
    n,
    y: y * factor,
    ...(sums && { sums: { ...sums, yy: sums.yy * factor ** 2, yd: sums.yd * factor } }),
  };
}

/** Every latency changes by a fifth; one stream must reach what the mean of all is held against. */
function noticeSlower(
  { edges }: Extract<MetricMonitorConfig, { kind: 'exceedance' }>,
  baseline: Tally,
  isWorseUp: boolean,
  traffic: NoticedTraffic,
): NoticedHarm | null {
  const histogram = baseline.histogram ?? EMPTY_LOG_HISTOGRAM;
  const n = logHistogramCount(histogram);
  const factor = isWorseUp ? 1 + WORSE_BY : 1 / (1 + WORSE_BY);
  const times = edges.flatMap(({ control, treatment }) => {
    const pA = slowerThan(histogram, control) / n;
    const moved = treatment === null ? null : logBucket(logBucketEdge(treatment) / factor);
    const pB = slowerThan(histogram, moved) / n;
    if (!(isWorseUp ? pB > pA : pB < pA)) return [];
    const { status, minutes } = detectionTime({ pA, pB, ...traffic, alpha: THROTTLE_ALPHA / edges.length });
    return status === 'ok' ? [minutes] : [];
  });
  if (times.length === 0) return null;
  const minutes = Math.min(...times);
  return { minutes, unitsHarmed: minutes * traffic.arrivalsPerMinute * traffic.treatmentShare };
}
