import { z } from 'zod';
import { howardBernoulliInterval } from '../../domain/statistics/peers/beta-binomial-mixture.ts';
import { dkwTypeBand } from '../../domain/statistics/peers/dkw-type-band.ts';
import { gammaPoissonLogMixture } from '../../domain/statistics/peers/gamma-poisson-mixture.ts';
import { normalLogMixture, normalMixtureBound } from '../../domain/statistics/peers/normal-mixture.ts';
import { quantileAbP } from '../../domain/statistics/peers/quantile-ab-test.ts';
import { doubleStitchingBound, polyStitchingBound } from '../../domain/statistics/peers/stitching.ts';
import { alpha, count, finite, level, list } from './fields.ts';
import { requireWithin, type StatFunction, statFunction } from './stat-function.ts';

const COMPARED = 'In no decision of ours: here, and in the detection benchmark, to be compared with.';
const CONFSEQ = 'confseq 70b1ef30 (MIT)';
/** Beyond these, searches for a bound have no end: squares overflow. */
const [SMALLEST, LARGEST] = [1e-12, 1e15];
const positive = z.number().min(SMALLEST).max(LARGEST);
const sum = z.number().min(-LARGEST).max(LARGEST);
/** A one-sided tuning needs 2·alpha_opt below 1. */
const alphaOpt = z.number().min(SMALLEST).lt(0.5).default(0.05);
/** The A/B test looks at every pair of a value and a sample. */
const LONGEST_SAMPLE = 2_000;

const NOTATION = /^\w+_i=\(i\*(\d{1,9})\)%(\d{1,9})(?:\+(\d{1,9}))?, i=0\.\.(\d{1,4})$/;

/** Values, or a series such as "a_i=(i*37)%200+20, i=0..199". */
const sample = z.union([
  list(finite).max(LONGEST_SAMPLE),
  z.string().regex(NOTATION, 'must be values, or a series such as "a_i=(i*37)%200+20, i=0..199"').transform(seriesOf),
]);

function seriesOf(notation: string): number[] {
  const digits = NOTATION.exec(notation)?.slice(1) ?? [];
  const [factor = 0, modulus = 1, shift = 0, last = 0] = digits.map((text) => Number(text ?? 0));
  return Array.from({ length: Math.min(last + 1, LONGEST_SAMPLE) }, (_, i) => ((i * factor) % modulus) + shift);
}

const tuned = { v: positive, v_opt: positive, alpha_opt: alphaOpt, one_sided: z.boolean().default(true) };
const tuningOf = ({ v_opt, alpha_opt, one_sided }: { v_opt: number; alpha_opt: number; one_sided: boolean }) => ({
  vOpt: v_opt,
  alphaOpt: alpha_opt,
  sides: one_sided ? (1 as const) : (2 as const),
});

export const CONFSEQ_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'normal_log_mixture',
    summary: 'ln of the normal mixture of a sub-Gaussian sum: an e-process',
    inputs: z.strictObject({ s: sum, ...tuned }),
    compute: ({ s, v, ...tuning }) => ({ log_e: normalLogMixture(s, v, tuningOf(tuning)) }),
    explain: {
      formula:
        'ρ = v_opt/(2 ln(1/a) + ln(1 + 2 ln(1/a))), 2a for one side; ½ ln(ρ/(v+ρ)) + s²/(2(v+ρ)), one-sided + ln 2Φ(s/√(v+ρ))',
      equations: [],
      reference: `Howard, Ramdas, McAuliffe and Sekhon 2021; ${CONFSEQ}`,
      assumptions: [COMPARED, 's is sub-Gaussian with variance v.'],
      example: { s: 10, v: 100, v_opt: 100, alpha_opt: 0.05, one_sided: true },
    },
  }),
  statFunction({
    fn: 'normal_mixture_bound',
    summary: 'the sum at which the normal mixture reaches 1/alpha',
    inputs: z.strictObject({ alpha: level.min(1e-300).default(0.05), ...tuned }),
    compute: ({ v, alpha, ...tuning }) => ({ bound: normalMixtureBound(v, alpha, tuningOf(tuning)) }),
    explain: {
      formula: 'the s with normal_log_mixture(s, v) = ln(1/α)',
      equations: [],
      reference: `Howard et al. 2021; ${CONFSEQ}`,
      assumptions: [COMPARED],
      example: { v: 100, alpha: 0.05, v_opt: 100, alpha_opt: 0.05, one_sided: false },
    },
  }),
  statFunction({
    fn: 'gamma_poisson_log_mixture',
    summary: 'ln of the gamma-Poisson mixture of a sub-Poisson sum: an e-process',
    inputs: z.strictObject({ s: sum, v: positive, v_opt: positive, c: positive.default(1), alpha_opt: alphaOpt }),
    compute: ({ s, v, v_opt, c, alpha_opt }) => ({
      log_e: gammaPoissonLogMixture(s, v, { c, vOpt: v_opt, alphaOpt: alpha_opt }),
    }),
    explain: {
      formula: 'ln ∫ exp(λs − ψ(λ)v) dF(λ), F a truncated gamma with ρ of the one-sided normal mixture',
      equations: [],
      reference: `Howard et al. 2021, proposition 8; ${CONFSEQ}`,
      assumptions: [COMPARED, 'Jumps of size c.'],
      example: { s: 7.5, v: 30, v_opt: 30, c: 1, alpha_opt: 0.025 },
    },
  }),
  statFunction({
    fn: 'howard_bernoulli_ci',
    summary: 'one proportion in an interval that holds at all times, as confseq tunes it',
    inputs: z.strictObject({ x: count, n: count, alpha, t_opt: positive, alpha_opt: alphaOpt }),
    compute: ({ x, n, alpha, t_opt, alpha_opt }) => {
      requireWithin(x, n, 'x must be at most n');
      if (n === 0) return { lo: 0, hi: 1 };
      return { ...howardBernoulliInterval(x, n, alpha, { tOpt: t_opt, alphaOpt: alpha_opt }) };
    },
    explain: {
      formula: 'the p that the two-sided beta-binomial mixture, tuned to v_opt = t_opt·p(1−p), does not reject at 1/α',
      equations: [],
      reference: `Howard et al. 2021, proposition 7; ${CONFSEQ} bernoulli_confidence_interval`,
      assumptions: [COMPARED, 'We show beta_binomial_cs.'],
      example: { x: 12, n: 400, alpha: 0.05, t_opt: 500, alpha_opt: 0.05 },
    },
  }),
  statFunction({
    fn: 'howard_quantile_ab_p',
    summary: 'always-valid p-value of equal quantiles in both arms',
    inputs: z.strictObject({ A: sample, B: sample, q: level, t_opt: positive, alpha_opt: alphaOpt }),
    compute: ({ A, B, q, t_opt, alpha_opt }) => ({ p: quantileAbP(A, B, q, { tOpt: t_opt, alphaOpt: alpha_opt }) }),
    explain: {
      formula: '1/e with ln e = min over x of both arms’ beta-binomial evidence against "the quantile is x"',
      equations: [],
      reference: `Howard and Ramdas 2022, section 5; ${CONFSEQ} QuantileABTest`,
      assumptions: [COMPARED],
      example: { A: 'a_i=(i*37)%200, i=0..199', B: 'b_i=(i*53)%200+60, i=0..199', q: 0.9, t_opt: 100, alpha_opt: 0.05 },
    },
  }),
  statFunction({
    fn: 'poly_stitching',
    summary: 'stitched bound on a sub-gamma sum at all times',
    inputs: z.strictObject({ v: positive, alpha, v_min: positive, c: z.number().min(0).max(LARGEST).default(0) }),
    compute: ({ v, alpha, v_min, c }) => ({ bound: polyStitchingBound(v, alpha, v_min, c) }),
    explain: {
      formula: '√(k1²·v·ℓ + k2²c²ℓ²) + k2·c·ℓ, ℓ = 1.4 ln ln(2v/v_min) + ln(ζ(1.4)/(α ln^1.4 2))',
      equations: [],
      reference: `Howard et al. 2021, theorem 1; ${CONFSEQ} poly_stitching_bound`,
      assumptions: [COMPARED],
      example: { v: 100, alpha: 0.05, v_min: 10, c: 3 },
    },
  }),
  statFunction({
    fn: 'quantile_double_stitching',
    summary: 'bound in counts on the empirical quantile process at all levels and times',
    inputs: z.strictObject({ q: level, t: positive, alpha, t_opt: positive }),
    compute: ({ q, t, alpha, t_opt }) => ({ bound_counts: doubleStitchingBound(q, t, alpha, t_opt) }),
    explain: {
      formula: 'poly_stitching over epochs of time and bands of logit(q), with δ = ½',
      equations: [],
      reference: `Howard and Ramdas 2022, theorem 5; ${CONFSEQ} double_stitching_bound`,
      assumptions: [COMPARED],
      example: { q: 0.9, t: 1000, alpha: 0.05, t_opt: 100 },
    },
  }),
  statFunction({
    fn: 'dkw_type_band',
    summary: 'half-width of a band for a distribution function at all times',
    inputs: z.strictObject({
      t: positive,
      alpha,
      t_min: positive,
      A: z.number().gt(Math.SQRT1_2).max(10).default(0.85),
    }),
    compute: ({ t, alpha, t_min, A }) => ({ half_width: dkwTypeBand(t, alpha, t_min, A) }),
    explain: {
      formula: 'A·√((ln(1 + ln(t/t_min)) + C)/t), C such that the error over all epochs is α',
      equations: [],
      reference: `Howard and Ramdas 2022, theorem 2; ${CONFSEQ} empirical_process_lil_bound`,
      assumptions: [COMPARED, 'Infinity before t_min.'],
      example: { t: 100, alpha: 0.05, t_min: 100, A: 0.85 },
    },
  }),
];
