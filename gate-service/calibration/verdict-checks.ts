import { gainEstimate } from '../src/domain/decision/effect-scale.ts';
import { type Design, rateUnderGain, verdictOdds } from '../src/domain/decision/forecast-odds.ts';
import { exactVerdictProbabilities } from '../src/domain/statistics/exact-verdict-probabilities.ts';
import type { VerdictProbabilities } from '../src/domain/statistics/verdict-probabilities.ts';
import { judgeRule } from '../src/domain/statistics/verdict-rule.ts';
import type { Check, Size } from './check.ts';

const ARMS = [30, 50, 100, 300, 1000, 5000, 20_000] as const;
/** The verdict's promise is 5%; counts are lumpy, so small arms may exceed it by a little. */
const ERROR_LIMIT = 0.055;
/** A ratio against a margin is the lumpiest of all: measured up to .064 below 100 units an arm. */
const SMALL_MARGIN_LIMIT = 0.065;
const SMALL_ARM = 100;
/** Smallest baseline that is tried with an arm: fewer events than this decide nothing. */
const FEWEST_EVENTS = 10;
const RELATIVE = 0.1;
const ABSOLUTE = 0.03;

function designs(largestArm: number): readonly Design[] {
  return ARMS.filter((n) => n <= largestArm).flatMap((n) =>
    [0.05, 0.2, 0.4]
      .filter((baseline) => n * baseline >= FEWEST_EVENTS)
      .flatMap((baseline) =>
        (['relative', 'absolute'] as const).map((scale) => ({
          direction: 'increase_is_good' as const,
          scale,
          rule: 'meets_minimum' as const,
          baseline,
          nA: n,
          nB: n,
          minEffect: scale === 'relative' ? RELATIVE : ABSOLUTE,
          margin: scale === 'relative' ? RELATIVE : ABSOLUTE,
        })),
      ),
  );
}

/** (d) The verdict's errors, by enumerating both arms through the real estimate and rule. */
export function verdictChecks({ largestArm }: Size): readonly Check[] {
  return designs(largestArm).flatMap((design) => {
    const meets = exactOdds(design, [0, design.minEffect]);
    const [bare] = exactOdds({ ...design, rule: 'beats_zero', minEffect: 0 }, [0]);
    const [margin] = exactOdds({ ...design, rule: 'no_worse_than' }, [-design.margin]);
    const check = (what: string, measured: number, limit = ERROR_LIMIT): Check => ({
      part: 'd',
      what: `${what}; ${nameOf(design)}`,
      measured,
      limit,
      basis: 'enumerated',
    });
    return [
      check('P(pass | no gain), meets_minimum', meets[0]!.pass),
      check('P(fail | the minimum), meets_minimum', meets[1]!.fail),
      check('P(pass | no gain), beats_zero', bare!.pass),
      check(
        'P(pass | worse by the margin), no_worse_than',
        margin!.pass,
        design.nA < SMALL_ARM ? SMALL_MARGIN_LIMIT : ERROR_LIMIT,
      ),
    ];
  });
}

/** (e) The forecast's chances of each verdict against the enumerated ones. */
export function forecastChecks({ largestArm, forecastLimit }: Size): readonly Check[] {
  return designs(largestArm).map((design) => {
    const gains = [0, design.minEffect, 2 * design.minEffect];
    const exact = exactOdds(design, gains);
    const errors = gains.flatMap((gain, i) => {
      const forecast = verdictOdds(design, gain, 0);
      return [Math.abs(forecast.pass - exact[i]!.pass), Math.abs(forecast.fail - exact[i]!.fail)];
    });
    return {
      part: 'e',
      what: `largest error of P(pass), P(fail); ${nameOf(design)}`,
      measured: errors.some(Number.isNaN) ? Number.NaN : Math.max(...errors),
      limit: forecastLimit,
      basis: 'enumerated',
    };
  });
}

function exactOdds(design: Design, gains: readonly number[]): readonly VerdictProbabilities[] {
  const { direction, scale, rule, minEffect, margin, baseline, nA, nB } = design;
  const decide = (yA: number, unitsA: number, yB: number, unitsB: number) => {
    const strata = [{ control: { n: unitsA, y: yA }, treatment: { n: unitsB, y: yB }, minutes: 1 }];
    const { status, estimate, lo, hi } = gainEstimate(direction, scale, strata);
    return status === 'ok' ? judgeRule({ rule, minEffect, margin, estimate, lo, hi }).verdict : 'inconclusive';
  };
  return gains.map((gain) =>
    exactVerdictProbabilities({ pA: baseline, pB: rateUnderGain(design, gain), nA, nB }, decide),
  );
}

function nameOf({ nA, baseline, scale, minEffect }: Design): string {
  const size = scale === 'relative' ? `${minEffect * 100}%` : `${minEffect * 100} points`;
  return `${nA.toLocaleString('en-US')} an arm, ${baseline * 100}%, ${size}`;
}
