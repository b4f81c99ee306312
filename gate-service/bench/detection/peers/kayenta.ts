import { normalQuantile } from '../../../src/domain/statistics/distributions.ts';
import type { Rule } from '../detector.ts';

const CONFIDENCE = 0.98;
/** The interval's low end must exceed this share of the estimate. */
const TOLERANCE = 0.25;
const JUDGED_MINUTES = 60;
const HALVINGS = 60;
/** Ends closer than this to the limit are noise of tied values, which would make the judge call High at random. */
const TIED_NOISE = 1e-6;

/**
 * Kayenta's NetflixACAJudge on per-minute rates of the last hour, judged hourly: Mann-Whitney, High when the 98%
 * interval's low end exceeds a quarter of the Hodges-Lehmann estimate. Minutes without arrivals are removed. Generous to
 * it: the noise which it adds to tied zeros is left out.
 * @see spinnaker/kayenta a69573be, MannWhitneyClassifier.scala and MannWhitney.scala (Apache-2.0)
 */
export const kayenta: Rule = {
  name: 'Kayenta judge, hourly',
  every: 5,
  start: () => {
    let control: number[] = [];
    let experiment: number[] = [];
    return {
      feed: (minute, nA, yA, nB, yB) => {
        if (nA > 0) control.push(yA / nA);
        if (nB > 0) experiment.push(yB / nB);
        if ((minute + 1) % JUDGED_MINUTES !== 0) return false;
        const high = isHigh(experiment, control);
        control = [];
        experiment = [];
        return high;
      },
    };
  },
};

/** Whether the judge calls the experiment High. */
export function isHigh(experiment: readonly number[], control: readonly number[]): boolean {
  if (experiment.length === 0 || control.length === 0) return false;
  const z = normalQuantile((1 + CONFIDENCE) / 2);
  // z falls as the shift grows, so a low end above 0 needs z(0) above the quantile: most hours end here.
  if (!(standardised(experiment, control, 0) > z)) return false;
  if (mean(experiment) < mean(control)) return false;
  const low = shiftAt(experiment, control, z);
  return low > TOLERANCE * Math.abs(shiftAt(experiment, control, 0)) + TIED_NOISE;
}

/** The shift of the experiment at which the standardised rank sum crosses a quantile. */
function shiftAt(experiment: readonly number[], control: readonly number[], quantile: number): number {
  let low = Math.min(...experiment) - Math.max(...control);
  let high = Math.max(...experiment) - Math.min(...control);
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = (low + high) / 2;
    if (standardised(experiment, control, middle) > quantile) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Mann-Whitney z of the experiment less `shift` against control, corrected for ties and continuity. */
function standardised(experiment: readonly number[], control: readonly number[], shift: number): number {
  const m = experiment.length;
  const n = control.length;
  const values = [
    ...experiment.map((value) => ({ value: value - shift, ours: true })),
    ...control.map((value) => ({ value, ours: false })),
  ].sort((left, right) => left.value - right.value);
  let rankSum = 0;
  let ties = 0;
  for (let from = 0; from < values.length; ) {
    let to = from;
    let ours = 0;
    for (; to < values.length && values[to]!.value === values[from]!.value; to += 1) if (values[to]!.ours) ours += 1;
    rankSum += (ours * (from + 1 + to)) / 2;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  const difference = rankSum - (m * (m + 1)) / 2 - (m * n) / 2;
  const total = m + n;
  const sigma = Math.sqrt(((m * n) / 12) * (total + 1 - ties / (total * (total - 1))));
  return sigma === 0 ? 0 : (difference - Math.sign(difference) * 0.5) / sigma;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
