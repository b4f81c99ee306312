import { describe, expect, test } from 'vitest';
import { ALL_TYPES, CONTRACT_LINES, contractText, REGISTRY, readText, summaries } from './change-files.fixture.ts';

type Changes = Parameters<typeof contractText>[0];
/** Codes and paths of the findings, without the places. */
function problems(changes: Changes, registry?: string | null): string[] {
  const { findings } = readText(contractText(changes), registry);
  return findings.map((finding) => `${finding.severity} ${finding.code} ${finding.path}`);
}

describe('a right contract', () => {
  test('has no findings', () => {
    const read = readText(contractText());
    expect(read.findings).toEqual([]);
    expect(read.contract?.primary.atLeast).toEqual({ kind: 'relative', value: 0.05 });
    expect(read.kpis?.map(({ id }) => id)).toEqual(['conversion', 'slow_conversion', 'error_rate']);
    expect(read.policy).toEqual({ requireContract: [], freeze: [], approvers: [] });
  });

  test.each<[string, Changes]>([
    ['a guardrail on the primary KPI', { guardrails: 'guardrails: [{ kpi: conversion, no_worse_than: 1% }]' }],
    [
      'the same KPI in two fast limits',
      { fast: 'fast: [{ kpi: error_rate, above: 5% }, { kpi: error_rate, above: 10%, then: throttle }]' },
    ],
    [
      'the good sign of a KPI that should fall',
      { primary: 'primary: { kpi: error_rate, at_least: -20% }', prediction: '' },
    ],
    ['an absolute effect', { primary: 'primary: { kpi: conversion, at_least: +0.5pp }' }],
    ['95% of the traffic', { rollout: 'rollout: { start: 95% }' }],
    ['the shortest window', { window: 'window: 24h', fast: '' }],
    ['the longest window', { window: 'window: 28d' }],
    [
      'the rule no_worse_than',
      { primary: 'primary: { kpi: conversion, no_worse_than: 2% }', rule: 'rule: no_worse_than' },
    ],
    ['a fall by all there is', { primary: 'primary: { kpi: error_rate, at_least: -100% }', prediction: '' }],
  ])('may have %s', (_, changes) => {
    expect(problems(changes)).toEqual([]);
  });
});

describe('KPIs', () => {
  test('that do not exist are errors with the nearest names, in every role', () => {
    const { findings } = readText(
      contractText({
        primary: 'primary: { kpi: convrsion, at_least: +5% }',
        leading: 'leading: { kpi: Conversion }',
        guardrails: 'guardrails: [{ kpi: errors, no_worse_than: 1% }]',
        fast: 'fast: [{ kpi: latency, above: 5% }]',
      }),
    );
    expect(summaries(findings.filter(({ code }) => code === 'unknown_kpi'))).toEqual([
      'error unknown_kpi contract.yml:3:17 primary.kpi',
      'error unknown_kpi contract.yml:4:17 leading.kpi',
      'error unknown_kpi contract.yml:5:21 guardrails[0].kpi',
      'error unknown_kpi contract.yml:12:15 fast[0].kpi',
    ]);
    expect(findings[0]).toMatchObject({
      found: 'convrsion',
      allowed: 'conversion, slow_conversion',
      remedy: 'Write `conversion`, or define the KPI in the registry.',
    });
  });

  test('cannot be looked up without a registry: an error, not a pass', () => {
    const read = readText(contractText(), null);
    expect(summaries(read.findings)).toEqual(['error no_registry contract.yml:3:17 primary.kpi']);
    expect([read.contract, read.kpis]).toEqual([null, null]);
  });

  test('of a broken registry are still known, so that only its own mistakes are reported', () => {
    const read = readText(contractText(), REGISTRY.replace('owner: platform', 'ownr: platform'));
    expect(summaries(read.findings)).toEqual([
      'error missing_key kpis.yml:16:3 error_rate.owner',
      'error unknown_key kpis.yml:18:3 error_rate.ownr',
    ]);
    expect(read.contract).not.toBeNull();
    expect(read.kpis).toBeNull();
  });
});

describe('effects (G3, G11)', () => {
  const primary = (effect: string) => ({ primary: `primary: { kpi: conversion, at_least: ${effect} }` });
  const falling = (effect: string) => ({
    primary: `primary: { kpi: error_rate, at_least: ${effect} }`,
    prediction: '',
  });
  const guardrail = (kpi: string, margin: string) => ({
    guardrails: `guardrails: [{ kpi: ${kpi}, no_worse_than: ${margin} }]`,
  });
  const delta = (effect: string) => ({ prediction: `prediction: { delta: ${effect}, basis: a test }` });

  test.each<[string, Changes, string[]]>([
    ['no sign', primary('5%'), ['error missing_sign primary.at_least']],
    ['the bad sign', primary('-5%'), ['error wrong_sign primary.at_least']],
    ['the bad sign of a falling KPI', falling('+5%'), ['error wrong_sign primary.at_least']],
    ['zero', primary('+0%'), ['error zero_effect primary.at_least']],
    ['minus zero', primary('-0.000pp'), ['error zero_effect primary.at_least']],
    ['more than 1000%', primary('+1000.1%'), ['error unreachable primary.at_least']],
    ['more than 100pp', primary('+100.5pp'), ['error unreachable primary.at_least']],
    ['a fall by more than all', falling('-101%'), ['error unreachable primary.at_least']],
    ['no unit', primary('+5'), ['error wrong_type primary.at_least']],
    ['no unit, as a text', primary('"+5"'), ['error invalid_value primary.at_least']],
    ['a number too large to be one', primary('1e999'), ['error wrong_type primary.at_least']],
    ['a number in a form that is not ours', primary('+1e3%'), ['error invalid_value primary.at_least']],
    ['a decimal comma', primary('"+5,5%"'), ['error invalid_value primary.at_least']],
    ['a typographic minus', falling('−20%'), ['error invalid_value primary.at_least']],
    ['a prediction without sign', delta('8%'), ['error missing_sign prediction.delta']],
    ['a prediction of harm', delta('-8%'), ['warning wrong_sign prediction.delta']],
    ['a prediction of nothing', delta('+0%'), ['error zero_effect prediction.delta']],
    [
      'an uncertainty with sign',
      { prediction: 'prediction: { delta: +8%, basis: a, uncertainty: +4% }' },
      ['error sign_not_allowed prediction.uncertainty'],
    ],
    [
      'an uncertainty in another unit',
      { prediction: 'prediction: { delta: +8%, basis: a, uncertainty: 1pp }' },
      ['error unit_mismatch prediction.uncertainty'],
    ],
    ['a margin with sign', guardrail('error_rate', '+0.5pp'), ['error sign_not_allowed guardrails[0].no_worse_than']],
    ['a margin of zero', guardrail('error_rate', '0%'), ['error zero_effect guardrails[0].no_worse_than']],
    ['a margin of 100pp', guardrail('error_rate', '100pp'), ['error unreachable guardrails[0].no_worse_than']],
    [
      'a margin of all there is to lose',
      guardrail('conversion', '100%'),
      ['error unreachable guardrails[0].no_worse_than'],
    ],
    [
      'a margin of more than 1000%',
      guardrail('error_rate', '1001%'),
      ['error unreachable guardrails[0].no_worse_than'],
    ],
  ])('%s', (_, changes, expected) => {
    expect(problems(changes)).toEqual(expected);
  });

  test('the remedy for a sign is the value to write', () => {
    const { findings } = readText(contractText(falling('20%')));
    expect(findings[0]).toMatchObject({ found: '20%', allowed: '-20%' });
  });
});

describe('rules, rollout, window and limits', () => {
  test.each<[string, Changes, string[]]>([
    ['no minimum effect', { primary: 'primary: { kpi: conversion }' }, ['error missing_key primary.at_least']],
    [
      'a margin under a rule of effects',
      { primary: 'primary: { kpi: conversion, at_least: +5%, no_worse_than: 2% }' },
      ['error rule_mismatch primary.no_worse_than'],
    ],
    [
      'an effect under no_worse_than',
      { rule: 'rule: no_worse_than' },
      ['error missing_key primary.no_worse_than', 'error rule_mismatch primary.at_least'],
    ],
    [
      'two guardrails on one KPI',
      { guardrails: 'guardrails: [{ kpi: error_rate, no_worse_than: 1% }, { kpi: error_rate, no_worse_than: 2% }]' },
      ['error duplicate_guardrail guardrails[1].kpi'],
    ],
    ['a rollout that starts at nothing', { rollout: 'rollout: { start: 0% }' }, ['error out_of_range rollout.start']],
    ['a rollout without control', { rollout: 'rollout: { start: 95.5% }' }, ['error no_control rollout.start']],
    [
      'a rollout to everyone with a control group',
      { rollout: 'rollout: { start: 100% }', design: 'design: concurrent' },
      ['error no_control rollout.start'],
    ],
    [
      'a throttle that lowers nothing',
      { rollout: 'rollout: { start: 10%, throttle_to: 10% }' },
      ['error throttle_not_lower rollout.throttle_to'],
    ],
    [
      'a default throttle above the start',
      { rollout: 'rollout: { start: 2% }' },
      ['error throttle_not_lower rollout.start'],
    ],
    [
      'a throttle to nothing',
      { rollout: 'rollout: { throttle_to: 0% }' },
      ['warning throttle_is_off rollout.throttle_to'],
    ],
    ['a share above 100%', { rollout: 'rollout: { start: 101% }' }, ['error invalid_value rollout.start']],
    ['a window of hours', { window: 'window: 23h' }, ['error out_of_range window']],
    ['a window of months', { window: 'window: 29d' }, ['error out_of_range window']],
    ['a coverage floor of nothing', { coverage_floor: 'coverage_floor: 0%' }, ['error out_of_range coverage_floor']],
    [
      'a late leading indicator',
      { leading: 'leading: { kpi: slow_conversion }' },
      ['warning slow_leading leading.kpi'],
    ],
    [
      'a limit above all rates',
      { fast: 'fast: [{ kpi: error_rate, above: 100% }]' },
      ['error unreachable fast[0].above'],
    ],
    [
      'a limit below all rates',
      { fast: 'fast: [{ kpi: conversion, below: 0% }]' },
      ['error unreachable fast[0].below'],
    ],
    [
      'a limit outside 0% to 100%',
      { fast: 'fast: [{ kpi: conversion, below: 120% }]' },
      ['error unreachable fast[0].below'],
    ],
    [
      'a limit on the good side',
      { fast: 'fast: [{ kpi: conversion, above: 80% }]' },
      ['warning fast_good_side fast[0].above'],
    ],
    [
      'a limit of a share without %',
      { fast: 'fast: [{ kpi: error_rate, above: "0.05" }]' },
      ['error unit_mismatch fast[0].above'],
    ],
    [
      'a limit in both directions',
      { fast: 'fast: [{ kpi: error_rate, above: 5%, below: 1% }]' },
      ['error invalid_value fast[0]', 'warning fast_good_side fast[0].below'],
    ],
    ['no limit', { fast: 'fast: [{ kpi: error_rate }]' }, ['error invalid_value fast[0]']],
    [
      'a span longer than the window',
      { fast: 'fast: [{ kpi: error_rate, above: 5%, for: 8d }]' },
      ['error out_of_range fast[0].for'],
    ],
    ['no span', { fast: 'fast: [{ kpi: error_rate, above: 5%, for: 0m }]' }, ['error out_of_range fast[0].for']],
  ])('%s', (_, changes, expected) => {
    expect(problems(changes)).toEqual(expected);
  });

  test('the code no_control says why and what to do', () => {
    const { findings, contract } = readText(contractText({ rollout: 'rollout: { start: 96% }' }));
    expect(findings[0]?.message).toContain('leaves no control group (above 95%)');
    expect(findings[0]?.remedy).toContain('start: 50%');
    expect(contract).toBeNull();
  });
});

describe('KPIs of other types than proportion', () => {
  const margin = (kpi: string, text: string) => ({
    guardrails: `guardrails: [{ kpi: ${kpi}, no_worse_than: ${text} }]`,
  });
  const types = ['revenue', 'order_value', 'tickets', 'latency', 'queue'];

  test.each(types)('%s may decide and may be a guardrail, in %%', (kpi) => {
    const sign = kpi === 'revenue' || kpi === 'order_value' ? '+' : '-';
    const changes = { primary: `primary: { kpi: ${kpi}, at_least: ${sign}5% }`, prediction: '', ...margin(kpi, '5%') };
    expect(problems(changes, ALL_TYPES)).toEqual([]);
  });

  test.each(types)('%s has no percentage points', (kpi) => {
    expect(problems(margin(kpi, '1pp'), ALL_TYPES)).toEqual(['error unit_mismatch guardrails[0].no_worse_than']);
    const sign = kpi === 'revenue' || kpi === 'order_value' ? '+' : '-';
    const changes = { primary: `primary: { kpi: ${kpi}, at_least: ${sign}5pp }`, prediction: '' };
    expect(problems(changes, ALL_TYPES)).toEqual(['error unit_mismatch primary.at_least']);
  });

  test.each(types)('%s has no fast limits', (kpi) => {
    const { findings, contract } = readText(contractText({ fast: `fast: [{ kpi: ${kpi}, above: "500" }]` }), ALL_TYPES);
    expect(findings).toMatchObject([
      {
        severity: 'error',
        code: 'fast_needs_proportion',
        path: 'fast[0].kpi',
        line: 12,
        found: kpi,
        remedy: expect.stringContaining('guardrail'),
      },
    ]);
    expect(contract).toBeNull();
  });

  test.each<[string, string[]]>([
    ['revenue', []],
    ['tickets', []],
    ['latency', []],
    ['queue', ['warning unwatched_leading leading.kpi']],
  ])('%s as the leading indicator', (kpi, expected) => {
    expect(problems({ leading: `leading: { kpi: ${kpi} }` }, ALL_TYPES)).toEqual(expected);
  });

  test('a margin of everything can never be crossed, whatever the type', () => {
    expect(problems(margin('revenue', '100%'), ALL_TYPES)).toEqual(['error unreachable guardrails[0].no_worse_than']);
    expect(problems(margin('latency', '100%'), ALL_TYPES)).toEqual([]);
  });
});

test('mistakes of syntax rules, schema and lint are reported together', () => {
  const text = contractText({
    flag: 'flga: short-form',
    primary: 'primary: { kpi: conversion, at_least: 5%, at_least: 6% }',
    design: 'design: sideways',
    stop: 'stop: &x { adverse: never }',
  });
  expect(summaries(readText(text).findings)).toEqual([
    'error missing_key contract.yml:1:1 flag',
    'error unknown_key contract.yml:2:1 flga',
    'error missing_sign contract.yml:3:39 primary.at_least',
    'error duplicate_key contract.yml:3:43 primary.at_least',
    'error invalid_value contract.yml:10:9 design',
    'error alias contract.yml:11:10 stop',
    'error invalid_value contract.yml:11:21 stop.adverse',
  ]);
});

test('every key of the test contract stands in its line', () => {
  expect(Object.entries(CONTRACT_LINES).every(([key, line]) => line.startsWith(`${key}: `))).toBe(true);
});
