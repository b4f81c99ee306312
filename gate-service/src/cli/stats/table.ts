import { BEFORE_AFTER_FUNCTIONS } from './before-after.ts';
import { CONFSEQ_FUNCTIONS } from './confseq.ts';
import { COUNT_FUNCTIONS } from './counts.ts';
import { FORECAST_FUNCTIONS } from './forecast.ts';
import { MEAN_FUNCTIONS } from './means.ts';
import { MISMATCH_FUNCTIONS } from './mismatch.ts';
import { MONITOR_FUNCTIONS } from './monitors.ts';
import { MULTIPLICITY_FUNCTIONS } from './multiplicity.ts';
import { PEER_FUNCTIONS } from './peers.ts';
import { POWER_FUNCTIONS } from './power.ts';
import { PROPORTION_FUNCTIONS } from './proportions.ts';
import { QUANTILE_FUNCTIONS } from './quantiles.ts';
import { SEQUENCE_FUNCTIONS } from './sequences.ts';
import { SPECIAL_FUNCTIONS } from './special.ts';
import type { StatFunction } from './stat-function.ts';
import { STRATA_FUNCTIONS } from './strata.ts';
import { VERDICT_FUNCTIONS } from './verdicts.ts';

/** Functions by topic, in the order in which they are listed. */
export const STAT_TOPICS: ReadonlyMap<string, readonly StatFunction[]> = new Map([
  ['proportions', PROPORTION_FUNCTIONS],
  ['means, ranks and ratios', MEAN_FUNCTIONS],
  ['strata', STRATA_FUNCTIONS],
  ['counts and rates', COUNT_FUNCTIONS],
  ['quantiles', QUANTILE_FUNCTIONS],
  ['sample ratio mismatch', MISMATCH_FUNCTIONS],
  ['power and sample size', POWER_FUNCTIONS],
  ['sequences and bounds', SEQUENCE_FUNCTIONS],
  ['harm monitors', MONITOR_FUNCTIONS],
  ['several claims and small samples', MULTIPLICITY_FUNCTIONS],
  ['before and after', BEFORE_AFTER_FUNCTIONS],
  ['verdict', VERDICT_FUNCTIONS],
  ['forecast', FORECAST_FUNCTIONS],
  ['distributions', SPECIAL_FUNCTIONS],
  ['as other tools report it', [...PEER_FUNCTIONS, ...CONFSEQ_FUNCTIONS]],
]);

export const STAT_FUNCTIONS: readonly StatFunction[] = [...STAT_TOPICS.values()].flat();

const BY_NAME: ReadonlyMap<string, StatFunction> = new Map(STAT_FUNCTIONS.map((one) => [one.fn, one]));

/** The function of that name, or undefined. */
export function findFunction(fn: string): StatFunction | undefined {
  return BY_NAME.get(fn);
}
