import { fastRandom } from '../../bench/detection/random.ts';
import { gainEstimate } from '../../src/domain/decision/effect-scale.ts';
import { type Design, rateUnderGain, verdictOdds } from '../../src/domain/decision/forecast-odds.ts';
import { asymptoticHalfWidth } from '../../src/domain/statistics/asymptotic-interval.ts';
import { normalSf } from '../../src/domain/statistics/distributions.ts';
import { differenceStandardError } from '../../src/domain/statistics/power.ts';
import { judgeRule } from '../../src/domain/statistics/verdict-rule.ts';
import { renderChart } from './svg.ts';

const SEED = 8;
const BASELINE = 0.2;
const ARMS = Array.from({ length: 25 }, (_, i) => Math.round(100 * 200 ** (i / 24)));
const percentTick = (share: number) => `${100 * share}%`;
const SHARES = { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1], format: percentTick } as const;

const designOf = (n: number, minEffect: number, rule: Design['rule']): Design => ({
  direction: 'increase_is_good',
  scale: 'absolute',
  rule,
  baseline: BASELINE,
  nA: n,
  nB: n,
  minEffect,
  margin: 0,
});

/** Chance that a real gain is shown, against the size of an arm, and what a sequence at its best would show. */
export function verdictPower(): string {
  const gains = [0.01, 0.02, 0.04] as const;
  const ours = gains.map((gain) => ({
    name: `+${100 * gain} points`,
    ours: true,
    points: ARMS.map((n) => [n, verdictOdds(designOf(n, 0, 'beats_zero'), gain, 0).pass] as const),
  }));
  const sequence = gains.map((gain) => ({
    name: `+${100 * gain} points, sequence`,
    dashed: true,
    points: ARMS.map((n) => {
      const se = differenceStandardError({ pA: BASELINE, pB: BASELINE + gain, nA: n, nB: n });
      const half = asymptoticHalfWidth({ variance: se ** 2, n: 2 * n, tuningN: 2 * n, alpha: 0.05, sides: 1 });
      return [n, normalSf((half - gain) / se)] as const;
    }),
  }));
  return renderChart({
    title: 'Chance that the verdict shows a gain on 20%',
    description:
      'Chance of a pass by the size of an arm for three true gains: the verdict, looked at once, and for comparison the same decision by an always-valid sequence tuned to exactly that size.',
    x: {
      label: 'units in each arm at the verdict',
      from: 100,
      to: 20_000,
      log: true,
      ticks: [100, 300, 1000, 3000, 10_000, 20_000],
      format: (n) => n.toLocaleString('en-US'),
    },
    y: { label: 'chance of a pass', ...SHARES },
    series: [...ours, ...sequence],
  });
}

/** Forecast chances of pass and fail against how often it came so. */
export function forecastReliability(replicates: number): string {
  const random = fastRandom(SEED);
  const cases = [60, 150, 600, 3000].flatMap((n) =>
    [-0.03, -0.01, 0, 0.01, 0.02, 0.03, 0.05, 0.08].map((gain) => ({
      design: designOf(n, 0.02, 'meets_minimum'),
      gain,
    })),
  );
  const measured = cases.map(({ design, gain }) => {
    const forecast = verdictOdds(design, gain, 0);
    const counts = { pass: 0, fail: 0, inconclusive: 0 };
    const pB = rateUnderGain(design, gain);
    for (let i = 0; i < replicates; i += 1) {
      const strata = [
        {
          control: { n: design.nA, y: binomial(design.nA, BASELINE, random.next) },
          treatment: { n: design.nB, y: binomial(design.nB, pB, random.next) },
          minutes: 1,
        },
      ];
      const { estimate, lo, hi } = gainEstimate(design.direction, design.scale, strata);
      const { rule, minEffect, margin } = design;
      counts[judgeRule({ rule, minEffect, margin, estimate, lo, hi }).verdict] += 1;
    }
    return { forecast, counts };
  });
  const points = (word: 'pass' | 'fail') =>
    measured.map(({ forecast, counts }) => [forecast[word], counts[word] / replicates] as const);
  return renderChart({
    title: 'Forecast chances, and what came of them',
    description:
      'Forecast chance of pass and of fail against the share of simulated weeks that ended so, 60 to 3,000 units an arm.',
    x: { label: 'forecast chance', ...SHARES },
    y: { label: 'share of simulated weeks', ...SHARES },
    series: [
      { name: 'pass', mark: 'dots', points: points('pass') },
      { name: 'fail', mark: 'dots', points: points('fail') },
      {
        name: 'a perfect forecast',
        dashed: true,
        points: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
  });
}

function binomial(n: number, p: number, next: () => number): number {
  let y = 0;
  for (let i = 0; i < n; i += 1) if (next() < p) y += 1;
  return y;
}
