import { describe, expect, it } from 'vitest';
import type { KpiSegmentsView, VerdictView } from '../api/change.ts';
import { byteLength } from './fit.ts';
import { sampleMetrics, sampleSegments, sampleVerdict } from './testing/sample-views.ts';
import { segmentsSection } from './verdict-segments.ts';

const [new_, returning] = sampleSegments.cohorts;
const shown = (segments: VerdictView['segments'], short = false) =>
  segmentsSection({ ...sampleVerdict, segments }, short);
const rowsOf = (text: string) => text.split('\n').filter((line) => /^\| (?!Cohort|---)/.test(line));
const cohort = (more: Partial<typeof new_>): KpiSegmentsView => ({
  ...sampleSegments,
  cohorts: [{ ...new_!, ...more! }],
});

describe('segments in a comment', () => {
  it('are not there without declared cohorts', () => {
    expect(shown(null)).toBe('');
    expect(shown([])).toBe('');
  });

  it('are folded away under a title that says what they are worth', () => {
    const text = shown([sampleSegments]);
    expect(text).toMatch(/^<details><summary>Segments \(exploratory, decides nothing\)<\/summary>/);
    expect(text).toContain('**it decides nothing**');
    expect(rowsOf(text)).toEqual([
      '| new | 3\u202f104 | 3\u202f076 | +12.0% | +3.9% … +20.9% | 0.028 | 92% | **stands out** |',
      '| returning | 1\u202f897 | 1\u202f902 | -1.7% | -11.0% … +8.6% | 0.78 | -8% | no effect shown |',
      '| _all others_ | 11 | 10 | not computable | not computable | – | – | too little data |',
    ]);
  });

  it.each([
    [
      0.0871,
      'The cohorts differ from each other more than chance explains (p = 0.087): the effect may be concentrated.',
    ],
    [0.00001, 'more than chance explains (p under 0.001)'],
    [0.31, 'The cohorts differ from each other no more than chance explains (p = 0.31).'],
    [null, 'Whether the effect differs between cohorts cannot be told.'],
    [Number.NaN, 'Whether the effect differs between cohorts cannot be told.'],
  ])('tell whether cohorts differ: p %s', (heterogeneity, expected) => {
    expect(shown([{ ...sampleSegments, heterogeneity }])).toContain(expected);
  });

  it.each([
    [0.0004, 'under 0.001'],
    [0.0996, '0.100'],
    [1, '1.00'],
    [Number.NaN, '–'],
  ])('show q %s as %s', (q, expected) => expect(rowsOf(shown([cohort({ q })]))[0]).toContain(`| ${expected} |`));

  it('show a name that looks like Markdown, HTML, a row or a mention as it was written', () => {
    const text = shown([cohort({ cohort: '|x| <b>*a*</b> @octocat `|`\n| new | row |', finding: 'from_the_future' })]);
    expect(rowsOf(text)).toHaveLength(1);
    expect(text).not.toMatch(/<b>|@octocat|\*a\*(?<!\\\*)/);
    expect(text).toContain('`from_the_future`');
    expect(rowsOf(shown([cohort({ cohort: ' ' })]))).toHaveLength(1);
  });

  it('say why a metric is not broken down', () => {
    const text = shown([{ ...sampleSegments, cohorts: [], note: 'Its source is asked for *totals* only.' }]);
    expect(text).toContain('**Booking conversion**: Its source is asked for \\*totals\\* only.');
    expect(text).not.toContain('| Cohort |');
  });

  it('name a metric by its id when the verdict has none of it', () => {
    expect(shown([{ ...sampleSegments, kpi_id: 'gone' }])).toContain('**`gone`**');
  });

  it('are the primary KPI alone when short, and count the rest', () => {
    const others = sampleMetrics.slice(1).map(({ kpi_id }) => ({ ...sampleSegments, kpi_id }));
    const text = shown([...others, sampleSegments], true);
    expect(text).toContain('**Booking conversion**');
    expect(text).not.toContain('**Quote errors**');
    expect(text).toContain('_And 2 more metrics._');
  });

  it('are cut at 60 rows, with what is left out counted', () => {
    const many = { ...sampleSegments, cohorts: Array.from({ length: 21 }, () => returning!) };
    const text = shown(Array.from({ length: 21 }, () => many));
    expect(rowsOf(text)).toHaveLength(60);
    expect(text).toContain('_And 3 more cohorts._');
    expect(text).toContain('_And 18 more metrics._');
    expect(byteLength(text)).toBeLessThan(20_000);
  });
});
