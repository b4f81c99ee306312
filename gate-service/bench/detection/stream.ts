import { type FastRandom, fastRandom } from './random.ts';
import type { Course, Setting } from './settings.ts';

export const MINUTES_PER_WEEK = 7 * 24 * 60;

/** Minutes drawn at a time: most alarms come early, and then the rest of the week is never drawn. */
const CHUNK = 64;

/** One week of counts by minute, drawn as far as it is read. Every detector reads the same. */
export interface Week {
  readonly nA: Int32Array;
  readonly yA: Int32Array;
  readonly nB: Int32Array;
  readonly yB: Int32Array;
  /** Treatment's share of a minute. */
  share(minute: number): number;
  /** Draws up to and including this minute. */
  ensure(minute: number): void;
}

/**
 * A week of one setting: arrivals are Poisson and each is bad by its own coin, so bad and good arrivals of an arm are
 * independent Poisson counts.
 */
export function drawWeek(setting: Setting, course: Course, seed: readonly number[]): Week {
  const random: FastRandom = fastRandom(...seed);
  const [nA, yA, nB, yB] = Array.from({ length: 4 }, () => new Int32Array(MINUTES_PER_WEEK)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const share = course.share ?? (() => setting.share);
  const onset = course.onset ?? MINUTES_PER_WEEK;
  let drawn = 0;
  const draw = (minute: number) => {
    const arrivals = setting.perMinute * (course.traffic?.(minute) ?? 1);
    const rate = course.rate?.(minute) ?? 1;
    const pA = Math.min(1, setting.pA * rate);
    const pB = minute >= onset ? Math.min(1, setting.pB * rate) : pA;
    const toA = arrivals * (1 - share(minute));
    const toB = arrivals - toA;
    yA[minute] = random.poisson(toA * pA);
    nA[minute] = yA[minute]! + random.poisson(toA * (1 - pA));
    yB[minute] = random.poisson(toB * pB);
    nB[minute] = yB[minute]! + random.poisson(toB * (1 - pB));
  };
  const ensure = (minute: number) => {
    if (minute < drawn) return;
    const end = Math.min(MINUTES_PER_WEEK, minute + CHUNK);
    for (; drawn < end; drawn += 1) draw(drawn);
  };
  return { nA, yA, nB, yB, share, ensure };
}
