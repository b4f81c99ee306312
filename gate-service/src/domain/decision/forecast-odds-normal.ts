import type { Kpi } from '../../contract/kpi-registry.ts';
import { normalQuantile, normalSf, tQuantile, tSf } from '../statistics/distributions.ts';
import { type VerdictProbabilities, verdictProbabilities } from '../statistics/verdict-probabilities.ts';
import type { VerdictRule } from '../statistics/verdict-rule.ts';

/** One-sided error of pass and fail (docs/statistics.md section A). */
export const VERDICT_ALPHA = 0.05;
/** The power that people plan for (docs/statistics.md section A). */
export const WANTED_POWER = 0.8;
/** The detectable effect is found when a step moves it by less than this share of itself. */
const CLOSE_ENOUGH = 1e-9;
const MOST_STEPS = 200;

/**
 * A verdict whose interval is estimate +- critical x se: plain differences, or ratios on the log scale. Effects are gains
 * as the contract states them: relative ones where the scale is the logarithm.
 */
export interface NormalDesign {
  readonly direction: Kpi['direction'];
  readonly scale: 'log' | 'identity';
  readonly rule: VerdictRule;
  readonly minEffect: number;
  readonly margin: number;
  /** Standard error on `scale` at the window's end when the true gain is this. */
  readonly se: (gain: number) => number;
  /** Degrees of freedom of the interval; null for the normal distribution. */
  readonly df: number | null;
}

/** What every design holds a gain against. */
export type RuleOfDesign = Pick<NormalDesign, 'direction' | 'rule' | 'minEffect' | 'margin'>;

type Scale = Pick<NormalDesign, 'direction' | 'scale'>;

/**
 * Chance of each verdict when the true gain is `gain` give or take `spread` (docs/statistics.md N4). Relative gains are
 * taken on the log scale, as their interval is: on the plain scale one standard error would have to serve limits that
 * differ by the effect itself, and the chances were off by up to 7 points. A monotone scale moves no limit of the rule.
 * @returns `invalid` with NaN for a design or a gain that cannot be
 */
export function normalOdds(design: NormalDesign, gain: number, spread: number): VerdictProbabilities {
  return verdictProbabilities({
    alpha: VERDICT_ALPHA,
    rule: design.rule,
    predictedDelta: onTestScale(design, gain),
    predictionSd: spread * slopeAt(design, gain),
    se: design.se(gain),
    minEffect: onTestScale(design, design.minEffect),
    margin: 0 - onTestScale(design, 0 - design.margin),
    df: design.df,
  });
}

/**
 * Chance that an effect of the minimum's size is told from none, or no effect from the margin for `no_worse_than`
 * (docs/statistics.md N2).
 * @returns in [0, 1]; null when there is nothing to detect or it cannot be computed
 */
export function normalDesignPower(design: NormalDesign): number | null {
  const target = targetOf(design);
  if (target === null) return null;
  const power = upperTail(design, critical(design, 1 - VERDICT_ALPHA) - target.size / design.se(target.gain));
  return Number.isFinite(power) ? power : null;
}

/**
 * Weeks of the same traffic until the effect that the rule is about is found with 80% power (docs/statistics.md N3), the
 * variance falling with the units.
 * @param windowWeeks length of the window that the standard error is for
 * @returns           whole weeks from 1; null when no time would be enough
 */
export function normalDesignWeeks(design: NormalDesign, windowWeeks: number): number | null {
  const target = targetOf(design);
  if (target === null) return null;
  const weeks = Math.ceil(windowWeeks * ((reach(design) * design.se(target.gain)) / target.size) ** 2);
  return Number.isFinite(weeks) ? Math.max(1, weeks) : null;
}

/**
 * The smallest gain that the window shows with 80% power, MDE = (z_{1-alpha} + z_power) se(MDE), iterated where the
 * standard error depends on the gain (docs/statistics.md N2).
 * @returns as the contract states gains; null when no gain would be enough
 */
export function normalDesignDetectable(design: NormalDesign): number | null {
  let gain = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    const needed = reach(design) * design.se(gain);
    const next = fromTestScale(design, needed);
    if (!(Number.isFinite(needed) && next > 0 && Number.isFinite(next))) return null;
    if (Math.abs(next - gain) <= CLOSE_ENOUGH * next) return next;
    gain = next;
  }
  return null;
}

/** What the rule tells apart, on the scale of the test, and the gain at which its standard error is read. */
function targetOf(design: NormalDesign): { readonly size: number; readonly gain: number } | null {
  const isMargin = design.rule === 'no_worse_than';
  const size = isMargin ? 0 - onTestScale(design, 0 - design.margin) : onTestScale(design, design.minEffect);
  return size > 0 ? { size, gain: isMargin ? 0 : design.minEffect } : null;
}

function reach(design: NormalDesign): number {
  return critical(design, 1 - VERDICT_ALPHA) + critical(design, WANTED_POWER);
}

function critical({ df }: NormalDesign, p: number): number {
  return df === null ? normalQuantile(p) : tQuantile(p, df);
}

function upperTail({ df }: NormalDesign, statistic: number): number {
  return df === null ? normalSf(statistic) : tSf(statistic, df);
}

function onTestScale({ direction, scale }: Scale, gain: number): number {
  return scale === 'identity' ? gain : signOf(direction) * Math.log1p(signOf(direction) * gain);
}

function fromTestScale({ direction, scale }: Scale, value: number): number {
  return scale === 'identity' ? value : signOf(direction) * Math.expm1(signOf(direction) * value);
}

/** How much a small step of the gain moves its value on the scale of the test. */
function slopeAt({ direction, scale }: Scale, gain: number): number {
  return scale === 'identity' ? 1 : 1 / (1 + signOf(direction) * gain);
}

function signOf(direction: Kpi['direction']): 1 | -1 {
  return direction === 'increase_is_good' ? 1 : -1;
}
