import { type EstimateStatus, isCount } from './estimate.ts';

/** Fewer blocks say too little about the variance (docs/statistics.md E3). */
const FEWEST_BLOCKS = 20;

/**
 * Variance-to-mean ratio of counts, phi = max(1, Pearson chi-square / df), over equal-length blocks of the baseline
 * (docs/statistics.md E3). Failures come in bursts, so a Poisson interval would promise too much.
 * @param blocks counts of consecutive blocks of one length, at least 20
 * @returns      `ok` with phi >= 1; `insufficient` with NaN for fewer blocks or no event; `invalid` for a broken count
 */
export function dispersionOf(blocks: readonly number[]): { status: EstimateStatus; phi: number } {
  if (!blocks.every(isCount)) return { status: 'invalid', phi: Number.NaN };
  const mean = blocks.reduce((sum, count) => sum + count, 0) / blocks.length;
  if (blocks.length < FEWEST_BLOCKS || mean === 0) return { status: 'insufficient', phi: Number.NaN };
  const chiSquare = blocks.reduce((sum, count) => sum + (count - mean) ** 2, 0) / mean;
  return { status: 'ok', phi: Math.max(1, chiSquare / (blocks.length - 1)) };
}
