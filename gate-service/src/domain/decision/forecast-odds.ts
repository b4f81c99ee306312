import type { Effect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { normalQuantile } from '../statistics/distributions.ts';
import { exactVerdictProbabilities } from '../statistics/exact-verdict-probabilities.ts';
import { differenceStandardError, normalPower, sampleSizePerArm } from '../statistics/power.ts';
import type { VerdictProbabilities } from '../statistics/verdict-probabilities.ts';
import { judgeRule, type VerdictOutcome, type VerdictRule } from '../statistics/verdict-rule.ts';
import { gainEstimate } from './effect-scale.ts';
import { type NormalDesign, normalOdds, VERDICT_ALPHA, WANTED_POWER } from './forecast-odds-normal.ts';

/** With fewer units per arm the verdict's odds are enumerated, not approximated (docs/statistics.md N6). */
const ENUMERATE_BELOW = 100;
/** The prediction's error is spread over this many equally likely effects when odds are enumerated. */
const PREDICTED_EFFECTS = 9;
/** Above this the enumeration would be slow, and the normal approximation is good. */
const LARGEST_ENUMERATED_ARM = 1000;

/**
 * What is known before the deploy of a proportion: history's rate, the units of the window, and the rule. Effects are
 * gains.
 */
export interface Design {
  readonly direction: Kpi['direction'];
  readonly scale: Effect['kind'];
  readonly rule: VerdictRule;
  /** Rate of the KPI in its history, in (0, 1). */
  readonly baseline: number;
  /** Units expected in the window: control, treatment. */
  readonly nA: number;
  readonly nB: number;
  readonly minEffect: number;
  readonly margin: number;
}

/** Which method the odds of a design are computed by. */
export function oddsMethod({ nA, nB }: Pick<Design, 'nA' | 'nB'>): 'normal' | 'exact' {
  return Math.min(nA, nB) < ENUMERATE_BELOW && Math.max(nA, nB) < LARGEST_ENUMERATED_ARM ? 'exact' : 'normal';
}

/** The treatment's rate under a true gain on the contract's scale, kept inside [0, 1]. */
export function rateUnderGain({ direction, scale, baseline }: Design, gain: number): number {
  const change = (direction === 'increase_is_good' ? 1 : -1) * gain * (scale === 'relative' ? baseline : 1);
  return Math.min(1, Math.max(0, baseline + change));
}

/** Standard error of the gain at the window's end, on the contract's scale (docs/statistics.md N1). */
function gainStandardError(design: Design, gain: number): number {
  const { baseline: pA, nA, nB, scale } = design;
  const pB = rateUnderGain(design, gain);
  if (scale === 'absolute') return differenceStandardError({ pA, pB, nA, nB });
  const ratio = pB / pA;
  return Math.sqrt((ratio * ratio * (1 - pA)) / (nA * pA) + (pB * (1 - pB)) / (nB * pA * pA));
}

/**
 * Chance of each verdict when the true gain is `gain` give or take `spread` (docs/statistics.md N4; N6 under 100 units
 * per arm, through the real verdict function).
 * @returns `invalid` with NaN for a design that cannot be computed
 */
export function verdictOdds(design: Design, gain: number, spread: number): VerdictProbabilities {
  const { rule, minEffect, margin } = design;
  if (oddsMethod(design) === 'normal') return normalOdds(normalDesignOf(design), gain, spread);
  const decide = (estimate: number, lo: number, hi: number) =>
    judgeRule({ rule, minEffect, margin, estimate, lo, hi }).verdict;
  return enumerated(design, gain, spread, decide);
}

/**
 * Chance that an effect of the minimum's size is told from none, or no effect from the margin for `no_worse_than`
 * (docs/statistics.md N2).
 * @returns in [0, 1]; null when there is nothing to detect or it cannot be computed
 */
export function powerAtMinimum(design: Design): number | null {
  const { rule, margin, minEffect } = design;
  const target = rule === 'no_worse_than' ? margin : minEffect;
  if (!(target > 0)) return null;
  const gain = rule === 'no_worse_than' ? 0 : minEffect;
  const power =
    oddsMethod(design) === 'normal'
      ? normalPower(target, gainStandardError(design, gain), VERDICT_ALPHA, 1)
      : enumerated(design, gain, 0, (_, lo) => (lo > gain - target ? 'pass' : 'inconclusive')).pass;
  return Number.isFinite(power) ? power : null;
}

/**
 * Weeks of the same traffic until the effect that the rule is about is found with 80% power (docs/statistics.md N3).
 * @param windowWeeks length of the window that nA and nB are for
 * @returns whole weeks from 1; null when no time would be enough
 */
export function weeksNeeded(design: Design, windowWeeks: number): number | null {
  const { baseline: pA, nA, nB, rule, margin, minEffect } = design;
  const pB = rateUnderGain(design, rule === 'no_worse_than' ? 0 - margin : minEffect);
  const needed = sampleSizePerArm({ pA, pB, alpha: VERDICT_ALPHA, power: WANTED_POWER, ratio: nB / nA, sides: 1 });
  const weeks = Math.ceil((needed.nA / nA) * windowWeeks);
  return Number.isFinite(weeks) ? Math.max(1, weeks) : null;
}

function normalDesignOf(design: Design): NormalDesign {
  const { scale, baseline: pA, nA, nB } = design;
  if (scale === 'absolute') {
    return { ...design, scale: 'identity', df: null, se: (gain) => gainStandardError(design, gain) };
  }
  const se = (gain: number) => {
    const pB = rateUnderGain(design, gain);
    return Math.sqrt((1 - pA) / (nA * pA) + (1 - pB) / (nB * pB));
  };
  return { ...design, scale: 'log', df: null, se };
}

function enumerated(
  design: Design,
  gain: number,
  spread: number,
  decide: (estimate: number, lo: number, hi: number) => VerdictOutcome,
): VerdictProbabilities {
  const [nA, nB] = [Math.round(design.nA), Math.round(design.nB)];
  const known = new Map<number, VerdictOutcome>();
  const outcome = (yA: number, _nA: number, yB: number): VerdictOutcome => {
    const key = yA * (nB + 1) + yB;
    const before = known.get(key);
    if (before !== undefined) return before;
    const strata = [{ control: { n: nA, y: yA }, treatment: { n: nB, y: yB }, minutes: 1 }];
    const { status, estimate, lo, hi } = gainEstimate(design.direction, design.scale, strata);
    const decided = status === 'ok' ? decide(estimate, lo, hi) : 'inconclusive';
    known.set(key, decided);
    return decided;
  };
  const gains = spread > 0 ? equallyLikely(gain, spread) : [gain];
  const parts = gains.map((one) =>
    exactVerdictProbabilities({ pA: design.baseline, pB: rateUnderGain(design, one), nA, nB }, outcome),
  );
  const mean = (read: (part: VerdictProbabilities) => number) =>
    parts.reduce((sum, part) => sum + read(part), 0) / parts.length;
  return {
    status: parts.every(({ status }) => status === 'ok') ? 'ok' : 'invalid',
    pass: mean(({ pass }) => pass),
    fail: mean(({ fail }) => fail),
    inconclusive: mean(({ inconclusive }) => inconclusive),
    decisive: mean(({ decisive }) => decisive),
  };
}

function equallyLikely(mean: number, sd: number): readonly number[] {
  return Array.from({ length: PREDICTED_EFFECTS }, (_, i) => mean + sd * normalQuantile((i + 0.5) / PREDICTED_EFFECTS));
}
