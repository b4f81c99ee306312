import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CaseResult, SuiteResult } from '../../src/cli/stats/suite.ts';
import { ORACLES, runStats } from './stats-runner.ts';

/** Functions that are not offered, by why: there, no number of ours is the number asked for. */
const NOT_OFFERED: Readonly<Record<string, readonly string[]>> = {
  'we judge proportions by Newcombe and MOVER-R, not by a normal interval': [
    'gb_two_sided_prop',
    'gb_sequential_two_sided_prop',
  ],
  'we never decide on the asymptotic sequence, so there is no p-value of it': [
    'gb_sequential_two_sided',
    'gb_sequential_one_sided_lower',
    'gb_sequential_rho',
    'gb_mde_relative_sequential',
  ],
  'our belief is Beta on a rate, not normal on a relative effect': ['gb_bayes_prop'],
  'we join Woodruff limits instead of averaging them into a standard error': ['gb_quantile'],
  'we do not classify or score minute values': ['kayenta_mann_whitney_classify', 'kayenta_weighted_score'],
};

/** Cases that differ on purpose, by why. */
const DIFFERENT: Readonly<Record<string, readonly string[]>> = {
  'our slope is the one within arms; theirs takes the effect into it. Relative: ours is on the log scale': [
    '15_gbstats_blackbox/044',
    '15_gbstats_blackbox/045',
    '15_gbstats_blackbox/054',
    '15_gbstats_blackbox/055',
    '15_gbstats_blackbox/064',
    '15_gbstats_blackbox/065',
  ],
};

const files = readdirSync(ORACLES).filter((file) => file.endsWith('.json'));
const known = (lists: Readonly<Record<string, readonly string[]>>) => new Set(Object.values(lists).flat());

async function casesOf(file: string): Promise<readonly CaseResult[]> {
  const { out } = await runStats(['--suite', file, '--json']);
  const { suites } = JSON.parse(out) as { suites: SuiteResult[] };
  return suites.flatMap(({ cases }) => cases);
}

describe('oracle suites through changegate stats', () => {
  test.each(files)('%s', async (file) => {
    const cases = await casesOf(file);
    const failed = cases.filter(({ outcome, id }) => outcome === 'miss' && !known(DIFFERENT).has(id));
    expect(failed).toEqual([]);
    const missing = cases.filter(({ outcome, fn }) => outcome === 'not_offered' && !known(NOT_OFFERED).has(fn));
    expect(missing).toEqual([]);
  });

  test('are all 365 cases, and what is said to differ or not to be offered does', async () => {
    const cases = (await Promise.all(files.map(casesOf))).flat();
    expect(new Set(cases.map(({ id }) => id)).size).toBe(365);
    expect(cases).toHaveLength(365);
    const of = (outcome: string) => cases.filter((one) => one.outcome === outcome);
    expect(new Set(of('miss').map(({ id }) => id))).toEqual(known(DIFFERENT));
    expect(new Set(of('not_offered').map(({ fn }) => fn))).toEqual(known(NOT_OFFERED));
  });
});
