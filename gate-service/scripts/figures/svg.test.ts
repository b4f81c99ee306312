import { describe, expect, it } from 'vitest';
import { type Chart, renderBars, renderChart } from './svg.ts';

const chart: Chart = {
  title: 'A < B & C',
  description: 'what it shows',
  x: { label: 'x', from: 1, to: 100, log: true, ticks: [1, 10, 100] },
  y: { label: 'y', from: 0, to: 1, ticks: [0, 1] },
  series: [
    {
      name: 'line',
      points: [
        [1, 0],
        [10, Number.NaN],
        [100, 1],
      ],
    },
    { name: 'dots', mark: 'dots', points: [[10, 0.5]] },
  ],
};

describe('renderChart', () => {
  it('puts ends and middle of a log axis where they belong, and leaves out what is no number', () => {
    const svg = renderChart(chart);
    expect(svg).toContain('d="M70 366L540 44"');
    expect(svg).toContain('<circle cx="305" cy="205"');
    expect(svg).not.toContain('NaN');
  });

  it('escapes its texts and says what it shows', () => {
    const svg = renderChart(chart);
    expect(svg).toContain('<title id="title">A &lt; B &amp; C</title>');
    expect(svg).toContain('<desc id="description">what it shows</desc>');
  });
});

describe('renderBars', () => {
  it('draws each share to scale', () => {
    const svg = renderBars({
      title: 't',
      description: 'd',
      promised: 0.05,
      bars: [
        { name: 'a', share: 1 },
        { name: 'b', share: 0.5 },
      ],
    });
    expect(svg).toContain('width="420"');
    expect(svg).toContain('width="210"');
  });
});
