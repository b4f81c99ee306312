import { z } from 'zod';
import {
  dirichletLogBayesFactor,
  mixtureLogBayesFactor,
  sampleRatioMismatch,
} from '../../domain/statistics/sample-ratio-mismatch.ts';
import { count, list, notNegative, positive } from './fields.ts';
import { accepted, refused, type StatFunction, statFunction } from './stat-function.ts';

const FITS = 'one weight per arm, and a sum of weights above 0';
const FIRST_EXPOSURE = 'Units are counted once, at their first exposure, within one span of constant weights.';

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** Shares that add up to 1 from weights of any scale. */
function sharesOf(weights: readonly number[], arms: number): number[] {
  if (weights.length !== arms) throw refused(FITS);
  return weights.map((weight) => weight / total(weights));
}

export const MISMATCH_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'srm_chi2',
    summary: 'sample ratio mismatch: chi-square of units per arm against intended weights',
    inputs: z.strictObject({ observed: list(count), weights: list(notNegative) }),
    compute: ({ observed, weights }) => {
      const { status, chiSquare, df, p } = accepted(sampleRatioMismatch([{ counts: observed, weights }]), FITS);
      return { chi2: chiSquare, p, df, status };
    },
    explain: {
      formula: 'X² = Σ(xᵢ − Nπᵢ)²/(Nπᵢ) on (arms − 1) degrees of freedom; a mismatch when p < .001',
      equations: ['G1'],
      reference: 'R 4.2.2 chisq.test',
      assumptions: [FIRST_EXPOSURE, 'Looked at once: peeked at every minute for a week it errs 27 times as often.'],
      example: { observed: [5100, 4900], weights: [0.5, 0.5] },
    },
  }),
  statFunction({
    fn: 'srm_log_bayes_factor',
    summary: 'sample ratio mismatch that may be looked at any time: ln Bayes factor',
    inputs: z.strictObject({ counts: list(count), weights: list(positive), concentration: positive.default(1000) }),
    compute: ({ counts, weights, concentration }) => {
      const shares = sharesOf(weights, counts.length);
      const prior = shares.map((share) => concentration * share);
      return {
        log_bf: dirichletLogBayesFactor(counts, shares, prior),
        log_bf_mixture_100_1000_10000: mixtureLogBayesFactor(counts, shares),
      };
    },
    explain: {
      formula:
        'lnΓ(k) − lnΓ(k+N) + Σ[lnΓ(kπᵢ+xᵢ) − lnΓ(kπᵢ)] − Σxᵢ ln πᵢ; the mixture is the mean factor over k in {100, 1000, 10 000}; a mismatch at ln 1000 = 6.9',
      equations: ['G2', 'G3'],
      reference: 'Lindon and Malek 2022; optimizely/ssrm',
      assumptions: [
        FIRST_EXPOSURE,
        'The weights are those intended; when they change, a new span begins and factors multiply.',
      ],
      example: { counts: [950, 50], weights: [0.9, 0.1], concentration: 1000 },
    },
  }),
  statFunction({
    fn: 'srm_sequential_log_bf',
    summary: 'the same after each batch, with a Dirichlet prior of your own',
    inputs: z.strictObject({
      batches: list(list(count)),
      weights: list(positive),
      dirichlet_prior: list(positive),
    }),
    compute: ({ batches, weights, dirichlet_prior }) => {
      const arms = weights.length;
      const fits = dirichlet_prior.length === arms && batches.every((batch) => batch.length === arms);
      if (!fits) throw refused('batches, weights and prior must have one number per arm');
      const shares = sharesOf(weights, arms);
      const counts = weights.map(() => 0);
      return {
        log_bf_after_each_batch: batches.map((batch) => {
          for (const [arm, units] of batch.entries()) counts[arm] = (counts[arm] ?? 0) + units;
          return dirichletLogBayesFactor(counts, shares, dirichlet_prior);
        }),
      };
    },
    explain: {
      formula: 'as srm_log_bayes_factor on the running totals, with prior parameters in place of kπᵢ',
      equations: ['G2'],
      reference: 'optimizely/ssrm, own test suite',
      assumptions: [FIRST_EXPOSURE],
      example: {
        batches: [
          [1, 0, 0],
          [0, 1, 0],
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
        weights: [0.4, 0.4, 0.2],
        dirichlet_prior: [1, 1, 1],
      },
    },
  }),
];
