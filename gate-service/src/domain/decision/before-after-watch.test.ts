import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import type { Measure } from '../../contract/kpi-measure.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { HOUR_MINUTES, startOfMinute } from '../model/time.ts';
import { logHistogramOf } from '../statistics/log-histogram.ts';
import { type BeforeAfterWatchInput, watchBeforeAfter } from './before-after-watch.ts';
import type { HourTally } from './history.ts';

const WEEKS = 12;
const FIRST = 400_008;
const START_HOUR = FIRST + WEEKS * 168;
const common = { source: 'web', of: 'requested', withinMinutes: 0 };
const ERRORS: Measure = { ...common, type: 'proportion', success: null, counts: 'error' };

function kpi(measure: Measure = ERRORS, direction: Kpi['direction'] = 'decrease_is_good'): Kpi {
  return {
    id: 'errors',
    title: 'Errors',
    definition: 'Errors',
    owner: 'web',
    cadence: 'daily',
    unit: 'ratio',
    direction,
    journeyStage: null,
    measure,
    bands: null,
    sla: null,
    runbook: null,
  };
}

interface Shop {
  readonly weeks?: number;
  readonly hoursAfter?: number;
  /** Multiplier of the rate in the window. */
  readonly harm?: number;
  readonly traffic?: number;
  readonly perHour?: number;
  readonly rate?: number;
  readonly seed?: number;
}

/** Hours with a day's rhythm and days that differ, the window's multiplied. */
function hoursOf({
  weeks = WEEKS,
  hoursAfter = 48,
  harm = 1,
  traffic = 1,
  perHour = 2000,
  rate = 0.02,
  seed = 3,
}: Shop = {}) {
  const random = seededRandom(seed);
  const hours: HourTally[] = [];
  let day = 1;
  for (let hour = START_HOUR - weeks * 168; hour < START_HOUR + hoursAfter; hour++) {
    if (hour % 24 === 0) day = 1 + 0.2 * (random.next() - 0.5);
    const isAfter = hour >= START_HOUR;
    const n = random.poisson(perHour * (1.2 - Math.cos((hour % 24) / 4)) * (isAfter ? traffic : 1));
    hours.push({ hour, n, y: random.binomial(n, Math.min(1, rate * day * (isAfter ? harm : 1))) });
  }
  return hours;
}

function watch(changes: Partial<BeforeAfterWatchInput> & { readonly shop?: Shop } = {}) {
  const { shop, ...input } = changes;
  return watchBeforeAfter({
    contract: { windowMinutes: 168 * HOUR_MINUTES },
    metric: { kpi: kpi() },
    hours: hoursOf(shop),
    windowStart: START_HOUR * HOUR_MINUTES,
    matureUntil: (START_HOUR + (shop?.hoursAfter ?? 48)) * HOUR_MINUTES,
    settleMinutes: 2,
    watched: 1,
    ...input,
  });
}

const kinds = (alarms: ReturnType<typeof watch>) => alarms.map(({ kind, calls }) => `${kind} ${calls}`);

describe('a change that is on for everybody', () => {
  test('that does nothing is left alone', () => {
    const alarmed = [1, 2, 3, 4, 5, 6].filter((seed) => watch({ shop: { seed, hoursAfter: 100 } }).length > 0);
    expect(alarmed.length).toBeLessThanOrEqual(1);
  });

  test('that makes errors half as frequent again is throttled, and not turned off', () => {
    const alarms = watch({ shop: { harm: 1.5 } });
    expect(kinds(alarms)).toEqual(['placebo_sup throttle']);
    expect(alarms[0]).toMatchObject({ kpiId: 'errors', logWealth: null, raisedAt: null, phaseIndex: null, rule: null });
  });

  test('that makes errors five times as frequent is turned off within hours', () => {
    const alarms = watch({ shop: { harm: 5 } });
    expect(kinds(alarms)).toEqual(['placebo_sup throttle', 'margin turn_off']);
    const [, off] = alarms;
    expect(off!.logWealth).toBeGreaterThanOrEqual(Math.log(100));
    expect(off!.at).toBeLessThanOrEqual(startOfMinute((START_HOUR + 3) * HOUR_MINUTES + 2));
  });

  test('is never told of before its hours are complete, and the same hours tell the same', () => {
    const shop = { harm: 5 };
    expect(watch({ shop, matureUntil: (START_HOUR + 1) * HOUR_MINUTES - 1 })).toEqual([]);
    const early = watch({ shop, matureUntil: (START_HOUR + 6) * HOUR_MINUTES });
    expect(early).toEqual(watch({ shop }));
  });

  test('with three times the visitors does no harm, and with none at all neither', () => {
    expect(watch({ shop: { traffic: 3, seed: 1 } })).toEqual([]);
    const hours = hoursOf();
    const dark = hours.filter(({ hour }) => hour < START_HOUR + 1);
    expect(watch({ hours: dark, metric: { kpi: kpi({ ...ERRORS, counts: 'success' }, 'increase_is_good') } })).toEqual(
      [],
    );
  });

  test('that loses two of three successes is found where less is harm', () => {
    const good = kpi({ ...ERRORS, counts: 'success' }, 'increase_is_good');
    expect(kinds(watch({ shop: { harm: 0.3 }, metric: { kpi: good } }))).toEqual([
      'placebo_sup throttle',
      'margin turn_off',
    ]);
    expect(watch({ shop: { harm: 0.3 } })).toEqual([]);
  });

  test('is found slow by a quantile', () => {
    const measure: Measure = { ...common, type: 'quantile', quantile: 0.9 };
    const random = seededRandom(9);
    const hours = hoursOf({ perHour: 60 }).map(({ hour }): HourTally => {
      const slow = hour >= START_HOUR ? 3 : 1;
      const values = Array.from({ length: 150 }, () => 100 * slow * (1 + random.next()));
      return { hour, n: values.length, y: 0, histogram: logHistogramOf(values)! };
    });
    expect(kinds(watch({ hours, metric: { kpi: kpi(measure) } }))).toEqual(['placebo_sup throttle', 'margin turn_off']);
  });
});

describe('without what it takes nothing is said', () => {
  test.each<[string, Parameters<typeof watch>[0]]>([
    ['five weeks of history', { shop: { harm: 5, weeks: 5 } }],
    ['no history', { shop: { harm: 5, weeks: 0 } }],
    ['no hour of the window', { shop: { harm: 5, hoursAfter: 0 } }],
    ['nothing at all', { hours: [] }],
    [
      'days in the window that are excluded',
      {
        shop: { harm: 5 },
        contract: {
          windowMinutes: 168 * HOUR_MINUTES,
          beforeAfter: {
            exclude: [{ firstDay: Math.floor(START_HOUR / 24), lastDay: Math.floor(START_HOUR / 24) + 3 }],
            comparison: null,
          },
        },
      },
    ],
  ])('%s', (_, input) => {
    const alarms = watch(input);
    // Five weeks are enough to know what an ordinary hour is, and too few for 40 windows without a change.
    expect(kinds(alarms)).toEqual(input?.shop?.weeks === 5 ? ['margin throttle'] : []);
  });

  test('few events an hour leave the margin to nobody, and ten weeks still the largest of three days', () => {
    expect(kinds(watch({ shop: { harm: 5, perHour: 100 } }))).toEqual(['placebo_sup throttle']);
    expect(kinds(watch({ shop: { harm: 1.6, weeks: 10 } }))).toContain('placebo_sup throttle');
  });

  test('several KPIs share the budget of the margin', () => {
    const [alone, shared] = [1, 10_000].map((watched) => watch({ shop: { harm: 3 }, watched }));
    const off = (alarms: ReturnType<typeof watch>) => alarms.find(({ kind }) => kind === 'margin');
    expect(off(alone!)).toBeDefined();
    expect(off(shared!)?.at ?? Number.POSITIVE_INFINITY).toBeGreaterThan(off(alone!)!.at);
  });
});
