import { z } from 'zod';
import { mantelHaenszelDifference } from '../../domain/statistics/mantel-haenszel.ts';
import { mantelHaenszelOdds } from '../../domain/statistics/mantel-haenszel-odds.ts';
import { newcombeDifference } from '../../domain/statistics/newcombe-difference.ts';
import { conf, count, list, rows } from './fields.ts';
import { accepted, requireWithin, type StatFunction, statFunction } from './stat-function.ts';

export const STRATA_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'mh_risk_difference',
    summary: 'difference of two proportions over strata (Mantel-Haenszel, Sato variance)',
    inputs: z.strictObject({
      strata: list(z.strictObject({ yA: count, nA: count, yB: count, nB: count })),
      conf,
    }),
    compute: ({ strata, conf }) => {
      for (const { yA, nA, yB, nB } of strata) {
        requireWithin(yA, nA, 'yA must be at most nA');
        requireWithin(yB, nB, 'yB must be at most nB');
      }
      const sum = (field: 'yA' | 'nA' | 'yB' | 'nB') => strata.reduce((total, stratum) => total + stratum[field], 0);
      const crude = newcombeDifference({ y: sum('yA'), n: sum('nA') }, { y: sum('yB'), n: sum('nB') }, conf);
      const { estimate, se } = mantelHaenszelDifference(
        strata.map(({ yA, nA, yB, nB }) => ({ control: { y: yA, n: nA }, treatment: { y: yB, n: nB }, minutes: 1 })),
      );
      return { rd: estimate, se_sato: se, crude_difference: accepted(crude, 'counts must be below 1e15').estimate };
    },
    explain: {
      formula:
        'RD = Σ[(yB nA − yA nB)/N]/Σ[nA nB/N]; variance (RD·P + Q)/(Σ nA nB/N)², P = Σ(nB² yA − nA² yB + nA nB(nA−nB)/2)/N², Q = Σ(yB(nA−yA) + yA(nB−yB))/2N',
      equations: ['I1', 'I2'],
      reference: 'Sato 1989; 20 000 simulated tables',
      assumptions: [
        'The difference is the same in every stratum, or their weighted mean is what is asked for.',
        'crude_difference ignores the strata: under a ramp with a drifting baseline it is an effect that no stratum has.',
      ],
      example: {
        strata: [
          { yA: 40, nA: 950, yB: 3, nB: 50 },
          { yA: 120, nA: 750, yB: 45, nB: 250 },
          { yA: 200, nA: 500, yB: 210, nB: 500 },
        ],
      },
    },
  }),
  statFunction({
    fn: 'mantel_haenszel_or',
    summary: 'common odds ratio over strata and its test (Mantel-Haenszel), A over B',
    inputs: z.strictObject({ 'strata_[yA,nonA,yB,nonB]': rows(count, count, count, count) }),
    compute: ({ 'strata_[yA,nonA,yB,nonB]': strata }) => {
      const odds = mantelHaenszelOdds(
        strata.map(([yA, nonA, yB, nonB]) => ({
          control: { y: yB, n: yB + nonB },
          treatment: { y: yA, n: yA + nonA },
        })),
      );
      const { status, oddsRatio, chiSquare, p } = accepted(odds, 'counts must be below 1e15');
      return { chi2: chiSquare, p, common_or_A_over_B: oddsRatio, status };
    },
    explain: {
      formula:
        'OR = Σ(yA·nonB/N)/Σ(yB·nonA/N); X² = [Σ(yA − E)]²/Σ Var with the hypergeometric mean and variance, no continuity correction',
      equations: [],
      reference: 'Mantel and Haenszel 1959; R 4.2.2 mantelhaen.test(correct = FALSE)',
      assumptions: [
        'The odds ratio is the same in every stratum.',
        'In no verdict: effects are differences and ratios.',
      ],
      example: {
        'strata_[yA,nonA,yB,nonB]': [
          [10, 90, 20, 80],
          [5, 45, 9, 41],
          [30, 70, 33, 67],
        ],
      },
    },
  }),
];
