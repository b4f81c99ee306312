import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { computeResult } from '../../src/cli/stats/answer.ts';
import { renderExplanation } from '../../src/cli/stats/render.ts';
import type { StatFunction } from '../../src/cli/stats/stat-function.ts';
import { runSuite } from '../../src/cli/stats/suite.ts';
import { STAT_FUNCTIONS } from '../../src/cli/stats/table.ts';
import { readRepositoryFile } from '../architecture/repository-files.ts';
import type { OracleCase } from '../support/oracle-cases.ts';
import { ORACLES } from './stats-runner.ts';

const oracles: readonly OracleCase[] = readdirSync(ORACLES).flatMap(
  (file) => JSON.parse(readFileSync(join(ORACLES, file), 'utf8')).cases,
);

/** Examples that are no oracle case: their numbers from elsewhere. */
const KNOWN: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  // numpy 1.24 quantile, scipy 1.17 binom.ppf
  quantile_order_stat_ci: { quantile_type7: 44.5, lo_index_1based: 3, hi_index_1based: 10, lo: 15, hi: 71 },
  // numpy and scipy 1.17 from the formulas of H: the peer's own case differs on purpose
  gb_cuped: {
    theta: 1.002416159643413,
    effect: 0.0417324361016318,
    se: 0.6258639488945597,
    lo: -1.2138216455889759,
    hi: 1.2972865177922395,
    p: 0.9470895425782574,
  },
  woodruff_log_se: { quantile: 113, lo: 107.01179140648891, hi: 119.98820859351109, se_log: 0.03479168173597998 },
};

/** The oracle case that has the example's inputs, or begins with its batches. */
function oracleOf({ fn, inputs, explain }: StatFunction): OracleCase | undefined {
  const wanted = inputs.parse(explain.example) as Record<string, unknown>;
  return oracles.find((oracle) => {
    if (oracle.fn !== fn) return false;
    const parsed = inputs.parse(oracle.inputs) as Record<string, unknown>;
    return Object.entries(wanted).every(([name, value]) => {
      const [mine, theirs] = [JSON.stringify(value), JSON.stringify(parsed[name])];
      return mine === theirs || (name.startsWith('batches') && theirs?.startsWith(mine.slice(0, -1)));
    });
  });
}

/** What the oracle says of the example: of a series, as much as the example has. */
function expectedOf(oracle: OracleCase, one: StatFunction): Record<string, unknown> {
  const logs = oracle.expected.log_wealth_after_each_batch;
  if (logs === undefined) return oracle.expected;
  const { length } = computeResult(one, one.explain.example).log_wealth_after_each_batch as number[];
  return { log_wealth_after_each_batch: logs.slice(0, length) };
}

describe('worked examples', () => {
  test.each(STAT_FUNCTIONS.map((one) => [one.fn, one] as const))('%s', (fn, one) => {
    const oracle = KNOWN[fn] === undefined ? oracleOf(one) : undefined;
    const expected = oracle === undefined ? KNOWN[fn] : expectedOf(oracle, one);
    expect(expected, 'the example has numbers of another origin').toBeDefined();
    const example = { id: fn, fn, inputs: one.explain.example, expected: expected!, tol_rel: 1e-6, tol_abs: 1e-9 };
    const { tol_rel, tol_abs } = oracle ?? example;
    const { cases } = runSuite({ suite: 'examples', cases: [{ ...example, tol_rel, tol_abs }] });
    expect(cases).toEqual([{ id: fn, fn, outcome: 'ok', misses: [], error: null }]);
  });
});

describe('explanations', () => {
  const page = readRepositoryFile('docs/statistics.md');

  test.each(STAT_FUNCTIONS.map((one) => [one.fn, one] as const))('%s', (fn, one) => {
    const { equations, formula, reference, assumptions } = one.explain;
    for (const mark of equations) {
      expect(page.includes(`**${mark}**`) || page.includes(`## ${mark}. `), `docs/statistics.md has ${mark}`).toBe(
        true,
      );
    }
    expect([formula, reference, ...assumptions].every((text) => text.length > 0)).toBe(true);
    const text = renderExplanation(one);
    for (const part of [fn, formula, reference, ...assumptions]) expect(text).toContain(part);
  });

  test('are one line each', () => {
    for (const { summary } of STAT_FUNCTIONS) expect(summary).toMatch(/^[^\n]{10,110}$/);
  });
});
