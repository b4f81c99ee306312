/** Control is the flag off, treatment is the flag on (`version_flag`). */
export const VARIANTS = ['off', 'on'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Sufficient statistics of a proportion: `y` of `n` trials counted. Merge by addition. */
export interface Tally {
  readonly n: number;
  readonly y: number;
}
export type TallyByVariant = Readonly<Record<Variant, Tally>>;

export const NO_TALLY: Tally = { n: 0, y: 0 };

export function addTallies(left: Tally, right: Tally): Tally {
  return { n: left.n + right.n, y: left.y + right.y };
}
