import type { Amount } from '../../src/contract/kpi-measure.ts';
import { isConversion } from '../../src/domain/model/measure.ts';
import { NO_SUMS, type Tally } from '../../src/domain/model/tally.ts';
import { logHistogramOf } from '../../src/domain/statistics/log-histogram.ts';
import type { SourceBucket, SourceQuestion } from '../../src/ports/metric-source.ts';
import type { Observation } from './metric-source-observations.ts';

/** What a source must answer, counted from the observations one by one. */
export function truthOf(observations: readonly Observation[], question: SourceQuestion): readonly SourceBucket[] {
  const { kpi, changeId, from, to, bucketMinutes, byCohort } = question;
  const mine = observations.filter((one) => changeId === null || one.changeId === changeId);
  const trials = mine.filter((one) => one.event === kpi.measure.of && one.minute >= from && one.minute < to);
  const bucketOf = (one: Observation) => ({
    minute: one.minute - (one.minute % bucketMinutes),
    variant: changeId === null ? null : one.variant,
    cohort: byCohort ? one.cohort : '',
  });
  const groups = Map.groupBy(trials, (one) => JSON.stringify(bucketOf(one)));
  return [...groups].map(([key, inBucket]) => ({
    ...(JSON.parse(key) as Omit<SourceBucket, 'tally'>),
    tally: tallyOf(
      question,
      inBucket,
      mine.filter((one) => JSON.stringify(bucketOf(one)) === key),
      mine,
    ),
  }));
}

function tallyOf(
  { kpi: { measure } }: SourceQuestion,
  trials: readonly Observation[],
  inBucket: readonly Observation[],
  all: readonly Observation[],
): Tally {
  const n = trials.length;
  const amounts = (amount: Amount) => trials.map((trial) => amountOf(amount, trial, all, measure.withinMinutes));
  switch (measure.type) {
    case 'proportion':
      if (!isConversion(measure)) return { n, y: trials.filter(({ status }) => status === measure.counts).length };
      return {
        n,
        y: trials.filter((trial) => followers(measure.success, trial, all, measure.withinMinutes)[0]).length,
      };
    case 'rate':
      return { n, y: inBucket.filter(({ event }) => event === measure.count).length };
    case 'quantile':
      return { n, y: 0, histogram: logHistogramOf(trials.map(({ latencyMs }) => latencyMs ?? Number.NaN))! };
    case 'gauge': {
      const levels = trials.map(({ value }) => Math.round((value ?? Number.NaN) / measure.amount.step));
      return { n, y: sum(levels), sums: { ...NO_SUMS, yy: dot(levels, levels) } };
    }
    case 'mean': {
      const y = amounts(measure.amount);
      return { n, y: sum(y), sums: { ...NO_SUMS, yy: dot(y, y) } };
    }
    case 'ratio': {
      const [y, d] = [amounts(measure.numerator), amounts(measure.denominator)];
      return { n, y: sum(y), sums: { ...NO_SUMS, yy: dot(y, y), d: sum(d), dd: dot(d, d), yd: dot(y, d) } };
    }
    default:
      return measure satisfies never;
  }
}

function followers(event: string, trial: Observation, all: readonly Observation[], within: number) {
  const at = (one: Observation) => one.minute * 60 + one.second;
  return all.filter(
    (one) =>
      one.event === event && one.unit === trial.unit && at(one) > at(trial) && at(one) <= at(trial) + within * 60,
  );
}

/** Whole steps of one trial, rounded after its sum. */
function amountOf({ event, add, cap, step }: Amount, trial: Observation, all: readonly Observation[], within: number) {
  const amount = followers(event, trial, all, within).reduce(
    (total, { value }) => total + (add === 'events' ? 1 : value!),
    0,
  );
  return Math.round(Math.min(cap, amount) / step);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function dot(left: readonly number[], right: readonly number[]): number {
  return left.reduce((total, value, i) => total + value * right[i]!, 0);
}
