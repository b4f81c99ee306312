import { binomialSf } from '../src/domain/statistics/distributions.ts';

/** One promise held against what was measured. */
export interface Check {
  /** Letter of the acceptance list in docs/detection.md. */
  readonly part: 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g';
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
  /** How much was measured, in words. */
  readonly basis: string;
}

/** NaN never passes. */
export function passes({ measured, limit }: Check): boolean {
  return measured <= limit;
}

/** How much work a run does. */
export interface Size {
  readonly calmWeeks: number;
  readonly harmWeeks: number;
  readonly lateWeeks: number;
  readonly histories: number;
  /** Simulated verdicts and watched weeks of each KPI type. */
  readonly typedVerdicts: number;
  readonly typedWeeks: number;
  /** Largest arm whose verdicts are enumerated. */
  readonly largestArm: number;
  /** Most that a forecast chance may be off by. */
  readonly forecastLimit: number;
  /** Chance that a sound method fails one check of counted weeks. */
  readonly tail: number;
}

export const FULL: Size = {
  calmWeeks: 1000,
  harmWeeks: 2000,
  lateWeeks: 400,
  histories: 3000,
  typedVerdicts: 2000,
  typedWeeks: 200,
  largestArm: 20_000,
  forecastLimit: 0.03,
  tail: 0.05,
};
/** For the unit tests: the same promises on fewer weeks, so with wider limits. */
export const FAST: Size = {
  calmWeeks: 4,
  harmWeeks: 60,
  lateWeeks: 20,
  histories: 600,
  typedVerdicts: 200,
  typedWeeks: 2,
  largestArm: 300,
  forecastLimit: 0.03,
  tail: 1e-5,
};

/** Most alarms in n weeks that a false alarm share of exactly `share` still explains: 62 of 1000 for 5%. */
export function mostAlarms(weeks: number, share: number, tail: number): number {
  let k = Math.floor(weeks * share);
  while (binomialSf(k, weeks, share) > tail) k += 1;
  return k;
}
