import { type Kpi, KpiRegistrySchema } from '../../src/contract/kpi-registry.ts';
import type { EpochMinute } from '../../src/domain/model/time.ts';
import type { Variant } from '../../src/domain/model/variant.ts';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';

/** What an app would have told: the raw truth that every metric source is given in its own form. */
export interface Observation {
  readonly minute: EpochMinute;
  /** Seconds into the minute, 0 to 57. */
  readonly second: number;
  /** Null: a unit in no change. */
  readonly changeId: string | null;
  readonly variant: Variant | null;
  readonly cohort: string;
  readonly unit: string;
  readonly event: 'request' | 'ticket' | 'visit' | 'order' | 'item' | 'page' | 'queue';
  /** Of a request. */
  readonly status: 'success' | 'error' | null;
  /** Of an order (at most 90) and of the queue (0 to 40), in hundredths at the finest. */
  readonly value: number | null;
  /** Of a page: always one of LATENCIES_MS. */
  readonly latencyMs: number | null;
}

/** 2026-11-02T08:00Z. */
export const SUITE_FROM: EpochMinute = 29_893_440;
export const SUITE_TO: EpochMinute = SUITE_FROM + 180;
/** What the source's clock says: every `within` is over, nothing is stale. */
export const SUITE_NOW: EpochMinute = SUITE_TO + 10;
/** Edges that a classic histogram can have, so that a source with buckets loses nothing. */
export const LATENCIES_MS = [50, 100, 250, 500] as const;

export const BOTH = 'chg-1-00000000aa';
export const ONLY_ON = 'chg-2-00000000bb';
export const NOBODY = 'chg-3-00000000cc';

export const SUITE_KINDS = ['status', 'conversion', 'mean', 'ratio', 'rate', 'quantile', 'gauge'] as const;
export type SuiteKind = (typeof SUITE_KINDS)[number];

const common = {
  title: 'A KPI',
  definition: 'For the tests of sources.',
  owner: 'tests',
  direction: 'increase_is_good',
};
const measure = (type: string, more: object) => ({ source: 'shop', type, ...more });

/** One KPI of each kind; the gate's configuration says what the event names are inside of a source. */
export const SUITE_KPIS: Readonly<Record<SuiteKind, Kpi>> = kpisByKind({
  status: { unit: 'ratio', measure: measure('proportion', { of: 'request', status: 'error' }) },
  conversion: { unit: 'ratio', measure: measure('proportion', { of: 'visit', success: 'order', within: '3m' }) },
  mean: { unit: 'EUR', measure: measure('mean', { of: 'visit', value_of: 'order', within: '3m', cap: 100 }) },
  ratio: {
    unit: 'per item',
    measure: measure('ratio', { of: 'visit', numerator: 'order', denominator: 'item', within: '3m' }),
  },
  rate: { unit: 'per request', measure: measure('rate', { of: 'request', count: 'ticket' }) },
  quantile: { unit: 'ms', measure: measure('quantile', { of: 'page', quantile: 'p95' }) },
  gauge: { unit: 'jobs', measure: measure('gauge', { of: 'queue', cap: 50 }) },
});

function kpisByKind(kinds: Readonly<Record<SuiteKind, object>>): Readonly<Record<SuiteKind, Kpi>> {
  const registry = Object.fromEntries(Object.entries(kinds).map(([kind, kpi]) => [kind, { ...common, ...kpi }]));
  const kpis = KpiRegistrySchema.parse(registry);
  return Object.fromEntries(kpis.map((kpi) => [kpi.id, kpi])) as Record<SuiteKind, Kpi>;
}

/** One observation, filled up; what is left out is null. */
export function observe(part: Partial<Observation> & Pick<Observation, 'minute' | 'event'>): Observation {
  const nothing = { second: 5, changeId: null, variant: null, cohort: 'new', unit: 'u', status: null, value: null };
  return { ...nothing, latencyMs: null, ...part };
}

/**
 * Three hours: BOTH has both variants, ONLY_ON has the treatment alone, and some units are in no change. Every unit is
 * used once; its events follow within the KPIs' three minutes, and a ticket is in the minute of its request.
 */
export function suiteObservations(): readonly Observation[] {
  const random = seededRandom(20_261_102);
  const arms = [
    { changeId: BOTH, variant: 'off' },
    { changeId: BOTH, variant: 'on' },
    { changeId: ONLY_ON, variant: 'on' },
    { changeId: null, variant: null },
  ] as const;
  return Array.from({ length: SUITE_TO - SUITE_FROM }, (_, i) => SUITE_FROM + i).flatMap((minute) =>
    arms.flatMap((arm) =>
      ['new', 'returning'].flatMap((cohort) => {
        const units = random.int(3);
        const of = Array.from({ length: units }, (_, k) => unitEvents(random, { ...arm, cohort, minute }, k));
        const value = random.int(41);
        return [...of.flat(), observe({ ...arm, cohort, minute, event: 'queue', unit: 'sampler', value })];
      }),
    ),
  );
}

function unitEvents(
  random: SeededRandom,
  arm: Pick<Observation, 'changeId' | 'variant' | 'cohort' | 'minute'>,
  k: number,
): readonly Observation[] {
  const unit = [arm.changeId ?? 'none', arm.variant ?? 'none', arm.cohort, arm.minute, k].join('/');
  const at = { ...arm, unit, second: random.int(40) };
  const status = random.next() < 0.2 ? 'error' : 'success';
  const latencyMs = LATENCIES_MS[random.int(LATENCIES_MS.length)]!;
  const events = [
    observe({ ...at, event: 'request', status }),
    observe({ ...at, event: 'page', latencyMs }),
    observe({ ...at, event: 'visit' }),
  ];
  if (random.next() < 0.3) events.push(observe({ ...at, event: 'ticket' }));
  const later = { ...at, second: at.second + 10 };
  const stay = arm.minute < SUITE_TO - 3 ? random.int(3) : 0;
  if (random.next() < 0.5)
    events.push(observe({ ...later, minute: arm.minute + stay, event: 'order', value: random.int(9_000) / 100 }));
  const items = random.int(3);
  for (let item = 0; item < items; item += 1) events.push(observe({ ...later, event: 'item' }));
  return events;
}
