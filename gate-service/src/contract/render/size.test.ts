import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeView, VerdictView } from '../api/change.ts';
import { renderVerdictCheck } from './check-output.ts';
import { byteLength } from './fit.ts';
import { renderForecastComment } from './forecast-comment.ts';
import type { ForecastInput } from './forecast-input.ts';
import { renderInterventionComment } from './intervention-comment.ts';
import { parseMarker } from './markers.ts';
import { renderProgressComment } from './progress-comment.ts';
import { changeWith, forecastInputWith, verdictWith } from './testing/hostile-views.ts';
import {
  SAMPLE_EFFECTIVE,
  sampleChange,
  sampleContract,
  sampleForecast,
  sampleMetrics,
  sampleThrottle,
  sampleVerdict,
} from './testing/sample-views.ts';
import { renderVerdictComment } from './verdict-comment.ts';

const LIMIT = 60_000;
const now = (SAMPLE_EFFECTIVE + 3_101) * 60_000;
const path = '.changegate/changes/a.yml';
const input = (more: Partial<ForecastInput> = {}): ForecastInput => ({ forecasts: [], registry: 'present', ...more });
const entry = (conclusion: 'go' | 'adjust') => ({
  path,
  contract: sampleContract,
  forecast: { ...sampleForecast, conclusion },
});

describe('size and safety, whatever people write', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 5_000 }),
    fc
      .array(fc.constantFrom('@octocat', '<!--', '-->', '#1', '$', '`', '\n', '|', '<b>', '\\', '😀', 'a'), {
        maxLength: 400,
      })
      .map((parts) => parts.join('')),
  );

  it.each<readonly [string, (text: string) => string]>([
    [
      'verdict',
      (text) =>
        renderVerdictComment({ ...sampleChange, hypothesis: text }, sampleVerdict, {
          contract: { ...sampleContract, hypothesis: text },
        }),
    ],
    ['progress', (text) => renderProgressComment([{ ...sampleChange, hypothesis: text }], { now })],
    [
      'forecast',
      (text) =>
        renderForecastComment(
          input({ forecasts: [{ ...entry('go'), contract: { ...sampleContract, hypothesis: text } }] }),
        ),
    ],
    ['intervention', (text) => renderInterventionComment({ ...sampleChange, hypothesis: text }, sampleThrottle)],
  ])('%s: any hypothesis', (_kind, render) => {
    fc.assert(
      fc.property(anyText, (text) => {
        const body = render(text);
        expect(byteLength(body)).toBeLessThanOrEqual(LIMIT);
        expect(body.match(/<!--/g)).toHaveLength(1);
        expect(parseMarker(body)).not.toBeNull();
        expect(body).not.toMatch(/@[A-Za-z0-9]/);
      }),
      { numRuns: 150 },
    );
  });

  it('stays within its limit with the worst text in every field, many times over', () => {
    for (const text of [
      '$'.repeat(5_000),
      '<'.repeat(5_000),
      '@a '.repeat(3_000),
      '`'.repeat(5_000),
      '\u202e'.repeat(5_000),
    ]) {
      const many = <T>(items: readonly T[]) => Array.from({ length: 300 }, (_, index) => items[index % items.length]!);
      const verdict = verdictWith(text);
      const big: VerdictView = {
        ...verdict,
        metrics: many(verdict.metrics),
        segments: many(verdict.segments!).map((one) => ({ ...one, cohorts: many(one.cohorts.slice(0, 3)) })),
        quality: many(verdict.quality),
        warnings: many(verdict.warnings),
        reasons: many(verdict.reasons),
      };
      const change = changeWith(text);
      const bigChange: ChangeView = {
        ...change,
        interventions: many(change.interventions),
        looks: many(change.looks),
        decisions: many(change.decisions),
      };
      const forecast = forecastInputWith(text);
      for (const body of [
        renderVerdictComment(bigChange, big),
        renderProgressComment(many([bigChange]), { now }),
        renderProgressComment([bigChange], { now }),
        renderForecastComment({ ...forecast, forecasts: many(forecast.forecasts) }),
        renderInterventionComment(bigChange, bigChange.interventions[0]!),
      ]) {
        expect(byteLength(body)).toBeLessThanOrEqual(LIMIT);
        expect(parseMarker(body)).not.toBeNull();
      }
      expect(byteLength(renderVerdictCheck(bigChange, big).summary)).toBeLessThanOrEqual(65_535);
    }
  });

  it('keeps verdict, interventions and ledger head when the rest has to go', () => {
    const metrics = Array.from({ length: 40 }, (_, index) => ({
      ...sampleMetrics[index % 3]!,
      title: '$'.repeat(120),
    }));
    const quality = Array.from(
      { length: 60 },
      () => ({ check: 'coverage', status: 'failed', detail: '$'.repeat(300) }) as const,
    );
    const warnings = Array.from({ length: 30 }, () => '$'.repeat(400));
    const change = {
      ...sampleChange,
      interventions: Array.from({ length: 30 }, () => ({ ...sampleThrottle, reason: '$'.repeat(200) })),
    };
    const body = renderVerdictComment(change, { ...sampleVerdict, metrics, quality, warnings });
    expect(byteLength(body)).toBeLessThanOrEqual(LIMIT);
    expect(body).toContain('PASS: the change did what its contract promised');
    expect(body).toContain('**Throttle to 5%**');
    expect(body).toContain(sampleVerdict.ledger_head.hash);
    expect(body).toMatch(/Left out: .*data quality/);
  });
});
