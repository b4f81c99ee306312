import { ALPHA, type Rule } from '../detector.ts';

/** Wald's test told both true rates: no test that has to learn them can be faster on average. */
export const oracle: Rule = {
  name: 'oracle: SPRT told both rates',
  start: ({ pA, pB, share }) => {
    const pooled = (1 - share) * pA + share * pB;
    const good = [Math.log((1 - pA) / (1 - pooled)), Math.log((1 - pB) / (1 - pooled))] as const;
    const bad = [Math.log(pA / pooled), Math.log(pB / pooled)] as const;
    let log = 0;
    return {
      feed: (_, nA, yA, nB, yB) => {
        log += yA * bad[0] + (nA - yA) * good[0] + yB * bad[1] + (nB - yB) * good[1];
        return log >= Math.log(1 / ALPHA);
      },
    };
  },
};
