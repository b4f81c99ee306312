import { z } from 'zod';
import { adjustPValues } from '../../domain/statistics/adjust-p-values.ts';
import { compareBetas } from '../../domain/statistics/beta-comparison.ts';
import { betaQuantile } from '../../domain/statistics/distributions.ts';
import { positive, rate } from './fields.ts';
import { type StatFunction, statFunction } from './stat-function.ts';

/** Hommel's method takes the square of it. */
const MOST_TESTS = 2_000;

export const MULTIPLICITY_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'p_adjust',
    summary: 'p-values adjusted for being several: Holm, Benjamini-Hochberg, Bonferroni, Hommel',
    inputs: z.strictObject({ p: z.array(rate).min(1).max(MOST_TESTS) }),
    compute: ({ p }) => ({
      holm: adjustPValues(p, 'holm'),
      bh: adjustPValues(p, 'bh'),
      bonferroni: adjustPValues(p, 'bonferroni'),
      hommel: adjustPValues(p, 'hommel'),
    }),
    explain: {
      formula:
        'ascending p(i) of m: Holm = running max of (m−i+1)p(i); BH = running min from the top of (m/i)p(i); Bonferroni = m·p; Hommel = the closed test with Simes; each at most 1',
      equations: ['M'],
      reference: 'R 4.2.2 p.adjust',
      assumptions: [
        'Holm and Bonferroni: none. Hommel and BH: independent or positively dependent tests.',
        'Holm guards the harm claims of guardrails; BH is for cohorts, which decide nothing.',
      ],
      example: { p: [0.01, 0.04, 0.03, 0.005] },
    },
  }),
  statFunction({
    fn: 'beta_binomial_posterior',
    summary: 'two rates known as Beta distributions: P(B > A) and what each choice may cost',
    inputs: z.strictObject({ aB: positive, bB: positive, aA: positive, bA: positive }),
    compute: ({ aB, bB, aA, bA }) => {
      const { pGreater, lossOfB, lossOfA } = compareBetas({ a: aA, b: bA }, { a: aB, b: bB });
      return {
        p_B_gt_A: pGreater,
        expected_loss_keep_B: lossOfB,
        expected_loss_revert: lossOfA,
        B_q05: betaQuantile(0.05, aB, bB),
        B_q95: betaQuantile(0.95, aB, bB),
      };
    },
    explain: {
      formula: 'P(pB > pA) = ∫f_B F_A; loss of keeping B = ∫F_B(1 − F_A), of reverting = ∫F_A(1 − F_B)',
      equations: ['J2', 'J3'],
      reference: 'scipy 1.10 quad',
      assumptions: [
        'The beliefs are Beta(a, b): with a prior Beta(½, ½), a = ½ + events and b = ½ + units without.',
        'Losses are rates: .02 is two of a hundred units. Advice for small samples, no verdict.',
      ],
      example: { aB: 2, bB: 40, aA: 8, bA: 36 },
    },
  }),
];
