import { ChangeContractSchema } from '../../src/contract/change-contract.ts';
import { type Kpi, KpiRegistrySchema } from '../../src/contract/kpi-registry.ts';
import { sha256Hex } from '../../src/domain/model/canonical-json.ts';
import type { Change } from '../../src/domain/model/change.ts';
import type { AcceptedEvent } from '../../src/domain/model/event.ts';
import { type EpochMinute, MINUTE_MS } from '../../src/domain/model/time.ts';

export const REPOSITORY = 'acme/shop';
export const CHANGE_ID = 'chg-7-0123456789';
/** 2026-03-02T00:00Z, a Monday. */
export const MONDAY: EpochMinute = 29_540_160;

/** A conversion in two minutes, one whose success is its own trial's name, and both kinds of status. */
export const KPIS: readonly Kpi[] = KpiRegistrySchema.parse({
  purchase: kpi('increase_is_good', { of: 'view', success: 'buy', within: '2m' }),
  return_visit: kpi('increase_is_good', { of: 'view', success: 'view', within: '1m' }),
  view_errors: kpi('decrease_is_good', { of: 'view' }),
  buy_successes: kpi('increase_is_good', { of: 'buy' }),
});

/** One or two of every other measure, with the same names again in several places. */
const MEASURED_KPIS: readonly Kpi[] = KpiRegistrySchema.parse({
  spend: measured({ type: 'mean', of: 'view', value_of: 'buy', within: '2m', cap: 10 }),
  views_again: measured({ type: 'mean', of: 'view', value_of: 'view', within: '1m', sum: 'events', cap: 2 }),
  worth_of_a_ping: measured({
    type: 'ratio',
    of: 'view',
    numerator: 'buy',
    denominator: 'ping',
    within: '2m',
    sum: 'value',
    cap: 10,
  }),
  same_twice: measured({ type: 'ratio', of: 'buy', numerator: 'view', denominator: 'view', within: '3m' }),
  buys_for_views: measured({ type: 'rate', of: 'view', count: 'buy' }),
  views_for_views: measured({ type: 'rate', of: 'view', count: 'view' }),
  view_latency: measured({ type: 'quantile', of: 'view', quantile: 'p95' }),
  ping_level: measured({ type: 'gauge', of: 'ping', cap: 10 }),
});

export const ALL_KPIS: readonly Kpi[] = [...KPIS, ...MEASURED_KPIS.map(withFewBelow)];

/** A denominator's own cap is far above what a test sends: here it is two events. */
function withFewBelow(kpi: Kpi): Kpi {
  const { measure } = kpi;
  if (measure.type !== 'ratio') return kpi;
  return { ...kpi, measure: { ...measure, denominator: { ...measure.denominator, cap: 2 } } };
}

function measured(measure: { readonly type: string } & Readonly<Record<string, unknown>>) {
  return { ...kpi('increase_is_good', measure), unit: 'EUR' as const };
}

function kpi(direction: 'increase_is_good' | 'decrease_is_good', measure: object) {
  return {
    title: 'A KPI',
    definition: 'For the tests of the store.',
    owner: 'tests',
    unit: 'ratio' as const,
    direction,
    measure: { source: 'events', type: 'proportion' as const, ...measure } as never,
  };
}

export interface ChangeOptions {
  readonly changeId?: string;
  readonly repository?: string;
  readonly effectiveAt?: EpochMinute | null;
  readonly windowMinutes?: number;
  readonly kpis?: readonly Kpi[];
  readonly flag?: string;
  readonly state?: Change['state'];
  readonly stampedAt?: number;
}

export function makeChange(options: ChangeOptions = {}): Change {
  const { changeId = CHANGE_ID, kpis = KPIS, flag = 'checkout-v2', windowMinutes = 10_080 } = options;
  const contract = ChangeContractSchema.parse({
    hypothesis: 'More people buy.',
    flag,
    primary: { kpi: kpis[0]!.id, at_least: '+5%' },
    window: `${windowMinutes}m`,
  });
  return {
    changeId,
    repository: options.repository ?? REPOSITORY,
    pullRequest: 7,
    commitSha: 'a'.repeat(40),
    contractPath: 'changes/checkout-v2.yaml',
    flag,
    state: options.state ?? 'watching',
    contract,
    contractHash: sha256Hex(JSON.stringify(contract)),
    kpis,
    kpisHash: sha256Hex(JSON.stringify(kpis)),
    stampedAt: options.stampedAt ?? (MONDAY - 60) * MINUTE_MS,
    activatedAt: (MONDAY - 30) * MINUTE_MS,
    effectiveAt: options.effectiveAt === undefined ? MONDAY : options.effectiveAt,
    treatmentHash: null,
    flagCreatedAt: null,
  };
}

/** An event with its content hash; `at` defaults to the start of the window. */
export function makeEvent(fields: Partial<AcceptedEvent> & Pick<AcceptedEvent, 'eventId'>): AcceptedEvent {
  const event = {
    repository: REPOSITORY,
    event: 'view',
    at: MONDAY * MINUTE_MS,
    unit: sha256Hex('somebody').slice(0, 32),
    cohort: null,
    status: null,
    latencyMs: null,
    value: null,
    tag: null,
    exposures: [],
    ...fields,
  };
  return { ...event, contentHash: fields.contentHash ?? sha256Hex(JSON.stringify(event)) };
}

export const exposedTo = (variant: 'off' | 'on', changeId = CHANGE_ID) => [{ changeId, variant }];
