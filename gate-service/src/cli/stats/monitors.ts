import { z } from 'zod';
import { DEFAULT_PSI, equalWeights } from '../../domain/statistics/candidates.ts';
import {
  advanceCountMonitor,
  type CountMonitorConfig,
  startCountMonitor,
} from '../../domain/statistics/count-monitor.ts';
import {
  advanceHarmMonitor,
  type HarmMonitorConfig,
  logWealth,
  startHarmMonitor,
} from '../../domain/statistics/harm-monitor.ts';
import {
  advanceMeanMonitor,
  DEFAULT_RELATIVE_EFFECTS,
  type MeanMonitorConfig,
  startMeanMonitor,
} from '../../domain/statistics/mean-monitor.ts';
import { nullLine } from '../../domain/statistics/null-line.ts';
import type { Onset } from '../../domain/statistics/onset-schedule.ts';
import { referencePoint } from '../../domain/statistics/reference-point.ts';
import { alpha, count, finite, harmDirection, level, list, notNegative, positive, rate, rows } from './fields.ts';
import { historyOf, pastOf } from './monitor-history.ts';
import { refused, type StatFunction, statFunction } from './stat-function.ts';

const BLOCKS =
  'Within a block, units are independent and both arms share one rate under the null; it may change from block to block.';
const RESULT =
  'log_wealth_after_each_batch: ln of the wealth; alarm_batch_1based: the first at which it reaches ln(1/alpha), or null.';

const grid = list(z.number().gt(1)).default([...DEFAULT_PSI]);
/** "all at first batch", or the mass that starts to bet with each batch. */
const inflow = z.union([z.literal('all at first batch'), list(z.number().min(0))]).default('all at first batch');

const onsetOf = (given: z.output<typeof inflow>): Onset =>
  typeof given === 'string' ? 'immediate' : { massPerMinute: given };

/** A margin r on the control's rate, as the monitors write it. */
function marginOf(r: number, direction: 'increase' | 'decrease') {
  return {
    marginKind: r === 1 ? ('none' as const) : ('ratio' as const),
    margin: direction === 'increase' ? r - 1 : 1 - r,
  };
}

interface Watched {
  readonly status: string;
  readonly rejectedMinutes: number;
}

/** Feeds batch after batch, one a minute, and collects the wealth. */
function watch<State extends Watched & Parameters<typeof logWealth>[0], Batch>(
  start: State,
  batches: readonly Batch[],
  advance: (state: State, batch: Batch, minute: number) => State,
  alpha: number,
  rule: string,
) {
  if (start.status !== 'ok') throw refused('grid, margin, history and baseline must fit the direction of harm');
  let state = start;
  const logs = batches.map((batch, minute) => {
    state = advance(state, batch, minute);
    if (state.rejectedMinutes > 0) throw refused(`${rule}, got batch ${minute + 1}: ${JSON.stringify(batch)}`);
    return logWealth(state);
  });
  const alarm = logs.findIndex((log) => log >= -Math.log(alpha));
  return { log_wealth_after_each_batch: logs, alarm_batch_1based: alarm < 0 ? null : alarm + 1 };
}

export const MONITOR_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'egate_bernoulli',
    summary: 'harm monitor of a proportion: wealth after each batch, and the alarm',
    inputs: z.strictObject({
      batches_nA_yA_nB_yB: rows(count, count, count, count),
      alpha,
      theta_hist: rate.nullable().default(null),
      n_hist: count.nullable().default(null),
      grid,
      direction: harmDirection.default('increase'),
      margin_ratio: positive.default(1),
      n_min: z.number().int().min(1).default(3),
      inflow,
    }),
    compute: ({ batches_nA_yA_nB_yB, alpha, theta_hist, n_hist, grid, direction, margin_ratio, n_min, inflow }) => {
      if ((theta_hist === null) !== (n_hist === null)) throw refused('theta_hist and n_hist go together');
      const config: HarmMonitorConfig = {
        psi: grid,
        weights: equalWeights(grid.length),
        ...marginOf(margin_ratio, direction),
        harm: direction,
        nMin: n_min,
        history: historyOf(theta_hist, n_hist),
        onset: onsetOf(inflow),
      };
      return watch(
        { ...startHarmMonitor(config), past: pastOf(theta_hist, n_hist, direction) },
        batches_nA_yA_nB_yB,
        (state, [nA, yA, nB, yB], minute) => advanceHarmMonitor(config, state, { minute, nA, yA, nB, yB }),
        alpha,
        'yA must be at most nA and yB at most nB',
      );
    },
    explain: {
      formula:
        'per block and candidate ψ: yA ln(θA/a) + (nA−yA) ln((1−θA)/(1−a)) + yB ln(θB/b) + (nB−yB) ln((1−θB)/(1−b)), odds θB = ψ·odds(r·θA), θA = (θhist·m + y + ½)/(m + n + 1), (a, b) the point of the null closest to (θA, θB); wealth = reserve + Σ candidates',
      equations: ['K1', 'K2', 'K3', 'K4', 'K6'],
      reference: 'independent reference implementation',
      assumptions: [
        BLOCKS,
        RESULT,
        'A block closes when both arms hold n_min units. inflow: the onset schedule, one mass per batch.',
      ],
      example: {
        batches_nA_yA_nB_yB: [
          [104, 9, 105, 9],
          [109, 4, 98, 6],
          [94, 8, 97, 7],
          [109, 11, 129, 10],
        ],
        theta_hist: 0.05,
        n_hist: 1000,
        margin_ratio: 1.2,
        direction: 'increase',
      },
    },
  }),
  statFunction({
    fn: 'egate_poisson',
    summary: 'harm monitor of a rate of events: wealth after each batch, and the alarm',
    inputs: z.strictObject({
      batches_expA_cA_expB_cB: rows(notNegative, count, notNegative, count),
      alpha,
      rho0: positive.default(1),
      direction: harmDirection.default('increase'),
      grid,
      inflow,
    }),
    compute: ({ batches_expA_cA_expB_cB, alpha, rho0, direction, grid, inflow }) => {
      const config: CountMonitorConfig = {
        psi: grid,
        weights: equalWeights(grid.length),
        marginRatio: marginOf(rho0, direction).margin,
        harm: direction,
        onset: onsetOf(inflow),
      };
      return watch(
        startCountMonitor(config),
        batches_expA_cA_expB_cB,
        (state, [mA, cA, mB, cB], minute) => advanceCountMonitor(config, state, { minute, mA, cA, mB, cB }),
        alpha,
        'events need an exposure above 0',
      );
    },
    explain: {
      formula:
        'per block and candidate: cB ln(ρ/ρ0) + (cA+cB) ln((mA + ρ0·mB)/(mA + ρ·mB)), ρ = ρ0·ψ (ρ0/ψ for a decrease)',
      equations: ['K7'],
      reference: 'independent reference implementation',
      assumptions: [BLOCKS, RESULT, 'Counts are Poisson, without clumps.'],
      example: {
        batches_expA_cA_expB_cB: [
          [100, 2, 100, 4],
          [100, 2, 100, 3],
          [100, 3, 100, 5],
          [100, 4, 100, 6],
        ],
        rho0: 1,
        direction: 'increase',
      },
    },
  }),
  statFunction({
    fn: 'egate_mean_eb',
    summary: 'harm monitor of a mean of bounded values: wealth after each batch, and the alarm',
    inputs: z.strictObject({
      batches_nA_sumA_sumsqA_nB_sumB_sumsqB: rows(count, finite, notNegative, count, finite, notNegative),
      cap: positive,
      mean_hist: positive,
      sd_hist: positive,
      alpha,
      rel_effects: list(positive).default([...DEFAULT_RELATIVE_EFFECTS]),
      direction: harmDirection.default('decrease'),
      margin_ratio: positive.default(1),
      n_min: z.number().int().min(1).default(1),
      inflow,
    }),
    compute: (inputs) => {
      const { rel_effects, cap, mean_hist, sd_hist, direction, margin_ratio, n_min, inflow, alpha } = inputs;
      const config: MeanMonitorConfig = {
        relativeEffects: rel_effects,
        weights: equalWeights(rel_effects.length),
        cap,
        baselineMean: mean_hist,
        baselineSd: sd_hist,
        ...marginOf(margin_ratio, direction),
        harm: direction,
        nMin: n_min,
        onset: onsetOf(inflow),
      };
      return watch(
        startMeanMonitor(config),
        inputs.batches_nA_sumA_sumsqA_nB_sumB_sumsqB,
        (state, [nA, sumA, sumSqA, nB, sumB, sumSqB], minute) =>
          advanceMeanMonitor(config, state, { minute, nA, sumA, sumSqA, nB, sumB, sumSqB }),
        alpha,
        'sums must be those of n values in [0, cap]',
      );
    },
    explain: {
      formula:
        'x in units of the cap M, c = mean/M: Sh = (1−f)(SB − c·nB) − f(SA − c·nA), Sq likewise of squares; per candidate ±λ·Sh + κ(λ·h)λ²·Sq with ln(1+y) >= y + κy²',
      equations: ['K8', 'K9', 'K10', 'K11'],
      reference: 'independent reference implementation; bets after Waudby-Smith and Ramdas 2023',
      assumptions: [
        'Values lie in [0, cap]: winsorise before you add them up. Exact for any distribution there.',
        RESULT,
        'n_min here is 1, each batch a block of its own; the product waits for 20 units an arm.',
      ],
      example: {
        batches_nA_sumA_sumsqA_nB_sumB_sumsqB: [
          [100, 138.964, 15170.5117, 100, 156.4353, 5155.8837],
          [100, 736.8013, 182444.7211, 100, 236.3087, 6487.5958],
          [100, 88.4331, 2058.235, 100, 400.8219, 52681.2562],
        ],
        cap: 400,
        mean_hist: 3,
        sd_hist: 18,
        direction: 'increase',
      },
    },
  }),
  statFunction({
    fn: 'ripr_ratio_margin',
    summary: 'the point of the null closest to a candidate: the denominator of the monitor',
    inputs: z.strictObject({ f: level, theta_A: level, theta_B: level, margin_ratio: positive.default(1) }),
    compute: ({ f, theta_A, theta_B, margin_ratio: r }) => {
      // Below the edge it is harm by a decrease: seen from the other side, as an increase of non-events.
      if (theta_B >= r * theta_A) {
        return { ...referencePoint(f, theta_A, theta_B, nullLine('ratio', r - 1, 'increase')) };
      }
      const mirrored = referencePoint(f, 1 - theta_A, 1 - theta_B, nullLine('ratio', 1 - r, 'decrease'));
      return { a: 1 - mirrored.a, b: 1 - mirrored.b };
    },
    explain: {
      formula:
        'minimise (1−f)KL(θA‖a) + f·KL(θB‖b) over b = r·a; r = 1: a = b = (1−f)θA + fθB; else a = [B − √(B² − 4rC)]/2r, B = (1−f)(1 + rθA) + f(r + θB), C = (1−f)θA + fθB',
      equations: ['K4'],
      reference: 'reverse information projection; the expectation under every null is at most 1, checked numerically',
      assumptions: ['f is the treatment’s share of the block. theta_B below r·theta_A is harm by a decrease.'],
      example: { f: 0.1, theta_A: 0.2, theta_B: 0.5, margin_ratio: 1.2 },
    },
  }),
];
