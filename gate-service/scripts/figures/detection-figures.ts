import { boundMinutes, OURS } from '../../bench/detection/bench-detection.ts';
import type { Rule } from '../../bench/detection/detector.ts';
import { netflixFlat } from '../../bench/detection/peers/beta-binomial.ts';
import { growthBook } from '../../bench/detection/peers/growthbook.ts';
import { kayenta } from '../../bench/detection/peers/kayenta.ts';
import { peekedZ, statsig, tunedMsprt } from '../../bench/detection/peers/msprt.ts';
import { argo, flagger } from '../../bench/detection/peers/thresholds.ts';
import { RESTLESS, SETTINGS } from '../../bench/detection/settings.ts';
import { meanDelay, simulate } from '../../bench/detection/simulate.ts';
import { renderBars, renderChart } from './svg.ts';

const SEED = 7;
const MULTIPLES = [1.2, 1.35, 1.5, 2, 3, 5, 10, 20] as const;
const [immediate, mixture] = OURS as readonly [Rule, Rule];
const VALID: readonly Rule[] = [mixture, immediate, tunedMsprt, netflixFlat, statsig, growthBook];

/** How long each valid rule takes for harm of each size, 1% of 100 requests a minute failing before. */
export function delayByEffect(weeks: number): string {
  const setting = SETTINGS[0]!;
  const harms = MULTIPLES.map((multiple) => ({ ...setting, pB: setting.pA * multiple }));
  const delays = harms.map((harm, i) =>
    simulate(VALID, harm, { onset: 0 }, weeks, [SEED, 1, i]).map((outcome) => meanDelay(outcome)),
  );
  return renderChart({
    title: 'Minutes until harm is called',
    description:
      'Mean minutes to the alarm against the multiple of a 1% error rate, at 100 requests a minute split 50:50, for valid rules and the two-arm bound.',
    x: { label: 'errors, as a multiple of 1%', from: 1.2, to: 20, log: true, ticks: [1.2, 1.5, 2, 3, 5, 10, 20] },
    y: {
      label: 'mean minutes to the alarm',
      from: 1,
      to: 10_000,
      log: true,
      ticks: [1, 10, 60, 1440, 10_000],
      format: (minutes) => (minutes === 1440 ? 'a day' : minutes === 60 ? 'an hour' : minutes.toLocaleString('en-US')),
    },
    series: [
      ...VALID.map(({ name }, r) => ({
        name: shorter(name),
        ours: r === 0,
        points: MULTIPLES.map((multiple, i) => [multiple, delays[i]![r]!] as const),
      })),
      {
        name: 'two-arm bound',
        dashed: true,
        points: harms.map((harm, i) => [MULTIPLES[i]!, boundMinutes(harm)] as const),
      },
    ],
  });
}

/** How often each rule calls harm in a week without any, while the rollout is ramped and the baseline doubles. */
export function falseAlarmsUnderRamp(weeks: number): string {
  const rules: readonly Rule[] = [mixture, immediate, growthBook, statsig, tunedMsprt, peekedZ, argo, flagger, kayenta];
  const course = RESTLESS['ramp 5-25-50%, baseline drifts up to double']!;
  const outcomes = simulate(rules, SETTINGS[0]!, { ...course, onset: null }, weeks, [SEED, 2]);
  return renderBars({
    title: 'False alarms in a week of ramp 5-25-50% while the baseline doubles',
    description: 'Share of weeks without harm in which each rule calls harm; the promise is at most 5%.',
    promised: 0.05,
    bars: rules.map(({ name }, r) => ({
      name: shorter(name),
      share: outcomes[r]!.alarms / outcomes[r]!.weeks,
      ours: r < 2,
    })),
  });
}

function shorter(name: string): string {
  return name.replace(/, as (shipped|documented)$/, '').replace(/ \(default\)$/, '');
}
