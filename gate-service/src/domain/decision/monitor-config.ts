import type { RatioMeasure } from '../../contract/kpi-measure.ts';
import { harmDirection, type Metric } from '../model/metric.ts';
import type { EdgePair, MetricMonitorConfig } from '../model/monitor.ts';
import type { Tally } from '../model/tally.ts';
import { type EpochMinute, WEEK_MINUTES } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { DEFAULT_PSI, equalWeights, pruneCandidates, weightsByTraffic } from '../statistics/candidates.ts';
import { clumpExponents } from '../statistics/clump-exponent.ts';
import { clipRate } from '../statistics/control-rate.ts';
import { isProportionArm } from '../statistics/estimate.ts';
import { exceedanceThresholds } from '../statistics/exceedance-thresholds.ts';
import { logBucket, logBucketEdge, toCumulative } from '../statistics/log-histogram.ts';
import { sampleVariance } from '../statistics/mean-arm.ts';
import { DEFAULT_RELATIVE_EFFECTS, MEAN_BLOCK_UNITS } from '../statistics/mean-monitor.ts';
import { type HarmDirection, nullLine } from '../statistics/null-line.ts';
import { ratioOfSums } from '../statistics/ratio-of-sums.ts';
import { expectedTrials, historyTotal } from './history.ts';
import { isSoundTally } from './sound-tally.ts';

/** alpha of the first step; the same everywhere, so that pruning and alarms speak of one threshold (section A). */
export const THROTTLE_ALPHA = 0.05;
/** Units per arm and week below which traffic is tiny (docs/statistics.md K, tiny traffic). */
const TINY_UNITS_PER_ARM = 200;
/** Units that both arms need before a block closes (K1): sizes alone decide. */
const BLOCK_UNITS = { tiny: 2, usual: 3 } as const;
/** Pruning needs both arms; a start share of 0 or 1 is treated as almost. */
const SMALLEST_ARM_SHARE = 0.01;

/** Keeps rounding from pushing a unit's value below 0. */
const ROOM_FOR_ROUNDING = 1 + 1e-9;

const NO_HISTORY = { kind: 'none', reason: 'No history that it could be held against: not watched for harm.' } as const;
const NOT_RELATIVE = { kind: 'none', reason: 'Its margin is not relative: not watched for harm.' } as const;
const LEVEL = { kind: 'none', reason: 'A level that is sampled: not watched for harm, only judged.' } as const;

/** When the window starts, and with which share of the treatment. */
export interface WatchPlan {
  readonly share: number;
  readonly start: EpochMinute;
}

/**
 * How a KPI is watched for harm, by its type, from what was known before the window (docs/statistics.md K2 to K11, F6).
 * Guardrails have their margin; a KPI that is also primary or leading has none (K14). Types other than a proportion need
 * a history: without it the KPI is not watched.
 */
export function monitorConfig(metric: Metric, history: KpiHistory | null, plan: WatchPlan): MetricMonitorConfig {
  const { measure } = metric.kpi;
  if (measure.type === 'proportion') return proportionConfig(metric, history, plan);
  if (measure.type === 'gauge') return LEVEL;
  const margin = relativeMargin(metric);
  if (margin === null) return NOT_RELATIVE;
  const total = history && historyTotal(history);
  if (history === null || total === null || !isSoundTally(measure, total)) return NO_HISTORY;
  const harm = harmDirection(metric.kpi);
  switch (measure.type) {
    case 'mean':
      return meanConfig(Math.round(measure.amount.cap / measure.amount.step), total, margin, harm);
    case 'ratio':
      return ratioConfig(measure, total, margin, harm);
    case 'rate':
      return countConfig(history.dispersion ?? null, margin, harm, plan);
    case 'quantile':
      return exceedanceConfig(total, margin, harm, blockUnits(history, plan));
    default:
      return measure satisfies never;
  }
}

/**
 * Units of both arms that the history expects in the first week.
 * @returns null without history
 */
function unitsOfFirstWeek(history: KpiHistory | null, { start }: WatchPlan): number | null {
  return history && expectedTrials(history, start, start + WEEK_MINUTES);
}

/** Whether the smaller arm expects under 200 units in the first week; false when nothing is known. */
export function isTiny(history: KpiHistory | null, plan: WatchPlan): boolean {
  const units = unitsOfFirstWeek(history, plan);
  const share = armShare(plan);
  return units !== null && units * Math.min(share, 1 - share) < TINY_UNITS_PER_ARM;
}

function blockUnits(history: KpiHistory | null, plan: WatchPlan): number {
  return isTiny(history, plan) ? BLOCK_UNITS.tiny : BLOCK_UNITS.usual;
}

/** The same wealth at the start for every candidate, and harm may begin at any time. */
function evenBets(candidates: number) {
  return { weights: equalWeights(candidates), onset: 'mixture' } as const;
}

function proportionConfig(metric: Metric, history: KpiHistory | null, plan: WatchPlan): MetricMonitorConfig {
  const { margin } = metric;
  const harm = harmDirection(metric.kpi);
  const free = isFree(metric) || margin === null;
  const marginKind = free ? 'none' : margin.kind === 'relative' ? 'ratio' : 'difference';
  const size = free ? 0 : Math.abs(margin.value);
  const past = history && historyTotal(history);
  const usable = past && isProportionArm(past) ? { n: past.n, y: past.y } : null;
  const units = unitsOfFirstWeek(history, plan);
  const traffic =
    usable === null || units === null
      ? null
      : {
          thetaA: clipRate((harm === 'increase' ? usable.y : usable.n - usable.y) / usable.n),
          treatmentShare: armShare(plan),
          unitsPerWeek: units,
          alpha: THROTTLE_ALPHA,
        };
  const line = nullLine(marginKind, size, harm);
  const psi = traffic === null ? DEFAULT_PSI : pruneCandidates(DEFAULT_PSI, traffic, line);
  return {
    kind: 'proportion',
    psi,
    weights: traffic === null ? equalWeights(psi.length) : weightsByTraffic(psi, traffic, line),
    onset: 'mixture',
    bets: free ? 'conditional' : 'reference',
    marginKind,
    margin: size,
    harm,
    nMin: blockUnits(history, plan),
    history: usable,
  };
}

/** Bets on relative changes of the baseline's mean, of amounts in [0, cap] (docs/statistics.md K8 to K11). */
function meanConfig(cap: number, total: Tally, margin: number, harm: HarmDirection): MetricMonitorConfig {
  const sumSq = total.sums?.yy ?? Number.NaN;
  const baselineSd = Math.sqrt(sampleVariance({ n: total.n, sum: total.y, sumSq }));
  const baselineMean = total.y / total.n;
  if (!(baselineMean > 0 && baselineMean < cap && baselineSd > 0)) return NO_HISTORY;
  return {
    kind: 'mean',
    relativeEffects: DEFAULT_RELATIVE_EFFECTS,
    ...evenBets(DEFAULT_RELATIVE_EFFECTS.length),
    cap,
    baselineMean,
    baselineSd,
    marginKind: margin > 0 ? 'ratio' : 'none',
    margin,
    harm,
    nMin: MEAN_BLOCK_UNITS,
    value: { controlSlope: 0, treatmentSlope: 0, shift: 0 },
  };
}

/**
 * A ratio as the mean of z = x - R d, R the history's ratio, shifted so that z >= 0 (docs/statistics.md D1, K8). The
 * treatment's R is moved by the margin. Effects are those of the numerator, as fractions of z's own baseline.
 */
function ratioConfig(
  { numerator, denominator }: RatioMeasure,
  total: Tally,
  margin: number,
  harm: HarmDirection,
): MetricMonitorConfig {
  const { n, y, sums } = total;
  if (sums === undefined || !(sums.d > 0) || !(n > 1)) return NO_HISTORY;
  const arm = { n, sumX: y, sumD: sums.d, sumXX: sums.yy, sumDD: sums.dd, sumXD: sums.yd };
  const { value, variance } = ratioOfSums(arm);
  const baselineSd = sums.d * Math.sqrt(variance / n);
  const treatmentSlope = value * (harm === 'increase' ? 1 + margin : 1 - margin);
  if (!(value > 0 && baselineSd > 0 && treatmentSlope > 0)) return NO_HISTORY;
  const shift = Math.max(value, treatmentSlope) * Math.round(denominator.cap / denominator.step) * ROOM_FOR_ROUNDING;
  return {
    kind: 'mean',
    relativeEffects: DEFAULT_RELATIVE_EFFECTS.map((effect) => (effect * y) / n / shift),
    ...evenBets(DEFAULT_RELATIVE_EFFECTS.length),
    cap: shift + Math.round(numerator.cap / numerator.step),
    baselineMean: shift,
    baselineSd,
    marginKind: 'none',
    margin: 0,
    harm,
    nMin: MEAN_BLOCK_UNITS,
    value: { controlSlope: value, treatmentSlope, shift },
  };
}

/**
 * Bets tempered by how far the history's counts spread beyond Poisson's (docs/statistics.md K5, K7): as if by 2 phi - 1,
 * since phi is the size of the clump that an event is in on average, and it is the larger ones that break a bet.
 */
function countConfig(
  dispersion: number | null,
  marginRatio: number,
  harm: HarmDirection,
  plan: WatchPlan,
): MetricMonitorConfig {
  const bets = { psi: DEFAULT_PSI, harm, marginRatio };
  const { status, exponents } = clumpExponents([], bets, [armShare(plan)], dispersion && 2 * dispersion - 1);
  if (status !== 'ok') return NO_HISTORY;
  return { kind: 'count', ...bets, ...evenBets(DEFAULT_PSI.length), tempering: exponents };
}

/** One stream a threshold of the history's latencies (docs/statistics.md F6). */
function exceedanceConfig(total: Tally, margin: number, harm: HarmDirection, nMin: number): MetricMonitorConfig {
  const { histogram } = total;
  if (histogram === undefined) return NO_HISTORY;
  const thresholds = exceedanceThresholds(toCumulative(histogram), harm, 'none', 0);
  const edges = thresholds.map(({ control }): EdgePair => {
    const index = bucketOfEdge(control);
    return { control: index, treatment: index === null ? null : index + bucketsOf(margin, harm) };
  });
  if (edges.length === 0 || !edges.every(({ treatment }) => treatment === null || Number.isFinite(treatment)))
    return NO_HISTORY;
  const histories = thresholds.map(({ history }) => history);
  return {
    kind: 'exceedance',
    psi: DEFAULT_PSI,
    ...evenBets(DEFAULT_PSI.length),
    harm,
    nMin,
    histories,
    edges,
  };
}

/** Index of the bucket whose upper edge this is; null for the edge 0. */
function bucketOfEdge(edge: number): number | null {
  return edge > 0 ? Math.round(Math.log(edge) / Math.log(logBucketEdge(1))) : null;
}

/** Buckets by which a margin moves an edge away from harm: rounded up, so that it is granted in full. */
function bucketsOf(margin: number, harm: HarmDirection): number {
  if (margin === 0) return 0;
  const up = harm === 'increase' ? 1 + margin : 1 / (1 - margin);
  const buckets = up > 0 ? (logBucket(up) ?? Number.NaN) : Number.NaN;
  return harm === 'increase' ? buckets : -buckets;
}

/** Null when a margin cannot be used: only relative ones can, below 1 where a decrease is harm. */
function relativeMargin(metric: Metric): number | null {
  const { margin } = metric;
  if (isFree(metric) || margin === null) return 0;
  const size = Math.abs(margin.value);
  const most = harmDirection(metric.kpi) === 'decrease' ? 1 : Number.POSITIVE_INFINITY;
  return margin.kind === 'relative' && size < most ? size : null;
}

function isFree({ roles }: Metric): boolean {
  return roles.includes('primary') || roles.includes('leading');
}

function armShare({ share }: WatchPlan): number {
  return Math.min(1 - SMALLEST_ARM_SHARE, Math.max(SMALLEST_ARM_SHARE, share));
}
