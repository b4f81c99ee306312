import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addTallies, type Tally } from '../../src/domain/model/tally.ts';
import type { MetricSource, SourceAnswer, SourceBucket, SourceQuestion } from '../../src/ports/metric-source.ts';
import {
  BOTH,
  NOBODY,
  type Observation,
  ONLY_ON,
  SUITE_FROM,
  SUITE_KINDS,
  SUITE_KPIS,
  SUITE_TO,
  type SuiteKind,
  suiteObservations,
} from './metric-source-observations.ts';
import { truthOf } from './metric-source-truth.ts';

/** One source with its numbers in it. */
export interface MetricSourceWorld {
  readonly source: MetricSource;
  /** Kinds of KPI that it can answer; every other one it must refuse. */
  readonly serves: readonly SuiteKind[];
  /** Takes away what the world started. */
  stop?(): Promise<void>;
}

/**
 * What every metric source has to do; run on fakes and on the real things.
 * @param setup puts the observations into a source whose clock says SUITE_NOW
 */
export function describeMetricSource(
  name: string,
  setup: (observations: readonly Observation[]) => Promise<MetricSourceWorld>,
  serves: readonly SuiteKind[],
): void {
  describe(`metric source: ${name}`, () => {
    const observations = suiteObservations();
    let world: MetricSourceWorld;

    beforeAll(async () => {
      world = await setup(observations);
    });
    afterAll(async () => {
      await world?.source.close();
      await world?.stop?.();
    });

    const ask = (kind: SuiteKind, more: Partial<SourceQuestion> = {}) => ({ ...question(kind), ...more });
    const read = async (asked: SourceQuestion) => buckets(await world.source.read(asked));

    test('serves what it says', () => {
      expect(world.serves).toEqual(serves);
    });

    describe.each(serves)('%s', (kind) => {
      test('minute by minute, both variants, as they were', async () => {
        const asked = ask(kind);
        expect(await read(asked)).toEqual(sorted(truthOf(observations, asked)));
      });

      test('by cohort', async () => {
        const asked = ask(kind, { byCohort: true });
        expect(await read(asked)).toEqual(sorted(truthOf(observations, asked)));
      });

      test('hours are the sums of their minutes', async () => {
        const hours = await read(ask(kind, { bucketMinutes: 60 }));
        const minutes = await read(ask(kind));
        expect(hours.map(({ minute }) => minute)).toContain(SUITE_FROM + 60);
        expect(hours).toEqual(toHours(minutes));
      });

      test('one variant alone is answered alone', async () => {
        const asked = ask(kind, { changeId: ONLY_ON });
        const found = await read(asked);
        expect(found).toEqual(sorted(truthOf(observations, asked)));
        expect(new Set(found.map(({ variant }) => variant))).toEqual(new Set(['on']));
      });

      test("the KPI's own history is everybody", async () => {
        const asked = ask(kind, { changeId: null, bucketMinutes: 60 });
        const found = await read(asked);
        expect(found).toEqual(sorted(truthOf(observations, asked)));
        expect(found.every(({ variant }) => variant === null)).toBe(true);
      });

      test('nothing outside of the minutes that were asked for', async () => {
        const asked = ask(kind, { from: SUITE_FROM + 61, to: SUITE_FROM + 64 });
        expect(await read(asked)).toEqual(sorted(truthOf(observations, asked)));
      });

      test('two halves are the whole', async () => {
        const [left, right] = await Promise.all([
          read(ask(kind, { to: SUITE_FROM + 70 })),
          read(ask(kind, { from: SUITE_FROM + 70 })),
        ]);
        expect(sorted([...left, ...right])).toEqual(await read(ask(kind)));
      });

      test('vouches for the whole time, says when it was last seen and what it asked', async () => {
        const answer = await world.source.read(ask(kind));
        if (answer.status !== 'ok') expect.fail(`${answer.fault}: ${answer.detail}`);
        expect(answer.completeUntil).toBe(SUITE_TO);
        expect(answer.lastSeen.kpi).toBeGreaterThanOrEqual(SUITE_TO - 15);
        expect(answer.lastSeen.change).toBeGreaterThanOrEqual(SUITE_TO - 15);
        expect(answer.query).toContain(BOTH);
      });

      test.each([
        ['a change that nobody is in', { changeId: NOBODY }],
        ['a time before there was anything', { from: SUITE_FROM - 120, to: SUITE_FROM - 60 }],
      ])('nothing is never zero: %s', async (_, more) => {
        const answer = await world.source.read(ask(kind, more));
        if (answer.status === 'ok') expect(answer.buckets).toEqual([]);
        else expect(answer).toMatchObject({ status: 'no_data', fault: 'empty' });
      });

      test('the check before the first question finds nothing wrong', async () => {
        const findings = await world.source.check(SUITE_KPIS[kind]);
        expect(findings.length).toBeGreaterThan(0);
        expect(findings.filter(({ status }) => status === 'failed')).toEqual([]);
      });
    });

    const others = SUITE_KINDS.filter((kind) => !serves.includes(kind));
    test.runIf(others.length > 0).each(others)(
      '%s is refused with the reason, before the source is asked',
      async (kind) => {
        const answer = await world.source.read(ask(kind));
        expect(answer).toMatchObject({ status: 'source_error', query: null });
        if (answer.status !== 'ok') expect(answer.detail.length).toBeGreaterThan(20);
        const findings = await world.source.check(SUITE_KPIS[kind]);
        expect(findings.some(({ status }) => status === 'failed')).toBe(true);
      },
    );
  });
}

function question(kind: SuiteKind): SourceQuestion {
  const kpi = SUITE_KPIS[kind];
  return { kpi, changeId: BOTH, from: SUITE_FROM, to: SUITE_TO, bucketMinutes: 1, byCohort: false };
}

function buckets(answer: SourceAnswer): readonly SourceBucket[] {
  if (answer.status !== 'ok') expect.fail(`${answer.fault}: ${answer.detail}`);
  return sorted(answer.buckets);
}

function keyOf({ minute, variant, cohort }: SourceBucket): string {
  return `${minute}/${variant ?? ''}/${cohort}`;
}

function sorted(all: readonly SourceBucket[]): readonly SourceBucket[] {
  return all.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
}

function toHours(minutes: readonly SourceBucket[]): readonly SourceBucket[] {
  const hours = Map.groupBy(
    minutes.map((one) => ({ ...one, minute: one.minute - (one.minute % 60) })),
    keyOf,
  );
  return sorted([...hours.values()].map((parts) => ({ ...parts[0]!, tally: parts.map(tallyOf).reduce(addTallies) })));
}

function tallyOf({ tally }: SourceBucket): Tally {
  return tally;
}
