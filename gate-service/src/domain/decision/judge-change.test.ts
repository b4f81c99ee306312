import { describe, expect, it } from 'vitest';
import { contractOf, metricOf, START, withMetric } from '../../../test/support/decision/evidence.ts';
import {
  BASE,
  booking,
  errors,
  inWindow,
  off,
  TRUTH_TABLE,
  withContract,
} from '../../../test/support/decision/truth-table.ts';
import { startOfMinute } from '../model/time.ts';
import type { VerdictEvidence } from '../model/verdict.ts';
import { checkDataQuality } from './data-quality.ts';
import { judgeChange } from './judge-change.ts';

describe('judgeChange', () => {
  it.each(TRUTH_TABLE)('%s', (_, evidence, verdict, reason) => {
    const judged = judgeChange(evidence);
    expect([judged.verdict, judged.reasons[0]]).toEqual([verdict, reason]);
    expect(judged.summary.length).toBeGreaterThan(20);
  });

  it('keeps the order: a moved rule before a rollback, a rollback before bad data, bad data before harm', () => {
    const all = {
      ...errors(0, 400),
      exposures: [],
      interventions: [off],
      supersededBy: 'x',
      headHashes: { contract: 'x', kpis: 'k' },
    };
    expect(judgeChange(all).reasons[0]).toBe('rule_changed');
    expect(judgeChange({ ...all, headHashes: BASE.headHashes }).reasons[0]).toBe('superseded');
    expect(judgeChange({ ...all, headHashes: BASE.headHashes, supersededBy: null }).reasons[0]).toBe('safety_rollback');
    expect(judgeChange({ ...errors(0, 400), multiExposedUnits: 500 }).reasons[0]).toBe('data_quality:multi_exposure');
  });

  it('says in its first words that a person overruled the watch', () => {
    expect(judgeChange({ ...BASE, interventions: [off], personOverruledAt: inWindow }).summary).toMatch(
      /^The watch decided to turn this off, and a person overruled it\./,
    );
  });

  it('tells the outcome in counts of people', () => {
    expect(judgeChange(BASE).summary).toContain(
      'of every 100 about 25 counted with the change and 20 without: 5 more, give or take 2.2',
    );
  });

  it('says how many more weeks would decide, and only when time would help', () => {
    expect(judgeChange(booking(400, 420)).moreWeeks).toBeGreaterThan(0);
    expect(judgeChange(BASE).moreWeeks).toBeNull();
    expect(judgeChange({ ...BASE, ledgerVerified: false }).moreWeeks).toBeNull();
  });

  it('warns of what is unknown instead of assuming it', () => {
    const { verdict, warnings } = judgeChange({
      ...BASE,
      headHashes: { contract: null, kpis: null },
      treatmentHashNow: null,
    });
    expect(verdict).toBe('pass');
    expect(warnings.filter((warning) => warning.includes('unknown'))).toHaveLength(2);
  });

  it('warns of an alarm that observe mode did not act on, and of an effect that wears off', () => {
    const alarm = {
      kind: 'family',
      calls: 'throttle',
      at: inWindow,
      kpiId: 'errors',
      logWealth: 3,
      raisedAt: null,
      phaseIndex: null,
      rule: null,
    } as const;
    const novelty = {
      firstDays: { off: { n: 900, y: 180 }, on: { n: 900, y: 360 } },
      lastDays: { off: { n: 900, y: 180 }, on: { n: 900, y: 180 } },
    };
    const evidence = withMetric({ ...withContract({ stop: { adverse: 'observe' } }), alarms: [alarm] }, 'booking', {
      ...BASE.metrics[0]!,
      novelty,
    });
    const warnings = judgeChange(evidence).warnings.join('\n');
    expect(warnings).toContain('Nothing was touched');
    expect(warnings).toContain('wear off');
  });

  it('holds many guardrails to Holm: what one alone would establish, twenty may not', () => {
    const names = Array.from({ length: 20 }, (_, i) => `errors${i}`);
    const kpi = BASE.change.kpis.find(({ id }) => id === 'errors')!;
    const many: VerdictEvidence = {
      ...BASE,
      change: {
        ...BASE.change,
        kpis: [...BASE.change.kpis, ...names.map((id) => ({ ...kpi, id }))],
        contract: contractOf({ guardrails: names.map((id) => ({ kpi: id, no_worse_than: '0.5pp' })) }),
      },
      metrics: [
        ...BASE.metrics,
        ...names.map((id, i) => metricOf(id, { n: 4000, y: 40 }, { n: 4000, y: i === 0 ? 80 : 40 }, 0.01)),
      ],
    };
    expect(judgeChange(errors(40, 80)).reasons[0]).toBe('guardrail:errors');
    expect(judgeChange(many).verdict).toBe('pass');
  });

  it('gives a shop with 100 jobs a week its verdict, not a data quality failure', () => {
    const evidence: VerdictEvidence = {
      ...BASE,
      change: {
        ...BASE.change,
        contract: contractOf({ guardrails: [], primary: { kpi: 'booking', at_least: '+5pp' } }),
      },
      metrics: [
        metricOf('booking', { n: 50, y: 20 }, { n: 50, y: 31 }, 0.4),
        metricOf('started', { n: 50, y: 25 }, { n: 50, y: 25 }, 0.5),
      ],
      exposures: [{ phaseIndex: 0, off: 50, on: 50 }],
      exposedUnits: 100,
      events: { accepted: 300, duplicates: 0, conflicts: 0, quarantined: {} },
    };
    const judged = judgeChange(evidence);
    expect(judged.quality.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect([judged.verdict, judged.reasons[0]]).toEqual(['pass', 'ok']);
  });
});

describe('checkDataQuality', () => {
  it('at an alarm, calls what may still come unknown, and what is broken failed', () => {
    const early = { ...BASE, judgedAt: startOfMinute(START + 90), cause: 'stopped_early' as const };
    const none = metricOf('booking', { n: 0, y: 0 }, { n: 0, y: 0 });
    const failed = (evidence: VerdictEvidence) =>
      checkDataQuality(evidence).flatMap(({ check, status }) => (status === 'failed' ? [check] : []));
    expect(failed(withMetric(early, 'booking', none))).toEqual([]);
    expect(failed({ ...early, exposures: [{ phaseIndex: 0, off: 2000, on: 2600 }] })).toEqual(['srm']);
    expect(judgeChange(early).reasons[0]).toBe('data_quality:window');
  });
});
