import { z } from 'zod';
import { clopperPearson } from '../../domain/statistics/clopper-pearson.ts';
import { conditionalOddsRatio } from '../../domain/statistics/conditional-odds-ratio.ts';
import { normalSf } from '../../domain/statistics/distributions.ts';
import type { ProportionArm } from '../../domain/statistics/estimate.ts';
import { fisherExact } from '../../domain/statistics/fisher-exact.ts';
import { moverRatio } from '../../domain/statistics/mover-ratio.ts';
import { newcombeDifference } from '../../domain/statistics/newcombe-difference.ts';
import { twoProportionZ } from '../../domain/statistics/two-proportion-z.ts';
import { wilson } from '../../domain/statistics/wilson.ts';
import { conf, count, twoProportions } from './fields.ts';
import { accepted, refused, type StatFunction, statFunction } from './stat-function.ts';

const WITHIN = 'x must be at most n';
const INDEPENDENT = 'Units are independent, and each either has the event or does not.';
/** The table's probabilities are summed one by one. */
const LARGEST_TABLE = 100_000;

interface TwoCounts {
  readonly xA: number;
  readonly nA: number;
  readonly xB: number;
  readonly nB: number;
}

const armsOf = ({ xA, nA, xB, nB }: TwoCounts): [ProportionArm, ProportionArm] => [
  { y: xA, n: nA },
  { y: xB, n: nB },
];

export const PROPORTION_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'wilson',
    summary: 'interval of one proportion (Wilson score)',
    inputs: z.strictObject({ x: count, n: count, conf }),
    compute: ({ x, n, conf }) => {
      const { status, lo, hi } = accepted(wilson(x, n, conf), WITHIN);
      return { lo, hi, status };
    },
    explain: {
      formula:
        'p = x/n; centre (p + z²/2n)/(1 + z²/n), half-width z/(1 + z²/n) · √(p(1−p)/n + z²/4n²); lo = 0 at x = 0, hi = 1 at x = n',
      equations: ['B1'],
      reference: 'Wilson 1927; R 4.2.2 prop.test(correct = FALSE)',
      assumptions: [INDEPENDENT],
      example: { x: 17, n: 60, conf: 0.9 },
    },
  }),
  statFunction({
    fn: 'clopper_pearson',
    summary: 'exact interval of one proportion',
    inputs: z.strictObject({ x: count, n: count, conf }),
    compute: ({ x, n, conf }) => {
      const { status, lo, hi } = accepted(clopperPearson(x, n, conf), WITHIN);
      return { lo, hi, status };
    },
    explain: {
      formula: 'lo = Beta quantile of (1−conf)/2 at (x, n−x+1); hi = Beta quantile of 1−(1−conf)/2 at (x+1, n−x)',
      equations: ['B2'],
      reference: 'Clopper and Pearson 1934; R 4.2.2 binom.test',
      assumptions: [INDEPENDENT, 'It covers at least as often as it says: wider than it need be.'],
      example: { x: 1, n: 400, conf: 0.95 },
    },
  }),
  statFunction({
    fn: 'newcombe_diff',
    summary: 'difference of two proportions, B minus A, with its interval',
    inputs: z.strictObject({ ...twoProportions, conf }),
    compute: (inputs) => {
      const [control, treatment] = armsOf(inputs);
      const { status, estimate, lo, hi } = accepted(newcombeDifference(control, treatment, inputs.conf), WITHIN);
      return { diff: estimate, lo, hi, status };
    },
    explain: {
      formula: 'd = pB − pA; lo = d − √((pB−lB)² + (uA−pA)²), hi = d + √((uB−pB)² + (pA−lA)²), (l, u) of wilson',
      equations: ['B3'],
      reference: 'Newcombe 1998, method 10; statsmodels 0.13.5 confint_proportions_2indep(method="newcomb")',
      assumptions: [INDEPENDENT, 'An arm without units answers NaN with [−1, 1].'],
      example: { xA: 3, nA: 10, xB: 7, nB: 12, conf: 0.95 },
    },
  }),
  statFunction({
    fn: 'mover_ratio',
    summary: 'ratio of two proportions, B over A, with its interval (MOVER-R)',
    inputs: z.strictObject({ ...twoProportions, conf }),
    compute: (inputs) => {
      const [control, treatment] = armsOf(inputs);
      const { status, estimate, lo, hi } = accepted(moverRatio(control, treatment, inputs.conf), WITHIN);
      return { ratio: estimate, lo, hi, status };
    },
    explain: {
      formula:
        'a = pA, b = pB, (l, u) of wilson; lo = [ab − √((ab)² − lB(2b−lB)·uA(2a−uA))]/(uA(2a−uA)), hi = [ab + √((ab)² − uB(2b−uB)·lA(2a−lA))]/(lA(2a−lA))',
      equations: ['B4'],
      reference: 'Donner and Zou 2012 (MOVER-R) on Wilson limits',
      assumptions: [
        INDEPENDENT,
        'No event in A: ratio and hi are Infinity and only lo says anything. No event at all: NaN with [0, Infinity].',
      ],
      example: { xA: 96, nA: 240, xB: 18, nB: 30, conf: 0.9 },
    },
  }),
  statFunction({
    fn: 'two_proportion_z',
    summary: 'score test that two proportions are equal',
    inputs: z.strictObject(twoProportions),
    compute: (inputs) => {
      const [control, treatment] = armsOf(inputs);
      const { status, z: statistic, pTwoSided, method } = accepted(twoProportionZ(control, treatment), WITHIN);
      // The test that we use switches to the exact one in small tables; this function is the one of its name.
      const p = Math.min(1, 2 * normalSf(Math.abs(statistic)));
      return { z_B_minus_A: statistic, p_two_sided: p, p_used: pTwoSided, method_used: method, status };
    },
    explain: {
      formula:
        'p = (xA+xB)/(nA+nB); z = (pB − pA)/√(p(1−p)(1/nA + 1/nB)); p_used is the p-value Changegate would use: Fisher mid-p when an expected cell is below 5',
      equations: ['B5'],
      reference: 'R 4.2.2 prop.test(correct = FALSE): z = sign · √X²',
      assumptions: [INDEPENDENT, 'z is normal: expected cells of 5 and more.', 'z = 0, p = 1 when nothing can differ.'],
      example: { xA: 14, nA: 28, xB: 16, nB: 30 },
    },
  }),
  statFunction({
    fn: 'fisher_exact',
    summary: "Fisher's exact test of a 2 x 2 table, with the conditional odds ratio",
    inputs: z.strictObject({ 'table_rows_A_then_B_[bad,ok]': z.tuple([count, count, count, count]) }),
    compute: ({ 'table_rows_A_then_B_[bad,ok]': [badA, okA, badB, okB] }) => {
      if (Math.min(badA + badB, badB + okB) > LARGEST_TABLE) {
        throw refused(`the table must have at most ${LARGEST_TABLE} events, or that many units in B`);
      }
      const [control, treatment] = [
        { y: badA, n: badA + okA },
        { y: badB, n: badB + okB },
      ];
      const tails = fisherExact(control, treatment);
      return {
        p_two_sided: tails.pTwoSided,
        // R's direction is the odds ratio of the first row over the second: "greater" means more events in A.
        p_greater: tails.pLess,
        p_less: tails.pGreater,
        odds_ratio_conditional_mle: conditionalOddsRatio(treatment, control),
      };
    },
    explain: {
      formula:
        'given all margins, the count of A is hypergeometric; p_two_sided sums the tables no likelier than this one; the odds ratio (A over B) makes the expected count the one observed',
      equations: ['B5'],
      reference: 'R 4.2.2 fisher.test',
      assumptions: [INDEPENDENT, 'p_greater: against "A has the higher rate".'],
      example: { 'table_rows_A_then_B_[bad,ok]': [3, 27, 9, 21] },
    },
  }),
];
