import type { Rule } from '../detector.ts';

/** Counts checks of the treatment's rate alone against a limit halfway between the two true rates. */
function threshold(name: string, options: { every: number; failures: number; inRow: boolean }): Rule {
  return {
    name,
    start: ({ pA, pB }) => {
      const limit = (pA + pB) / 2;
      let n = 0;
      let y = 0;
      let failures = 0;
      return {
        feed: (minute, _nA, _yA, nB, yB) => {
          n += nB;
          y += yB;
          if ((minute + 1) % options.every !== 0) return false;
          const failed = n > 0 && y / n > limit;
          const passed = n > 0 && !failed;
          n = 0;
          y = 0;
          if (failed) failures += 1;
          else if (passed && options.inRow) failures = 0;
          return failures >= options.failures;
        },
      };
    },
  };
}

/**
 * Argo Rollouts with a five-minute interval and failureLimit 3: the fourth failed measurement in all ends the rollout; a
 * measurement without data is no failure.
 * @see argoproj/argo-rollouts, analysis/analysis.go
 */
export const argo = threshold('Argo: more than 3 failed 5-min checks', { every: 5, failures: 4, inRow: false });

/**
 * Flagger as in its documentation's example: every minute, threshold 10; failed checks are only ever added up.
 * @see fluxcd/flagger, pkg/controller/scheduler.go
 */
export const flagger = threshold('Flagger: 10 failed 1-min checks', { every: 1, failures: 10, inRow: false });

export const fiveInRow = threshold('rate above the limit 5 minutes in a row', { every: 1, failures: 5, inRow: true });
