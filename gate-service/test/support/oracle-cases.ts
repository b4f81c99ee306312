import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** One reference case: inputs, what an independent implementation answered, and how close is close enough. */
export interface OracleCase {
  readonly id: string;
  readonly fn: string;
  // biome-ignore lint/suspicious/noExplicitAny: each suite has its own shape, and the fixture is the authority on it.
  readonly inputs: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly expected: any;
  readonly tol_rel: number;
  readonly tol_abs: number;
  readonly source: string;
}

/** The cases of test/fixtures/oracles/<file>.json for one function; throws when there are none, so none can be lost. */
export function oracleCases(file: string, fn: string): OracleCase[] {
  const url = new URL(`../fixtures/oracles/${file}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(url, 'utf8')) as { cases: OracleCase[] };
  const found = cases.filter((one) => one.fn === fn);
  if (found.length === 0) throw new Error(`${file}.json has no case for ${fn}`);
  return found;
}

/** Expects |got - expected| <= tol_abs + tol_rel |expected|; Infinity and NaN are strings in the fixtures. */
export function expectClose(got: number | null | undefined, expected: number | string, oracle: OracleCase): void {
  const wanted = Number(expected);
  if (!Number.isFinite(wanted)) {
    expect(got, oracle.id).toBe(wanted);
    return;
  }
  const gap = Math.abs((got ?? Number.NaN) - wanted);
  const allowed = oracle.tol_abs + oracle.tol_rel * Math.abs(wanted);
  expect(gap <= allowed, `${oracle.id}: got ${got}, expected ${wanted}, gap ${gap} > ${allowed}`).toBe(true);
}
