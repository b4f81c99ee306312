import { binomialPmf } from './distributions.ts';
import { isCount } from './estimate.ts';
import type { TwoRates } from './power.ts';
import { invalidProbabilities, probabilities, type VerdictProbabilities } from './verdict-probabilities.ts';
import type { VerdictOutcome } from './verdict-rule.ts';

/** Counts less likely than this are left out; they are reported as inconclusive. */
const NEGLIGIBLE = 1e-12;

/**
 * Chance of each verdict by enumerating both binomials through the real verdict function (docs/statistics.md N6), for
 * fewer than 100 units per arm, where the normal forecast is off by a few points.
 * @param rates  assumed true rates in [0, 1] and whole units per arm
 * @param decide the verdict for yA and yB events; must be pure
 * @returns      probabilities; `invalid` with NaN for broken input
 */
export function exactVerdictProbabilities(
  rates: TwoRates,
  decide: (yA: number, nA: number, yB: number, nB: number) => VerdictOutcome,
): VerdictProbabilities {
  const { pA, pB, nA, nB } = rates;
  const valid = pA >= 0 && pA <= 1 && pB >= 0 && pB <= 1 && isCount(nA) && isCount(nB);
  if (!valid) return invalidProbabilities();
  const [controls, treatments] = [likelyCounts(nA, pA), likelyCounts(nB, pB)];
  let [pass, fail] = [0, 0];
  for (const control of controls) {
    for (const treatment of treatments) {
      const outcome = decide(control.y, nA, treatment.y, nB);
      if (outcome === 'pass') pass += control.chance * treatment.chance;
      if (outcome === 'fail') fail += control.chance * treatment.chance;
    }
  }
  return probabilities(pass, fail);
}

function likelyCounts(n: number, p: number): { y: number; chance: number }[] {
  return Array.from({ length: n + 1 }, (_, y) => ({ y, chance: binomialPmf(y, n, p) })).filter(
    ({ chance }) => chance >= NEGLIGIBLE,
  );
}
