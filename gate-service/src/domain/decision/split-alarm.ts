import type { Phase } from '../model/change.ts';
import type { VerdictEvidence } from '../model/verdict.ts';
import { SAMPLE_RATIO_ALPHA, sampleRatioMismatch } from '../statistics/sample-ratio-mismatch.ts';
import { splitsTraffic } from './effect-scale.ts';

/**
 * Whether the units of the phases that serve both variants split otherwise than the flag says, at a level that may be
 * looked at any time (docs/statistics.md G2, G3): the averaged Bayes factor, multiplied over phases, reaches 1000.
 * @param exposures units at their first exposure; a phase that is missing says nothing
 * @returns         false when it cannot be computed: the check at the verdict (G1) stays
 */
export function isSplitBroken(exposures: VerdictEvidence['exposures'], phases: readonly Phase[]): boolean {
  const counted = exposures.flatMap(({ phaseIndex, off, on }) => {
    const phase = phases.find(({ index }) => index === phaseIndex);
    return phase && splitsTraffic(phase) ? [{ counts: [off, on], weights: [1 - phase.share, phase.share] }] : [];
  });
  const { status, logBayesFactor } = sampleRatioMismatch(counted);
  return status === 'ok' && logBayesFactor >= -Math.log(SAMPLE_RATIO_ALPHA);
}
