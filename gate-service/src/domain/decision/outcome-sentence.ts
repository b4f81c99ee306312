import type { Tally } from '../model/tally.ts';
import { asGain, type Estimate } from '../statistics/estimate.ts';
import { stratifiedDifference } from '../statistics/stratified.ts';
import { gainOfDifference, VERDICT_CONFIDENCE } from './effect-scale.ts';
import { levelUnit } from './metric-levels.ts';
import type { JudgedMetric } from './metric-results.ts';

/** Rates are told as "of every 100", or of more where that would be less than one. */
const BASES = [100, 1000, 10_000, 100_000] as const;
/** What one trial of each type is. */
export const TRIALS = {
  proportion: 'trials',
  mean: 'units',
  ratio: 'units',
  rate: 'exposures',
  quantile: 'trials',
  gauge: 'samples',
} as const;

/**
 * What happened to a KPI, in numbers that people count in: "of every 100 trials about 31 counted with the change and 28
 * without: 3 more, give or take 2", or "rose by about 4%, give or take 2%: from 12.10 EUR to 12.60 EUR".
 */
export function outcomeSentence(one: JudgedMetric): string {
  const { metric, totals } = one;
  const { off, on } = totals;
  const trials = TRIALS[metric.kpi.measure.type];
  if (!(off.n > 0 && on.n > 0)) {
    return `"${metric.kpi.title}": ${count(on.n)} ${trials} with the change and ${count(off.n)} without, so there is nothing to compare.`;
  }
  return metric.kpi.measure.type === 'proportion' ? shareSentence(one) : levelSentence(one);
}

function shareSentence({ metric, strata, totals, gain, scale }: JudgedMetric): string {
  const { off, on } = totals;
  const name = `"${metric.kpi.title}"`;
  // An absolute effect is told as it was judged, whatever its trials hang together with.
  const difference =
    scale === 'absolute'
      ? gainOfDifference(gain, metric.kpi.direction)
      : asGain(stratifiedDifference(strata, VERDICT_CONFIDENCE), 'up_is_good');
  const base = baseFor(off, on);
  // Totals over phases of different allocation mislead (Simpson): then only the difference within phases is told.
  if (strata.length > 1) return withinPhases(name, difference, base, on.n, off.n);
  const rates = `of every ${count(base)} about ${amount(rate(on) * base)} counted with the change and ${amount(rate(off) * base)} without`;
  const { status, estimate, lo, hi } = difference;
  if (status !== 'ok' || !Number.isFinite(estimate) || !Number.isFinite(hi - lo)) return `${name}: ${rates}.`;
  const size = amount(Math.abs(estimate) * base);
  const more = Number(size) === 0 ? 'no difference' : `${size} ${estimate > 0 ? 'more' : 'fewer'}`;
  const reach = amount(((hi - lo) / 2) * base);
  return `${name}: ${rates}: ${more}, give or take ${reach} (${count(on.n)} and ${count(off.n)} trials).`;
}

function withinPhases(
  name: string,
  { status, estimate, lo, hi, method, n }: Estimate,
  base: number,
  on: number,
  off: number,
): string {
  const trials = `${count(on)} trials with the change and ${count(off)} without`;
  if (status !== 'ok' || !Number.isFinite(estimate) || !Number.isFinite(hi - lo)) return `${name}: ${trials}.`;
  const more = `${amount(Math.abs(estimate) * base)} ${estimate > 0 ? 'more' : 'fewer'}`;
  const effect = `${more} of every ${count(base)}, give or take ${amount(((hi - lo) / 2) * base)}`;
  return method.startsWith('newcombe')
    ? `${name}: ${effect}, in the span of equal allocation that tells most (${count(n)} of ${count(on + off)} trials).`
    : `${name}: ${effect}, compared within spans of equal allocation (${trials}).`;
}

/** Of a KPI with a level: how much it moved, and from where to where. */
function levelSentence({
  metric: { kpi },
  strata,
  totals,
  levels: { control, treatment },
  gain,
}: JudgedMetric): string {
  const { off, on } = totals;
  const { measure } = kpi;
  const name = `"${kpi.title}"${measure.type === 'quantile' ? ` (where the slowest ${slowest(measure.quantile)} begin)` : ''}`;
  const trials = `${count(on.n)} ${TRIALS[measure.type]} with the change and ${count(off.n)} without`;
  const moves =
    control === null || treatment === null ? null : `from ${level(control)} to ${level(treatment)} ${levelUnit(kpi)}`;
  const { status, estimate, lo, hi } = gainOfDifference(gain, kpi.direction);
  if (status !== 'ok' || !Number.isFinite(estimate) || !Number.isFinite(hi - lo)) {
    const seen = moves === null || strata.length > 1 ? '' : ` It went ${moves}, which may be chance.`;
    return `What became of ${name} cannot be told yet (${trials}).${seen}`;
  }
  const size = amount(Math.abs(estimate) * 100);
  const moved = Number(size) === 0 ? 'stayed about the same' : `${estimate > 0 ? 'rose' : 'fell'} by about ${size}%`;
  const how = gain.method === 'cuped_ratio' ? ', allowing for what the same units brought in before' : '';
  const perhaps = lo <= 0 && hi >= 0 && Number(size) !== 0 ? ', which may be chance' : '';
  const effect = `${name} ${moved}, give or take ${amount(((hi - lo) / 2) * 100)}%${how}${perhaps}`;
  if (strata.length > 1 || moves === null) return `${effect}; compared within spans of equal allocation (${trials}).`;
  return `${effect}: ${moves} (${trials}).`;
}

/** A quantile by those beyond it, since most people know no quantiles: 5% for 0.95. */
function slowest(quantile: number): string {
  return `${amount((1 - quantile) * 100)}%`;
}

function baseFor(off: Tally, on: Tally): number {
  const smallest = Math.min(...[rate(off), rate(on)].filter((value) => value > 0));
  return (
    BASES.find((base) => smallest * base >= 1) ?? (Number.isFinite(smallest) ? BASES[BASES.length - 1]! : BASES[0])
  );
}

function rate({ n, y }: Tally): number {
  return y / n;
}

/** Two digits that matter, no trailing zeros: 31, 2.8, 0.45. */
function amount(value: number): string {
  return String(value >= 10 ? Math.round(value * 10) / 10 : Number(value.toPrecision(2)));
}

/** A level as people write it: 1,240, 12.10, 0.0312. */
function level(value: number): string {
  if (value >= 100) return count(Math.round(value));
  return value >= 1 ? value.toFixed(2) : String(Number(value.toPrecision(3)));
}

/** A count with its thousands apart: 1,240. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
