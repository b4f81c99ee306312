import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { dirichletLogBayesFactor, mixtureLogBayesFactor, sampleRatioMismatch } from './sample-ratio-mismatch.ts';

describe('sample ratio mismatch against R, ssrm and the reference implementation', () => {
  it.each(oracleCases('sample-ratio-mismatch', 'srm_chi2'))('$id chi-square', (oracle) => {
    const test = sampleRatioMismatch([{ counts: oracle.inputs.observed, weights: oracle.inputs.weights }]);
    expectClose(test.chiSquare, oracle.expected.chi2, oracle);
    expectClose(test.p, oracle.expected.p, oracle);
  });

  it.each(oracleCases('sample-ratio-mismatch', 'srm_log_bayes_factor'))('$id Bayes factor', (oracle) => {
    const { counts, weights, concentration } = oracle.inputs;
    const prior = weights.map((weight: number) => weight * concentration);
    expectClose(dirichletLogBayesFactor(counts, weights, prior), oracle.expected.log_bf, oracle);
    expectClose(mixtureLogBayesFactor(counts, weights), oracle.expected.log_bf_mixture_100_1000_10000, oracle);
    const { logBayesFactor } = sampleRatioMismatch([{ counts, weights }]);
    expectClose(logBayesFactor, oracle.expected.log_bf_mixture_100_1000_10000, oracle);
  });

  it.each(oracleCases('sample-ratio-mismatch', 'srm_sequential_log_bf'))('$id sequential', (oracle) => {
    const { batches, weights, dirichlet_prior } = oracle.inputs;
    const total = weights.map(() => 0);
    oracle.expected.log_bf_after_each_batch.forEach((expected: number, i: number) => {
      batches[i].forEach((count: number, arm: number) => {
        total[arm] += count;
      });
      expectClose(dirichletLogBayesFactor(total, weights, dirichlet_prior), expected, oracle);
    });
  });
});

describe('sampleRatioMismatch', () => {
  it('adds chi-squares with their df and multiplies Bayes factors over phases', () => {
    const [first, second] = [
      { counts: [950, 50], weights: [0.9, 0.1] },
      { counts: [510, 490], weights: [50, 50] },
    ];
    const [a, b, both] = [
      sampleRatioMismatch([first]),
      sampleRatioMismatch([second]),
      sampleRatioMismatch([first, second]),
    ];
    expect(both.chiSquare).toBeCloseTo(a.chiSquare + b.chiSquare, 12);
    expect(both.df).toBe(2);
    expect(both.logBayesFactor).toBeCloseTo(a.logBayesFactor + b.logBayesFactor, 12);
  });

  it('does not let opposite deviations in two phases cancel', () => {
    const phases = [
      { counts: [5300, 4700], weights: [0.5, 0.5] },
      { counts: [4700, 5300], weights: [0.5, 0.5] },
    ];
    expect(sampleRatioMismatch(phases).p).toBeLessThan(1e-10);
  });

  it('does not count an arm of weight 0, unless it received units: then the mismatch is certain', () => {
    expect(sampleRatioMismatch([{ counts: [5100, 4900, 0], weights: [0.5, 0.5, 0] }]).df).toBe(1);
    expect(sampleRatioMismatch([{ counts: [10, 1], weights: [1, 0] }])).toMatchObject({
      status: 'ok',
      p: 0,
      logBayesFactor: Number.POSITIVE_INFINITY,
    });
  });

  it('says insufficient when there is nothing to test, never p = 1', () => {
    for (const phases of [[], [{ counts: [0, 0], weights: [0.5, 0.5] }], [{ counts: [9, 0], weights: [1, 0] }]]) {
      expect(sampleRatioMismatch(phases)).toMatchObject({ status: 'insufficient', p: Number.NaN });
    }
  });

  it('says invalid for NaN, negative or fractional counts and weights that do not fit', () => {
    const good = { counts: [5, 5], weights: [0.5, 0.5] };
    for (const bad of [
      { counts: [Number.NaN, 5], weights: [0.5, 0.5] },
      { counts: [-1, 5], weights: [0.5, 0.5] },
      { counts: [1.5, 5], weights: [0.5, 0.5] },
      { counts: [5, 5], weights: [0.5] },
      { counts: [5, 5], weights: [0.5, Number.NaN] },
      { counts: [5, 5], weights: [0, 0] },
    ]) {
      expect(sampleRatioMismatch([good, bad])).toMatchObject({ status: 'invalid', p: Number.NaN });
    }
  });

  it('does not depend on the order of phases', () => {
    const phase = fc.tuple(fc.nat(500), fc.nat(500), fc.integer({ min: 1, max: 99 })).map(([a, b, w]) => ({
      counts: [a, b],
      weights: [w, 100 - w],
    }));
    fc.assert(
      fc.property(fc.array(phase, { maxLength: 6 }), (phases) => {
        const [there, back] = [sampleRatioMismatch(phases), sampleRatioMismatch(phases.toReversed())];
        expect(back.status).toBe(there.status);
        if (there.status === 'ok') expect(back.chiSquare).toBeCloseTo(there.chiSquare, 6);
      }),
    );
  });
});
