import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { detectionTime } from './detection-time.ts';
import { exactVerdictProbabilities } from './exact-verdict-probabilities.ts';
import { newcombeDifference } from './newcombe-difference.ts';
import {
  differenceStandardError,
  minimumDetectableEffect,
  normalPower,
  sampleSizePerArm,
  twoProportionPower,
} from './power.ts';
import { verdictProbabilities } from './verdict-probabilities.ts';
import { judgeRule, type VerdictRule } from './verdict-rule.ts';

describe('power against R, statsmodels and the reference implementation', () => {
  it.each(oracleCases('power', 'n_prop_unequal'))('$id units per arm', (oracle) => {
    const { pA, pB, alpha, power, ratio_B_over_A: ratio, sides } = oracle.inputs;
    const { nA, nB } = sampleSizePerArm({ pA, pB, alpha, power, ratio, sides });
    expectClose(nA, oracle.expected.nA, oracle);
    expectClose(nB, oracle.expected.nB, oracle);
  });
  it.each(oracleCases('power', 'power_prop_n'))('$id units per arm, power.prop.test', (oracle) => {
    const { p1: pA, p2: pB, alpha, power, sides } = oracle.inputs;
    expectClose(sampleSizePerArm({ pA, pB, alpha, power, ratio: 1, sides }).nA, oracle.expected.n_per_arm, oracle);
  });
  it.each(oracleCases('power', 'power_prop'))('$id power', (oracle) => {
    const { p1: pA, p2: pB, alpha, n_per_arm: n, sides } = oracle.inputs;
    expectClose(twoProportionPower({ pA, pB, alpha, sides }, n), oracle.expected.power, oracle);
  });
  it.each(oracleCases('power', 'norm_ind_power'))('$id normal power', (oracle) => {
    const { effect_size_sd: effect, nobs1, alpha, ratio } = oracle.inputs;
    const se = Math.sqrt(1 / nobs1 + 1 / (nobs1 * ratio));
    expectClose(normalPower(effect, se, alpha, 2), oracle.expected.power_two_sided, oracle);
    expectClose(normalPower(effect, se, alpha, 1), oracle.expected.power_larger, oracle);
  });
  it.each(oracleCases('forecast', 'verdict_probabilities'))('$id chances of verdicts', (oracle) => {
    const { predicted_delta, prediction_sd, se_day7, min_effect, alpha, rule } = oracle.inputs;
    const chances = verdictProbabilities({
      predictedDelta: predicted_delta,
      predictionSd: prediction_sd,
      se: se_day7,
      minEffect: min_effect,
      alpha,
      rule,
      margin: 0,
    });
    expectClose(chances.pass, oracle.expected.p_pass, oracle);
    expectClose(chances.fail, oracle.expected.p_fail, oracle);
    expectClose(chances.inconclusive, oracle.expected.p_inconclusive, oracle);
    expectClose(chances.decisive, oracle.expected.p_decisive, oracle);
  });
  it.each(oracleCases('forecast', 'exact_small_sample_verdict_probabilities'))('$id exact chances', (oracle) => {
    const { min_effect: minEffect, conf, rule } = oracle.inputs;
    const chances = exactVerdictProbabilities(oracle.inputs, (yA, nA, yB, nB) => {
      const { estimate, lo, hi } = newcombeDifference({ y: yA, n: nA }, { y: yB, n: nB }, conf);
      return judgeRule({ rule, minEffect, margin: 0, estimate, lo, hi }).verdict;
    });
    expectClose(chances.pass, oracle.expected.PASS, oracle);
    expectClose(chances.fail, oracle.expected.FAIL, oracle);
    expectClose(chances.inconclusive, oracle.expected.INCONCLUSIVE, oracle);
  });
});

describe('minimum detectable effect', () => {
  it.each(['up_is_good', 'down_is_good'] as const)('solves MDE = (z + z) se(MDE): %s', (direction) => {
    const { status, mde } = minimumDetectableEffect({ pA: 0.1, nA: 900, nB: 1100, alpha: 0.05, power: 0.8, direction });
    const pB = direction === 'up_is_good' ? 0.1 + mde : 0.1 - mde;
    // 1.644854 + 0.841621: R 4.2.2 qnorm(.95) + qnorm(.8)
    expect(mde).toBeCloseTo(2.4864749 * differenceStandardError({ pA: 0.1, pB, nA: 900, nB: 1100 }), 7);
    expect(status).toBe('ok');
  });

  it('says insufficient when no possible rate is far enough, invalid for broken input', () => {
    const input = { pA: 0.05, nA: 20, nB: 20, alpha: 0.05, power: 0.8, direction: 'down_is_good' as const };
    expect(minimumDetectableEffect(input)).toEqual({ status: 'insufficient', mde: Number.NaN });
    for (const part of [{ pA: Number.NaN }, { nA: 0 }, { alpha: 0 }, { power: 1 }]) {
      expect(minimumDetectableEffect({ ...input, ...part }).status).toBe('invalid');
    }
  });
});

describe('forecast of the verdict', () => {
  const input = { predictedDelta: 0.02, predictionSd: 0, se: 0.01, minEffect: 0.05, alpha: 0.05, margin: 0.03 };

  it.each<VerdictRule>(['meets_minimum', 'beats_zero', 'proves_minimum', 'no_worse_than'])(
    'agrees with the rule table: %s',
    (rule) => {
      // Integrate the real rule over the normal distribution of the estimate.
      const z = 1.6448536269514722;
      const steps = 20_000;
      let [pass, fail] = [0, 0];
      for (let i = 0; i < steps; i++) {
        const deviation = -8 + (16 * (i + 0.5)) / steps;
        const estimate = input.predictedDelta + input.se * deviation;
        const weight = (Math.exp((-deviation * deviation) / 2) / Math.sqrt(2 * Math.PI)) * (16 / steps);
        const { verdict } = judgeRule({
          ...input,
          rule,
          estimate,
          lo: estimate - z * input.se,
          hi: estimate + z * input.se,
        });
        if (verdict === 'pass') pass += weight;
        if (verdict === 'fail') fail += weight;
      }
      const chances = verdictProbabilities({ ...input, rule });
      expect(chances.pass).toBeCloseTo(pass, 3);
      expect(chances.fail).toBeCloseTo(fail, 3);
      expect(chances.pass + chances.fail + chances.inconclusive).toBeCloseTo(1, 12);
    },
  );

  it('has no chances for broken input', () => {
    for (const part of [
      { se: 0 },
      { se: Number.NaN },
      { predictionSd: -1 },
      { predictedDelta: Number.NaN },
      { alpha: 1 },
    ]) {
      expect(verdictProbabilities({ ...input, rule: 'beats_zero', ...part })).toMatchObject({
        status: 'invalid',
        pass: Number.NaN,
      });
    }
    expect(exactVerdictProbabilities({ pA: 2, pB: 0.1, nA: 3, nB: 3 }, () => 'pass').status).toBe('invalid');
  });
});

describe('detection time (N5)', () => {
  const s1 = { pA: 0.01, pB: 0.02, arrivalsPerMinute: 100, treatmentShare: 0.5, alpha: 0.05 };

  it('is near the simulated delay of S1 by the bets of K4: 48 min at once; 50 with onset protection by those of K16', () => {
    expect(Math.abs(detectionTime({ ...s1, onset: 'immediate' }).minutes - 48)).toBeLessThan(3);
    expect(Math.abs(detectionTime({ ...s1, onset: 'mixture' }).minutes - 51.5)).toBeLessThan(3);
  });

  it('counts the bad events beyond control’s rate', () => {
    const { minutes, eventsHarmed } = detectionTime({ ...s1, onset: 'mixture' });
    expect(eventsHarmed).toBeCloseTo(minutes * 50 * 0.01, 10);
  });

  it('never finds equal rates, and refuses broken input', () => {
    expect(detectionTime({ ...s1, pB: 0.01, onset: 'mixture' })).toMatchObject({
      status: 'insufficient',
      minutes: Infinity,
    });
    expect(detectionTime({ ...s1, pB: Number.NaN, onset: 'mixture' }).status).toBe('invalid');
    expect(detectionTime({ ...s1, arrivalsPerMinute: 0, onset: 'mixture' }).status).toBe('invalid');
  });
});
