import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metricOf, withMetric } from '../../../test/support/decision/evidence.ts';
import { BASE, booking } from '../../../test/support/decision/truth-table.ts';
import type { VerdictEvidence } from '../model/verdict.ts';
import { judgeChange } from './judge-change.ts';

describe('judgeChange properties', () => {
  const RANK = { fail: 0, inconclusive: 1, pass: 2 } as const;
  const counts = fc.integer({ min: 0, max: 2000 });

  it('more harm never improves a verdict', () => {
    fc.assert(
      fc.property(
        counts,
        counts,
        counts,
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 0, max: 400 }),
        (a, b, e, lost, added) => {
          const at = (success: number, error: number) => {
            const metric = metricOf('errors', { n: 2000, y: 20 }, { n: 2000, y: error }, 0.01);
            return RANK[judgeChange(withMetric(booking(a, success), 'errors', metric)).verdict];
          };
          const errorsBefore = Math.min(e, 1600);
          expect(at(Math.max(0, b - lost), errorsBefore + added)).toBeLessThanOrEqual(at(b, errorsBefore));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('taking data away never turns a verdict into pass', () => {
    const remove: readonly ((evidence: VerdictEvidence, i: number) => VerdictEvidence)[] = [
      (evidence, i) => ({ ...evidence, metrics: evidence.metrics.filter((_, at) => at !== i % 3) }),
      (evidence) => ({ ...evidence, exposures: [] }),
      (evidence) => ({ ...evidence, phases: [] }),
      (evidence, i) => replaced(evidence, i, (metric) => ({ ...metric, strata: [] })),
      (evidence, i) =>
        replaced(evidence, i, (metric) => ({ ...metric, activeHours: metric.activeHours.slice(20 + (i % 100)) })),
      (evidence, i) =>
        replaced(evidence, i, (metric) => ({
          ...metric,
          strata: metric.strata.map((one) => ({ ...one, on: { n: 0, y: 0 } })),
        })),
      (evidence, i) =>
        replaced(evidence, i, (metric) => ({
          ...metric,
          strata: metric.strata.map((one) => ({ ...one, off: { n: 0, y: 0 } })),
        })),
      (evidence) => ({ ...evidence, change: { ...evidence.change, kpis: evidence.change.kpis.slice(1) } }),
      (evidence) => ({ ...evidence, events: { ...evidence.events, accepted: 0 } }),
    ];
    fc.assert(
      fc.property(counts, counts, fc.nat(200), fc.nat(remove.length - 1), (a, b, i, which) => {
        expect(judgeChange(remove[which]!(booking(a, b), i)).verdict).not.toBe('pass');
      }),
      { numRuns: 500 },
    );
  });

  it('losing a fifth or more of one arm of the primary or a guardrail is never a pass', () => {
    const arms = fc.constantFrom('off' as const, 'on' as const);
    const kpis = fc.constantFrom('booking', 'errors');
    fc.assert(
      fc.property(
        counts,
        counts,
        kpis,
        arms,
        fc.double({ min: 0.2, max: 1, noNaN: true }),
        (a, b, kpiId, arm, share) => {
          const evidence = booking(a, b);
          const i = evidence.metrics.findIndex((metric) => metric.kpiId === kpiId);
          const less = (n: number) => Math.floor(n * (1 - share));
          const lost: VerdictEvidence = {
            ...evidence,
            metrics: evidence.metrics.with(i, {
              ...evidence.metrics[i]!,
              strata: evidence.metrics[i]!.strata.map((one) => ({
                ...one,
                [arm]: { n: less(one[arm].n), y: less(one[arm].y) },
              })),
            }),
          };
          expect(judgeChange(lost).verdict).not.toBe('pass');
        },
      ),
      { numRuns: 400 },
    );
  });

  it('a number that is not one, anywhere in the evidence, never passes unless nothing depends on it', () => {
    // What no verdict reads: other people's times, the plan of the rollout, and what is only shown.
    const harmless =
      /rollout|startMinute|stampedAt|activatedAt|pullRequest|ledgerHead|logWealth|history\.weeks|duplicates|pausedMinutes/;
    const paths = numbersIn(BASE).filter((path) => !harmless.test(path.join('.')));
    expect(paths.length).toBeGreaterThan(30);
    const passed = paths.filter(
      (path) => judgeChange(replaceAt(BASE, path, Number.NaN) as VerdictEvidence).verdict === 'pass',
    );
    expect(passed.map((path) => path.join('.'))).toEqual([]);
  });

  it('is not moved by the order of metrics, phases and exposures', () => {
    const backwards = { ...BASE, metrics: BASE.metrics.toReversed(), phases: BASE.phases.toReversed() };
    expect(judgeChange(backwards)).toEqual(judgeChange(BASE));
  });
});

function replaced(
  evidence: VerdictEvidence,
  i: number,
  change: (metric: VerdictEvidence['metrics'][number]) => VerdictEvidence['metrics'][number],
): VerdictEvidence {
  return { ...evidence, metrics: evidence.metrics.map((metric, at) => (at === i % 3 ? change(metric) : metric)) };
}

type Path = readonly (string | number)[];

function numbersIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, [...path, key]));
}

function replaceAt(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((inner, i) => (String(i) === String(key) ? replaceAt(inner, rest, by) : inner));
  const record = value as Record<string, unknown>;
  return { ...record, [key]: replaceAt(record[key], rest, by) };
}
