import { z } from 'zod';
import { asymptoticHalfWidth } from '../../domain/statistics/asymptotic-interval.ts';
import { oneArmBound, twoArmBound } from '../../domain/statistics/detection-bound.ts';
import { lanDemetsBounds } from '../../domain/statistics/lan-demets.ts';
import { proportionSequence } from '../../domain/statistics/proportion-sequence.ts';
import { alpha, count, level, list, positive, rate, sides } from './fields.ts';
import { accepted, refused, type StatFunction, statFunction } from './stat-function.ts';

/** Each look integrates over the one before. */
const MOST_LOOKS = 200;

/** When the looks are: so many, evenly spaced, or at these shares of the planned information. */
function fractionsOf(looks: number | undefined, fractions: readonly number[] | undefined): readonly number[] {
  if (fractions !== undefined) {
    if (looks !== undefined && looks !== fractions.length) throw refused('looks must be the number of fractions');
    return fractions;
  }
  if (looks === undefined) throw refused('either looks or fractions must be given');
  return Array.from({ length: looks }, (_, i) => (i + 1) / looks);
}

export const SEQUENCE_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'asymptotic_cs_half_width',
    summary: 'half-width of the band shown during the window (asymptotic confidence sequence)',
    inputs: z.strictObject({
      V: positive,
      N: positive,
      tuning_N: positive,
      alpha,
      two_sided: z.boolean().default(true),
    }),
    compute: ({ V, N, tuning_N, alpha, two_sided }) => ({
      half_width: asymptoticHalfWidth({ variance: V, n: N, tuningN: tuning_N, alpha, sides: two_sided ? 2 : 1 }),
    }),
    explain: {
      formula:
        'ρ = √((−2 ln α + ln(1 − 2 ln α))/N*), x = Nρ² + 1; √(V·N)·√(2x·ln(√x/α)/(Nρ)²); one-sided: ρ at 2α and ln(1 + √x/2α)',
      equations: ['K12'],
      reference: 'Waudby-Smith et al. 2021, equation 9; gbstats',
      assumptions: [
        'V is the variance of the estimate after N units; N* the units at which the band is narrowest.',
        'Large samples: on skewed values peeked at early it errs far more often than alpha. For display, never to decide.',
      ],
      example: { V: 0.04, N: 60, tuning_N: 420, alpha: 0.05, two_sided: false },
    },
  }),
  statFunction({
    fn: 'beta_binomial_cs',
    summary: 'one proportion in an interval that holds at all times together',
    inputs: z.strictObject({
      x: count,
      n: count,
      alpha,
      prior_a: positive.default(0.5),
      prior_b: positive.default(0.5),
    }),
    compute: ({ x, n, alpha, prior_a, prior_b }) => {
      const mixture = { a: prior_a, b: prior_b };
      const { status, lo, hi } = accepted(proportionSequence({ y: x, n }, alpha, mixture), 'x must be at most n');
      return { lo, hi, status };
    },
    explain: {
      formula: '{p: ln B(a+x, b+n−x) − ln B(a, b) − x ln p − (n−x) ln(1−p) < ln(1/α)}',
      equations: ['K13'],
      reference: 'Robbins 1970; confseq',
      assumptions: ['Units are independent, with one rate throughout.'],
      example: { x: 12, n: 400, alpha: 0.05, prior_a: 0.5, prior_b: 0.5 },
    },
  }),
  statFunction({
    fn: 'lan_demets_power2_bounds',
    summary: 'bounds on z of a group-sequential test that spends alpha·t^phi',
    inputs: z.strictObject({
      looks: z.number().int().min(1).max(MOST_LOOKS).optional(),
      equally_spaced: z.literal(true).default(true),
      fractions: list(rate).max(MOST_LOOKS).optional(),
      alpha,
      sides: sides.default(1),
      phi: positive.default(2),
    }),
    compute: ({ looks, fractions, alpha, sides, phi }) => {
      const times = fractionsOf(looks, fractions);
      const bounds = lanDemetsBounds({ fractions: times, alpha, sides, power: phi });
      if (bounds.length < times.length) throw refused('fractions must rise and lie in (0, 1]');
      return { z: bounds };
    },
    explain: {
      formula:
        'P(no bound crossed before, Z_k > z_k) = what α·t^φ/sides grows by at look k, by recursive integration; z is cut at 8',
      equations: ['K'],
      reference: 'Lan and DeMets 1983; Armitage, McPherson and Rowe 1969; spotify-confidence',
      assumptions: [
        'Information at a look is known: units so far over units planned. Other spacing: fractions, rising.',
        'A look that adds less than 1% spends nothing: its bound is Infinity.',
      ],
      example: { looks: 5, equally_spaced: true, alpha: 0.05, sides: 1, phi: 2 },
    },
  }),
  statFunction({
    fn: 'wald_bounds',
    summary: 'fewest arrivals in which any valid test can notice a change of a rate, on average',
    inputs: z.strictObject({ p0: rate, p1: rate, fraction_B: level, alpha }),
    compute: ({ p0, p1, fraction_B, alpha }) => ({
      arrivals_two_arm: twoArmBound(p0, p1, fraction_B, alpha),
      arrivals_B_one_sample: oneArmBound(p0, p1, alpha),
    }),
    explain: {
      formula:
        'two arms: ln(1/α)/[(1−f)KL(p0‖t) + f·KL(p1‖t)], t = (1−f)p0 + f·p1; one sample, p0 known: ln(1/α)/KL(p1‖p0)',
      equations: ['R1', 'R2'],
      reference: 'Wald 1947',
      assumptions: ['Bernoulli trials; the two-arm test does not know the rates. Equal rates: Infinity.'],
      example: { p0: 0.01, p1: 0.02, fraction_B: 0.5, alpha: 0.05 },
    },
  }),
];
