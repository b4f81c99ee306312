import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { GateError } from '../../gate-service/src/contract/gate-error.ts';
import { EMPTY_REPORT, outputsOf } from './report.ts';
import { INPUTS, type InputName, parseSettings } from './settings.ts';

interface Manifest {
  inputs: Record<string, { description: string; default?: unknown }>;
  outputs: Record<string, { description: string }>;
}
const manifest: Manifest = parse(readFileSync(new URL('../../action.yml', import.meta.url), 'utf8'));

/** What the runner gives when a workflow sets only these inputs. */
function inputs(given: Partial<Record<InputName, string>> = {}): Record<InputName, string> {
  const defaults = Object.fromEntries(INPUTS.map((name) => [name, String(manifest.inputs[name]?.default ?? '')]));
  return { ...defaults, 'gate-url': 'https://gate.example.com', 'gate-token': 'secret-token', ...given } as Record<
    InputName,
    string
  >;
}

function messageOf(given: Partial<Record<InputName, string>>): string {
  try {
    parseSettings(inputs(given));
    return 'accepted';
  } catch (error) {
    return error instanceof GateError && error.code === 'invalid_input' ? error.message : `unexpected: ${error}`;
  }
}

describe('action.yml', () => {
  test('declares exactly the inputs that are read and the outputs that are written', () => {
    expect(Object.keys(manifest.inputs)).toEqual([...INPUTS]);
    expect(Object.keys(manifest.outputs)).toEqual(Object.keys(outputsOf('none', EMPTY_REPORT)));
  });

  test('its defaults are accepted', () => {
    expect(parseSettings(inputs())).toMatchObject({
      command: 'auto',
      changeIds: [],
      environment: 'production',
      registryPath: '.changegate/kpis.yml',
      contractsDir: '.changegate/changes',
      comment: 'always',
      onGateError: null,
      dryRun: false,
      timeoutMs: 300_000,
    });
  });
});

describe('inputs', () => {
  test.each<[string, Partial<Record<InputName, string>>, RegExp]>([
    ['an unknown command', { command: 'judge' }, /command: found "judge", allowed: auto, forecast/],
    ['http to another machine', { 'gate-url': 'http://gate.example.com' }, /gate-url: .*https/],
    ['a password in the address', { 'gate-url': 'https://a:b@gate.example.com' }, /gate-url/],
    ['a query in the address', { 'gate-url': 'https://gate.example.com/?x=1' }, /gate-url/],
    ['another protocol', { 'gate-url': 'file:///etc/passwd' }, /gate-url/],
    ['an address that only starts like this machine', { 'gate-url': 'http://127.0.0.1.example.com' }, /gate-url/],
    ['a path out of the repository', { 'registry-path': '../kpis.yml' }, /registry-path/],
    ['an absolute path', { 'contracts-dir': '/etc' }, /contracts-dir/],
    ['an id that is none', { 'change-id': 'chg-1-xyz' }, /change-id: .*chg-12-0123456789/],
    ['a broken list', { 'change-id': '["chg-1-0123456789"' }, /change-id/],
    ['yes for true', { 'dry-run': 'yes' }, /dry-run: found "yes", allowed: true, false/],
    ['a limit in words', { 'timeout-seconds': 'soon' }, /timeout-seconds/],
    ['a limit of zero', { 'timeout-seconds': '0' }, /timeout-seconds/],
  ])('%s is refused', (_, given, message) => {
    expect(messageOf(given)).toMatch(message);
  });

  test('all problems are told together', () => {
    expect(messageOf({ command: 'x', comment: 'y', environment: '' }).split('\n')).toHaveLength(4);
  });

  test('a secret is never told', () => {
    expect(messageOf({ 'gate-token': 'x'.repeat(2_000) })).toContain('gate-token: found (hidden)');
  });

  test.each([
    ['chg-1-0123456789', ['chg-1-0123456789']],
    ['chg-1-0123456789, chg-push-abcdefabcd', ['chg-1-0123456789', 'chg-push-abcdefabcd']],
    ['["chg-1-0123456789","chg-1-0123456789"]', ['chg-1-0123456789']],
    ['[]', []],
    ['  ', []],
  ])('change-id %j', (text, ids) => {
    expect(parseSettings(inputs({ 'change-id': text })).changeIds).toEqual(ids);
  });

  test.each(['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080', 'https://gate.example.com/base'])(
    'gate-url %s',
    (url) => {
      expect(messageOf({ 'gate-url': url })).toBe('accepted');
    },
  );
});
