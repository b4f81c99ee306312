import { describe, expect, it } from 'vitest';
import { contractOf, KPIS } from '../../test/support/decision/evidence.ts';
import { TYPED_KPIS } from '../../test/support/decision/typed-evidence.ts';
import type { Phase } from '../domain/model/change.ts';
import type { Metric, MetricRole } from '../domain/model/metric.ts';
import { NO_TALLY } from '../domain/model/tally.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { collectCohortEvidence } from './collect-cohort-evidence.ts';

const PHASES: readonly Phase[] = [
  { index: 0, cause: 'activation', share: 0.5, startMinute: 1400, endMinute: 1500 },
  { index: 1, cause: 'person', share: 0.2, startMinute: 1510, endMinute: null },
];
const CHANGE = { changeId: 'chg-1-0123456789', contract: contractOf({ cohorts: ['new', 'old'] }) };

function metricFor(id: string, role: MetricRole | null = 'primary'): Metric {
  const kpi = [...KPIS, ...TYPED_KPIS].find((one) => one.id === id)!;
  return { kpi, roles: role ? [role] : [], margin: null, mustBeNonInferior: false };
}

/** A store with one trial in the cohort `new` in every span, which notes what it was asked. */
function storeOf(asked: string[] = [], source: string | null = null) {
  const cohortTotals = async (_: string, kpiId: string, cohorts: readonly string[], from: number, to: number) => {
    asked.push(`${kpiId} ${cohorts.join('+')} ${from}-${to}`);
    return [{ cohort: 'new', off: NO_TALLY, on: { n: 1, y: 1 } }];
  };
  return { events: { cohortTotals }, sources: { sourceOf: async () => source } } as unknown as StoreTransaction;
}

describe('evidence by cohort', () => {
  it('is read by phase, up to the end', async () => {
    const asked: string[] = [];
    const read = await collectCohortEvidence(storeOf(asked), CHANGE, metricFor('booking'), PHASES, 1600);
    expect(asked).toEqual(['booking new+old 1400-1500', 'booking new+old 1510-1600']);
    expect(read.cohorts).toEqual([
      { phaseIndex: 0, cohort: 'new', off: NO_TALLY, on: { n: 1, y: 1 } },
      { phaseIndex: 1, cohort: 'new', off: NO_TALLY, on: { n: 1, y: 1 } },
    ]);
    expect((await collectCohortEvidence(storeOf(), CHANGE, metricFor('booking'), PHASES, 1505)).cohorts).toHaveLength(
      1,
    );
  });

  it.each<[string, Parameters<typeof collectCohortEvidence>[1], Metric, string | null]>([
    ['no cohort is declared', { ...CHANGE, contract: contractOf() }, metricFor('booking'), null],
    ['the metric is the leading one', CHANGE, metricFor('booking', 'leading'), null],
    ['a fast rule alone names it', CHANGE, metricFor('errors', null), null],
    ['it is a rate', CHANGE, metricFor('calls'), null],
    ['it is asked of a source', CHANGE, metricFor('booking'), 'prometheus'],
    [
      'it is compared with the weeks before',
      { ...CHANGE, contract: contractOf({ cohorts: ['new'], design: 'before_after' }) },
      metricFor('booking'),
      null,
    ],
  ])('is none, and not asked for, where %s', async (_, change, metric, source) => {
    const asked: string[] = [];
    expect(await collectCohortEvidence(storeOf(asked, source), change, metric, PHASES, 1600)).toEqual({});
    expect(asked).toEqual([]);
  });
});
