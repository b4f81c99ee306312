import { describe, expect, test } from 'vitest';
import { contractText, readText } from './change-files.fixture.ts';
import type { Finding } from './finding.ts';
import { renderFindingsAsAnnotations, renderFindingsForTerminal } from './format-findings.ts';

const FINDING: Finding = {
  file: 'changes/a.yml',
  line: 3,
  column: 17,
  path: 'primary.kpi',
  severity: 'error',
  code: 'unknown_kpi',
  message: 'The registry kpis.yml has no KPI `x`',
  found: 'x',
  allowed: 'conversion',
  remedy: 'Define it.',
};

describe('renderFindingsForTerminal', () => {
  test('shows the place, the line with a caret, and the next step', () => {
    const text = contractText({ primary: 'primary: { kpi: convrsion, at_least: +5% }' });
    const { findings } = readText(text);
    const shown = renderFindingsForTerminal(findings, { color: false, sources: new Map([['contract.yml', text]]) });
    expect(shown).toBe(`contract.yml:3:17 error unknown_kpi
  The registry kpis.yml has no KPI \`convrsion\`
  3 | primary: { kpi: convrsion, at_least: +5% }
    |                 ^
  found    convrsion
  allowed  conversion, slow_conversion
  next     Write \`conversion\`, or define the KPI in the registry.
`);
  });

  test('colours only when asked', () => {
    expect(renderFindingsForTerminal([FINDING], { color: true })).toContain('\u001b[31merror\u001b[0m');
    expect(renderFindingsForTerminal([FINDING], { color: false })).not.toContain('\u001b');
  });

  test('leaves out a line that is too long or not there, and shows no control characters', () => {
    const sources = new Map([[FINDING.file, `\n\n${'x'.repeat(200)}`]]);
    expect(renderFindingsForTerminal([FINDING], { color: false, sources })).not.toContain(' | ');
    expect(renderFindingsForTerminal([{ ...FINDING, line: 9 }], { color: false, sources })).not.toContain(' | ');
    const nasty = { ...FINDING, file: 'a\u001b[2J\n.yml', message: 'b\u202E\nc' };
    const shown = renderFindingsForTerminal([nasty], { color: false });
    for (const hidden of ['\u001b', '\u202e']) expect(shown).not.toContain(hidden);
    expect(shown.split('\n')).toHaveLength(6);
  });

  test('nothing is nothing', () => {
    expect(renderFindingsForTerminal([], { color: true })).toBe('');
    expect(renderFindingsAsAnnotations([])).toBe('');
  });
});

describe('renderFindingsAsAnnotations', () => {
  /** The unescaping that the runner of GitHub Actions does (ActionCommand.cs: order of replacements reversed). */
  const readBack = (text: string) =>
    text
      .replaceAll('%2C', ',')
      .replaceAll('%3A', ':')
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%25', '%');

  test('is a workflow command', () => {
    expect(renderFindingsAsAnnotations([FINDING, { ...FINDING, severity: 'warning' }])).toBe(
      [
        '::error file=changes/a.yml,line=3,col=17,title=changegate unknown_kpi::The registry kpis.yml has no KPI `x` (primary.kpi). Found: x. Allowed: conversion. Next: Define it.',
        '::warning file=changes/a.yml,line=3,col=17,title=changegate unknown_kpi::The registry kpis.yml has no KPI `x` (primary.kpi). Found: x. Allowed: conversion. Next: Define it.',
        '',
      ].join('\n'),
    );
  });

  test('escapes what would end a property, a command or a line', () => {
    const file = 'a:b,c%2C::d\n::stop-commands::x.yml';
    const message = '5% of\r\n::add-mask::all %0A';
    const printed = renderFindingsAsAnnotations([{ ...FINDING, file, message }]);
    expect(printed.split('\n')).toHaveLength(2);
    const [, properties, data] = /^::error (.*?)::(.*)\n$/.exec(printed)!;
    expect(properties!.split(',').map((property) => property.split('=', 1)[0])).toEqual([
      'file',
      'line',
      'col',
      'title',
    ]);
    expect(readBack(/file=([^,]*)/.exec(properties!)![1]!)).toBe(file);
    expect(readBack(data!)).toContain('::add-mask::all');
  });

  test('is cut at 4096 characters, not within a pair', () => {
    const [, data] = /::.*?::(.*)\n/.exec(
      renderFindingsAsAnnotations([{ ...FINDING, message: `x${'😀'.repeat(4000)}` }]),
    )!;
    expect(data!.length).toBeLessThanOrEqual(4096);
    expect(() => encodeURIComponent(data!)).not.toThrow();
  });
});
