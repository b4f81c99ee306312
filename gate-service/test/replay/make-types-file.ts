import { seededRandom } from '../support/seeded-random.ts';

/** One KPI of each type that is not a proportion, of an invented shop. */
export const TYPES_REGISTRY = `revenue:
  title: Revenue per visitor
  definition: What a visitor pays within a day
  owner: growth-team
  unit: EUR
  direction: increase_is_good
  measure: { source: web, type: mean, of: page_viewed, value_of: job_paid, within: 24h, cap: 1000 }
order_value:
  title: Value of an order
  definition: What visitors pay for each order
  owner: growth-team
  unit: EUR
  direction: increase_is_good
  measure: { source: web, type: ratio, of: page_viewed, numerator: job_paid, denominator: job_booked, within: 24h, sum: value, cap: 1000 }
tickets:
  title: Tickets per session
  definition: Support tickets for each session
  owner: support-team
  unit: per session
  direction: decrease_is_good
  measure: { source: web, type: rate, of: session_started, count: ticket_opened }
speed:
  title: Slow quotes
  definition: The 95th percentile of the time that a quote takes
  owner: platform-team
  unit: ms
  direction: decrease_is_good
  measure: { source: web, type: quantile, of: quote_requested, quantile: p95 }
queue:
  title: Length of the queue
  definition: How many requests wait
  owner: platform-team
  unit: requests
  direction: decrease_is_good
  measure: { source: web, type: gauge, of: queue_sampled, cap: 1000 }
`;

export const TYPES = ['revenue', 'order_value', 'tickets', 'speed', 'queue'] as const;
export type TypeKpi = (typeof TYPES)[number];

export const TYPES_HEADER = 'time,unit,variant,kpi,value,numerator,denominator,count,exposure,latency_ms';
const START = Date.parse('2026-11-02T00:00:00Z');
const HOUR_MS = 3_600_000;

/** A contract with one KPI, of which less or more is good by 1%. */
export function contractOf(kpi: TypeKpi): string {
  const effect = kpi === 'revenue' || kpi === 'order_value' ? '+1%' : '-1%';
  return `hypothesis: x\nflag: f\nprimary: { kpi: ${kpi}, at_least: ${effect} }\n`;
}

export interface TypeRow {
  readonly at: number;
  readonly unit: string;
  readonly variant: 'on' | 'off' | '';
  readonly kpi: TypeKpi;
  readonly cells: Readonly<Record<string, number>>;
}

/**
 * Weeks of history and a week in which every second unit has the change: it brings in a fifth more, and is a fifth
 * better where less is good.
 * @param scale of everything that has a unit: amounts, latencies and levels
 */
export function typeRows(perHour: number, scale = 1, weeks = 4): TypeRow[] {
  const random = seededRandom(7);
  const rows: TypeRow[] = [];
  let units = 0;
  for (let hour = -weeks * 168; hour < 168; hour++) {
    for (let i = 0; i < perHour; i++) {
      const variant = hour < 0 ? '' : i % 2 === 0 ? 'on' : 'off';
      const better = variant === 'on' ? 1.2 : 1;
      // The first one of the window has the change, at once.
      const at = START + hour * HOUR_MS + (i === 0 ? 0 : random.int(3_599_000));
      const unit = `u${units++}`;
      const orders = random.next() < 0.5 ? 1 + random.int(2) : 0;
      const paid = Math.round(orders * (50 + random.int(50)) * better) * scale;
      const push = (kpi: TypeKpi, cells: TypeRow['cells'], minutes = 0) =>
        rows.push({ at: at + minutes * 60_000, unit, variant, kpi, cells });
      push('revenue', { value: 0 });
      if (paid > 0) push('revenue', { value: paid }, 30);
      push('order_value', { numerator: paid, denominator: orders });
      push('tickets', { count: random.next() < 0.5 / better ? 1 : 0, exposure: 1 });
      push('speed', { latency_ms: (Math.round((100 * (1 + random.next())) / better) + 1) * scale });
      push('queue', { value: Math.round((20 + random.int(10)) / better) * scale });
    }
  }
  return rows;
}

export function typesCsv(rows: readonly TypeRow[]): string {
  const fields = TYPES_HEADER.split(',').slice(4);
  const lines = rows.map(({ at, unit, variant, kpi, cells }) =>
    [new Date(at).toISOString(), unit, variant, kpi, ...fields.map((field) => cells[field] ?? '')].join(','),
  );
  return `${TYPES_HEADER}\n${lines.join('\n')}\n`;
}
