import type { Phase } from '../model/change.ts';
import type { MetricEvidence } from '../model/verdict.ts';
import { type Estimate, insufficientEstimate, invalidEstimate } from '../statistics/estimate.ts';
import { isMeanArm } from '../statistics/mean-arm.ts';
import { pairedLogRatio } from '../statistics/pooled-log-ratio.ts';
import { comparableRows } from './effect-scale.ts';
import { meanArmOf } from './estimate-amounts.ts';

/**
 * Ratio of a gauge's level, treatment over control: a paired t interval over UTC days of the logarithm of the day's ratio
 * of means (docs/statistics.md C1). Samples of one level hang together, so a day is one observation and not its samples.
 * @returns ratio B/A; `insufficient` under 3 days with samples of both arms, with a day whose mean is 0, or without any
 *          variance between days; `invalid` for broken sums
 */
export function gaugeRatio(data: Pick<MetricEvidence, 'days'>, phases: readonly Phase[], confidence: number): Estimate {
  const rows = comparableRows(data.days ?? [], phases);
  if (!rows.every(({ off, on }) => isMeanArm(meanArmOf(off)) && isMeanArm(meanArmOf(on)))) {
    return invalidEstimate('paired_log_ratio');
  }
  const cells = rows.filter(({ off, on }) => off.n > 0 && on.n > 0);
  const samples = cells.reduce((total, { off, on }) => total + off.n + on.n, 0);
  // A level of 0 has no logarithm, and leaving its day out would choose by outcome.
  if (cells.some(({ off, on }) => !(off.y > 0 && on.y > 0))) {
    return insufficientEstimate('paired_log_ratio', samples, 0, Number.POSITIVE_INFINITY);
  }
  const days = [...new Set(cells.map(({ day }) => day))].toSorted((left, right) => left - right);
  const ratios = days.map((day) => dayRatio(cells.filter((cell) => cell.day === day)));
  return pairedLogRatio(ratios, samples, confidence);
}

/** Mean of ln(B/A) over a day's phases, each weighted by nA nB / (nA + nB). */
function dayRatio(cells: readonly NonNullable<MetricEvidence['days']>[number][]): number {
  const weights = cells.map(({ off, on }) => (off.n * on.n) / (off.n + on.n));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const log = cells.reduce(
    (sum, { off, on }, i) => sum + (weights[i] ?? 0) * Math.log(on.y / on.n / (off.y / off.n)),
    0,
  );
  return log / total;
}
