import { type Kpi, KpiRegistrySchema } from '../../../src/contract/kpi-registry.ts';
import type { Tally } from '../../../src/domain/model/tally.ts';
import { NO_SUMS } from '../../../src/domain/model/tally.ts';
import { DAY_MINUTES, HOUR_MINUTES } from '../../../src/domain/model/time.ts';
import type { MetricEvidence, VerdictEvidence } from '../../../src/domain/model/verdict.ts';
import { logHistogramOf } from '../../../src/domain/statistics/log-histogram.ts';
import { seededRandom } from '../seeded-random.ts';
import { contractOf, evidenceOf, metricOf, START } from './evidence.ts';

const common = { owner: 'growth', direction: 'increase_is_good' } as const;

/** One KPI of each type whose trials are more than a yes or a no, all of which should rise. */
export const TYPED_KPIS: readonly Kpi[] = KpiRegistrySchema.parse({
  revenue: {
    ...common,
    title: 'Revenue per visitor',
    definition: 'What a visitor spends within a day',
    unit: 'EUR',
    measure: { source: 'web', type: 'mean', of: 'visited', value_of: 'paid', within: '24h', cap: 1000 },
  },
  basket: {
    ...common,
    title: 'Revenue per order',
    definition: 'What an order brings in',
    unit: 'EUR',
    measure: {
      source: 'web',
      type: 'ratio',
      of: 'visited',
      numerator: 'paid',
      denominator: 'ordered',
      within: '24h',
      sum: 'value',
      cap: 1000,
    },
  },
  calls: {
    ...common,
    title: 'Calls per session',
    definition: 'Calls for each session',
    unit: 'per session',
    measure: { source: 'web', type: 'rate', of: 'session', count: 'call' },
  },
  latency: {
    ...common,
    title: 'Time on page',
    definition: 'How long the longest visits last',
    unit: 'ms',
    measure: { source: 'web', type: 'quantile', of: 'page', quantile: 'p90' },
  },
  queue: {
    ...common,
    title: 'Jobs waiting',
    definition: 'Jobs that wait for a contractor',
    unit: 'jobs',
    measure: { source: 'web', type: 'gauge', of: 'queue_length', cap: 100 },
  },
});

export type TypedKpi = 'revenue' | 'basket' | 'calls' | 'latency' | 'queue';
export const TYPED_IDS: readonly TypedKpi[] = ['revenue', 'basket', 'calls', 'latency', 'queue'];

/** A tally of units from each one's amount and covariate (or denominator). */
export function tallyOfUnits(pairs: readonly (readonly [y: number, d: number])[]): Tally {
  let [y, yy, d, dd, yd] = [0, 0, 0, 0, 0];
  for (const [a, b] of pairs) {
    y += a;
    yy += a * a;
    d += b;
    dd += b * b;
    yd += a * b;
  }
  return { n: pairs.length, y, sums: { ...NO_SUMS, yy, d, dd, yd } };
}

/** The same evidence for the same arguments: `n` trials an arm, of which the treatment's level is `factor` times as high. */
export function typedMetric(kpi: TypedKpi, factor: number, n = 2000): MetricEvidence {
  const [control, treatment] = [seededRandom(7), seededRandom(8)];
  switch (kpi) {
    case 'revenue':
    case 'basket': {
      const unit = (random: typeof control, times: number) => (): readonly [number, number] => {
        const orders = Math.floor(random.next() * 3);
        const before = Math.round(orders * (300 + 200 * random.next()));
        const amount = Math.round(before * times * (0.8 + 0.4 * random.next()));
        return [amount, kpi === 'basket' ? orders : before];
      };
      const arm = (random: typeof control, times: number) =>
        tallyOfUnits(Array.from({ length: n }, unit(random, times)));
      return metricOf(kpi, arm(control, 1), arm(treatment, factor));
    }
    case 'calls': {
      const perHour = Math.ceil(n / 168);
      const cell = (random: typeof control, rate: number): Tally => ({
        n: perHour,
        y: Array.from({ length: perHour }, () => (random.next() < rate ? 1 : 0)).reduce<number>(
          (sum, one) => sum + one,
          0,
        ),
      });
      const hours = Array.from({ length: 168 }, (_, i) => ({
        phaseIndex: 0,
        hour: START / HOUR_MINUTES + i,
        off: cell(control, 0.4),
        on: cell(treatment, Math.min(1, 0.4 * factor)),
      }));
      const sum = (arm: 'off' | 'on') =>
        hours.reduce((total, hour) => ({ n: total.n + hour[arm].n, y: total.y + hour[arm].y }), { n: 0, y: 0 });
      return { ...metricOf(kpi, sum('off'), sum('on')), hours };
    }
    case 'latency': {
      const arm = (random: typeof control, times: number): Tally => {
        const values = Array.from({ length: n }, () => times * 100 * (1 / (1 - random.next())) ** 0.25);
        return { n, y: 0, sums: NO_SUMS, histogram: logHistogramOf(values)! };
      };
      return metricOf(kpi, arm(control, 1), arm(treatment, factor));
    }
    case 'queue': {
      const perDay = Math.ceil(n / 7);
      const days = Array.from({ length: 7 }, (_, i) => {
        const season = 1000 + 300 * Math.sin(i);
        const arm = (random: typeof control, times: number) => {
          const level = Math.round(season * times * (1 + 0.2 * (random.next() - 0.5)));
          return tallyOfUnits(Array.from({ length: perDay }, (): readonly [number, number] => [level, 0]));
        };
        return { phaseIndex: 0, day: START / DAY_MINUTES + i, off: arm(control, 1), on: arm(treatment, factor) };
      });
      const sum = (arm: 'off' | 'on') => {
        const [all, yy] = [days.map((day) => day[arm]), days.reduce((total, day) => total + day[arm].sums!.yy, 0)];
        const part = (key: 'n' | 'y') => all.reduce((total, tally) => total + tally[key], 0);
        return { n: part('n'), y: part('y'), sums: { ...NO_SUMS, yy } };
      };
      return { ...metricOf(kpi, sum('off'), sum('on')), days };
    }
    default:
      return kpi satisfies never;
  }
}

/** The evidence of a clean week whose primary is that KPI and must rise by 5%. */
export function typedEvidence(kpi: TypedKpi, metric: MetricEvidence, atLeast = '+5%'): VerdictEvidence {
  const base = evidenceOf();
  const sum = (arm: 'off' | 'on') => metric.strata.reduce((total, one) => total + one[arm].n, 0);
  const [off, on] = [sum('off'), sum('on')];
  return {
    ...base,
    change: {
      ...base.change,
      kpis: TYPED_KPIS,
      contract: contractOf({ primary: { kpi, at_least: atLeast }, leading: undefined, guardrails: [] }),
    },
    metrics: [metric],
    exposures: [{ phaseIndex: 0, off, on }],
    exposedUnits: off + on,
  };
}
