import type { Setting } from './settings.ts';

/** A rule that watches one week, minute by minute. */
export interface Detector {
  /** Consumes a minute; true when the rule calls harm. */
  feed(minute: number, nA: number, yA: number, nB: number, yB: number): boolean;
  /** The allocation changes before the next minute; only rules that ask for it are told. */
  allocation?(share: number, increased: boolean): void;
}

/** A rule by name; `start` makes one for a week of a setting. */
export interface Rule {
  readonly name: string;
  start(setting: Setting): Detector;
  /** Too slow for every replicate: only every n-th week. */
  readonly every?: number;
}

/** Error budget of every rule that has one. */
export const ALPHA = 0.05;

/** Totals of both arms so far, which is all that most peers keep. */
export interface Totals {
  nA: number;
  yA: number;
  nB: number;
  yB: number;
}

/** A rule that looks at the running totals after each minute with arrivals. */
export function onTotals(name: string, make: (setting: Setting) => (totals: Totals) => boolean): Rule {
  return {
    name,
    start: (setting) => {
      const crosses = make(setting);
      const totals: Totals = { nA: 0, yA: 0, nB: 0, yB: 0 };
      return {
        feed: (_, nA, yA, nB, yB) => {
          if (nA + nB === 0) return false;
          totals.nA += nA;
          totals.yA += yA;
          totals.nB += nB;
          totals.yB += yB;
          return crosses(totals);
        },
      };
    },
  };
}
