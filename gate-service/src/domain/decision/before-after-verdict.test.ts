import { describe, expect, test } from 'vitest';
import {
  contractOf,
  evidenceOf,
  historyOf,
  interventionOf,
  metricOf,
  START,
  withMetric,
} from '../../../test/support/decision/evidence.ts';
import type { ChangeContractInput } from '../../contract/change-contract.ts';
import type { Tally } from '../model/tally.ts';
import { DAY_MINUTES, startOfMinute, WEEK_MINUTES } from '../model/time.ts';
import type { MetricEvidence, VerdictEvidence } from '../model/verdict.ts';
import { checkDataQuality } from './data-quality.ts';
import { judgeChange } from './judge-change.ts';

const WOBBLE = [0, 0.03, -0.02, 0.01, -0.03, 0.02, 0.04, -0.01, 0, 0.02, -0.04, 0.01];
const WORDS = 'Compared with the weeks before (no control group): ';
const day = (minute: number) => new Date(minute * 60_000).toISOString().slice(0, 10);

interface Own {
  readonly rate: number;
  readonly before?: number;
  readonly perWeek?: number;
  readonly wobble?: number;
  readonly weeks?: number;
}

/** A KPI whose weeks differ a little, and its window. */
function ownMetric(
  kpiId: string,
  { rate, before = rate, perWeek = 16_800, wobble = 1, weeks = 12 }: Own,
): MetricEvidence {
  const own: Tally = { n: perWeek, y: Math.round(perWeek * rate) };
  const history = historyOf(kpiId, perWeek / 168, before, weeks);
  return {
    ...metricOf(kpiId, { n: 0, y: 0 }, own),
    history: {
      ...history,
      weeks: history.weeks.map(({ firstMinute, total: { n } }, i) => ({
        firstMinute,
        total: { n, y: Math.round(n * before * (1 + wobble * WOBBLE[i]!)) },
      })),
    },
    own,
  };
}

function evidence(contract: Partial<ChangeContractInput> = {}, booking: Partial<Own> = {}): VerdictEvidence {
  const plain = evidenceOf();
  return {
    ...plain,
    change: { ...plain.change, contract: contractOf({ design: 'before_after', ...contract }) },
    phases: [{ index: 0, cause: 'activation', share: 1, startMinute: START, endMinute: null }],
    exposures: [{ phaseIndex: 0, off: 0, on: 4000 }],
    metrics: [
      ownMetric('booking', { rate: 0.25, before: 0.2, ...booking }),
      ownMetric('started', { rate: 0.5 }),
      ownMetric('errors', { rate: 0.01 }),
    ],
  };
}

const judged = (one: VerdictEvidence) => {
  const { verdict, reasons } = judgeChange(one);
  return [verdict, ...reasons];
};

describe('a change that everybody got', () => {
  test('passes when the week stands out from the weeks before', () => {
    const verdict = judgeChange(evidence());
    expect([verdict.verdict, verdict.reasons, verdict.design]).toEqual(['pass', ['ok'], 'before_after']);
    expect(verdict.quality.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(verdict.summary).toBe(
      `${WORDS}the primary KPI moved as promised. "Booking conversion" was 25% over 16,800 trials, where the weeks before let one expect 19.9%: 25.3% more, give or take 7.05%.`,
    );
    expect([verdict.advice, verdict.moreWeeks]).toEqual([null, null]);
    const [booking] = verdict.metrics;
    expect(booking!.levels.treatment).toBe(0.25);
    expect(booking!.levels.control).toBeCloseTo(0.2, 2);
    expect([booking!.control.n, booking!.treatment.n]).toEqual([4 * 16_800, 16_800]);
    expect(verdict.warnings.join()).not.toContain('repeated users');
  });

  test('is the same for `auto` when everybody gets it', () => {
    expect(judgeChange(evidence({ design: 'auto', rollout: { start: '100%' } })).design).toBe('before_after');
    expect(judgeChange(evidence({ design: 'auto' })).design).toBe('concurrent');
  });

  test.each<[string, VerdictEvidence, string[]]>([
    ['fails when the KPI fell', evidence({}, { rate: 0.16 }), ['fail', 'harmful']],
    [
      'fails when it surely missed its minimum',
      evidence({ primary: { kpi: 'booking', at_least: '+60%' } }),
      ['fail', 'below_minimum'],
    ],
    [
      'cannot tell a small step from the noise of the weeks',
      evidence({}, { rate: 0.21 }),
      ['inconclusive', 'not_enough_evidence'],
    ],
    [
      'cannot tell a large one when weeks differ as much',
      evidence({}, { wobble: 8 }),
      ['inconclusive', 'not_enough_evidence'],
    ],
    ['is not judged on five weeks', evidence({}, { weeks: 5 }), ['inconclusive', 'insufficient_data']],
    ['is not judged without history', evidence({}, { weeks: 0 }), ['inconclusive', 'insufficient_data']],
    ['is not judged on weeks that never move', evidence({}, { wobble: 0 }), ['inconclusive', 'insufficient_data']],
    [
      'fails for a guardrail that got worse',
      withMetric(evidence(), 'errors', ownMetric('errors', { rate: 0.03, before: 0.01 })),
      ['fail', 'guardrail:errors'],
    ],
    [
      'never passes with a guardrail that has too few weeks to show harm',
      withMetric(evidence(), 'errors', ownMetric('errors', { rate: 0.01, weeks: 5 })),
      ['inconclusive', 'data_quality:weeks:errors', 'data_quality:comparable:errors'],
    ],
    [
      'is not judged on half of its usual traffic',
      withMetric(evidence(), 'booking', { ...evidence().metrics[0]!, own: { n: 8000, y: 2000 } }),
      ['inconclusive', 'data_quality:volume:booking'],
    ],
    [
      'is not judged when the window has no trials of anybody',
      withMetric(evidence(), 'booking', { ...evidence().metrics[0]!, own: { n: 0, y: 0 }, activeHours: [] }),
      ['inconclusive', 'data_quality:no_data:booking', 'data_quality:volume:booking', 'data_quality:coverage:booking'],
    ],
    [
      'is not judged on counts that cannot be',
      withMetric(evidence(), 'booking', { ...evidence().metrics[0]!, own: { n: 10, y: 11 } }),
      ['inconclusive', 'data_quality:counts:booking'],
    ],
  ])('%s', (_, one, expected) => {
    expect(judged(one)).toEqual(expected);
    expect(judgeChange(one).summary.startsWith(WORDS)).toBe(true);
  });

  test('is not judged when the window was never kept', () => {
    const { own: _, ...unkept } = evidence().metrics[0]!;
    expect(judged(withMetric(evidence(), 'booking', unkept)).slice(0, 2)).toEqual([
      'inconclusive',
      'data_quality:no_data:booking',
    ]);
  });

  test('is not judged when a part of the window had it for only some', () => {
    const throttledAt = START + 2 * DAY_MINUTES;
    const phases: VerdictEvidence['phases'] = [
      { index: 0, cause: 'activation', share: 1, startMinute: START, endMinute: throttledAt },
      { index: 1, cause: 'throttle', share: 0.05, startMinute: throttledAt, endMinute: null },
    ];
    const [verdict, first] = judged({ ...evidence(), phases });
    expect([verdict, first]).toEqual(['inconclusive', 'data_quality:everybody:booking']);
  });

  test('fails when the watch turned it off, with all data in order until then', () => {
    const until = START + DAY_MINUTES;
    const stopped: VerdictEvidence = {
      ...evidence(),
      cause: 'stopped_early',
      until,
      judgedAt: startOfMinute(until + 10),
      interventions: [interventionOf({ decidedAt: startOfMinute(until - 5) })],
      phases: [{ index: 0, cause: 'activation', share: 1, startMinute: START, endMinute: until }],
    };
    expect(judged(stopped)).toEqual(['fail', 'safety_rollback']);
    expect(checkDataQuality(stopped).filter(({ status }) => status === 'failed')).toEqual([]);
  });
});

describe('a holiday', () => {
  const inWindow = [`${day(START + DAY_MINUTES)}..${day(START + 2 * DAY_MINUTES)}`];

  test('in the window decides nothing, and names the check', () => {
    const one = evidence({ before_after: { exclude: inWindow } });
    expect(judged(one).slice(0, 2)).toEqual(['inconclusive', 'data_quality:ordinary_week:booking']);
  });

  test('before the window leaves its week out', () => {
    const exclude = Array.from({ length: 7 }, (_, i) => day(START - (i + 1) * WEEK_MINUTES));
    expect(judged(evidence({ before_after: { exclude: exclude.slice(0, 6) } }))[0]).toBe('pass');
    expect(judged(evidence({ before_after: { exclude } })).slice(0, 2)).toEqual([
      'inconclusive',
      'data_quality:weeks:errors',
    ]);
  });

  describe('with a comparison', () => {
    /** All weeks of both KPIs move alike, give or take a little; in the window the holiday doubles both. */
    function both(contract: NonNullable<ChangeContractInput['before_after']>, effect: number): VerdictEvidence {
      const plain = evidence({ before_after: contract, guardrails: [] });
      const started = ownMetric('started', { rate: 0.8, before: 0.4, wobble: 4 });
      const weeks = started.history.weeks.map(({ firstMinute, total: { n, y } }, i) => ({
        firstMinute,
        total: { n, y: Math.round(y * (1 + 0.01 * Math.sin(5 * i))) },
      }));
      return [
        ownMetric('booking', { rate: 0.4 * effect, before: 0.2, wobble: 4 }),
        { ...started, history: { ...started.history, weeks } },
      ].reduce((all, metric) => withMetric(all, metric.kpiId, metric), plain);
    }

    test('is taken out', () => {
      const contract = { exclude: inWindow, comparison: 'started' };
      expect(judged(both(contract, 1.25))).toEqual(['pass', 'ok']);
      const nothing = judgeChange(both(contract, 1));
      expect(nothing.verdict).not.toBe('pass');
      expect(nothing.metrics[0]!.method).toBe('difference_in_differences');
    });

    test('that was not kept, or does not move alike, answers nothing', () => {
      const contract = { exclude: inWindow, comparison: 'started' };
      expect(judged(withMetric(both(contract, 1.25), 'started', null))[0]).toBe('inconclusive');
      const unlike = ownMetric('started', { rate: 0.8, before: 0.4, wobble: -3 });
      const noise = unlike.history.weeks.map((week, i) => ({
        ...week,
        total: { n: 16_800, y: 6000 + 100 * ((i * i) % 7) },
      }));
      const alone = withMetric(both(contract, 1.25), 'started', {
        ...unlike,
        history: { ...unlike.history, weeks: noise },
      });
      expect(judged(alone)).toEqual(['inconclusive', 'insufficient_data']);
    });
  });
});
