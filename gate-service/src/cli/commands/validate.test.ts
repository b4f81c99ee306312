import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contractText, REGISTRY } from '../../contract/change-files.fixture.ts';
import type { CliIo } from '../io.ts';
import { addValidateCommand } from './validate.ts';

const RIGHT = '.changegate/changes/right.yml';
const WRONG = '.changegate/changes/wrong.yml';
const UNKNOWN_KPI = contractText({ primary: 'primary: { kpi: convrsion, at_least: +5% }' });

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'changegate-validate-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function write(files: Record<string, string | Uint8Array>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), content);
  }
}

function run(...args: string[]) {
  const result = { out: '', err: '', code: undefined as number | undefined };
  const io: CliIo = {
    out: (text) => {
      result.out += text;
    },
    err: (text) => {
      result.err += text;
    },
    cwd,
    color: false,
    now: () => 0,
    exit: (code) => {
      result.code = code;
    },
  };
  const program = new Command().exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  // Commander's sub-commands take these settings over when they are made.
  addValidateCommand(program, io);
  try {
    program.parse(['validate', ...args], { from: 'user' });
  } catch {
    result.code = 2;
  }
  return result;
}

describe('changegate validate', () => {
  test('checks every contract of the folder, both endings', () => {
    write({ [RIGHT]: contractText(), '.changegate/kpis.yml': REGISTRY, '.changegate/changes/other.yaml': UNKNOWN_KPI });
    const { out, code } = run();
    expect(code).toBe(1);
    expect(out).toContain('.changegate/changes/other.yaml:3:17 error unknown_kpi');
    expect(out).toContain('  3 | primary: { kpi: convrsion, at_least: +5% }');
    expect(out).toMatch(/\n3 files, 1 error, 0 warnings\n$/);
  });

  test('exits with 0 when there are only warnings', () => {
    write({
      [RIGHT]: contractText({ leading: 'leading: { kpi: slow_conversion }' }),
      '.changegate/kpis.yml': REGISTRY,
    });
    const { out, code } = run();
    expect([code, out.split('\n').at(-2)]).toEqual([0, '2 files, 0 errors, 1 warning']);
  });

  test('says the findings of the registry once', () => {
    write({
      [RIGHT]: contractText(),
      [WRONG]: contractText(),
      '.changegate/kpis.yml': REGISTRY.replace('title: Errors', 'titel: Errors'),
    });
    const { out, code } = run('--json');
    const printed = JSON.parse(out);
    expect(code).toBe(1);
    expect(printed.files).toEqual([RIGHT, WRONG, '.changegate/kpis.yml']);
    expect(printed).toMatchObject({ errors: 2, warnings: 0 });
    expect(printed.findings.map((finding: { code: string }) => finding.code)).toEqual(['missing_key', 'unknown_key']);
  });

  test('prints annotations for GitHub', () => {
    write({ [WRONG]: UNKNOWN_KPI, '.changegate/kpis.yml': REGISTRY });
    const { out } = run('--format', 'github', WRONG);
    expect(out).toMatch(/^::error file=\.changegate\/changes\/wrong\.yml,line=3,col=17,title=changegate unknown_kpi::/);
  });

  test('takes the files that it is told', () => {
    write({ 'a.yml': contractText(), 'k.yml': REGISTRY, 'p.yml': 'approver: [x]' });
    expect(run('--registry', 'k.yml', 'a.yml')).toMatchObject({ code: 0, out: '2 files, 0 errors, 0 warnings\n' });
    const withPolicy = run('--registry', 'k.yml', '--policy', 'p.yml', 'a.yml', 'a.yml');
    expect(withPolicy.code).toBe(1);
    expect(withPolicy.out).toContain('p.yml:1:1 error unknown_key');
    expect(withPolicy.out).toContain('\n3 files, 1 error');
  });

  test('reads the policy when it is there', () => {
    write({ [RIGHT]: contractText(), '.changegate/kpis.yml': REGISTRY, '.changegate/policy.yml': 'freeze: soon' });
    expect(run().out).toContain('.changegate/policy.yml:1:9 error wrong_type');
  });

  test('finding no contract is no pass', () => {
    expect(run()).toMatchObject({ code: 2, out: '', err: expect.stringContaining('No contract was found') });
    write({ '.changegate/changes/readme.md': '', '.changegate/kpis.yml': REGISTRY });
    expect(run()).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Next: Add one') });
  });

  test.each([
    ['a contract that is not there', ['nowhere.yml'], 'nowhere.yml: there is no such file.'],
    ['a folder instead of a contract', ['.changegate'], '.changegate: it cannot be read (EISDIR).'],
    ['a registry that is not there', ['--registry', 'nowhere.yml'], 'nowhere.yml: there is no such file.'],
    ['a policy that is not there', ['--policy', 'nowhere.yml'], 'nowhere.yml: there is no such file.'],
    ['a format that is not known', ['--format', 'xml'], 'Allowed choices are terminal, github, json'],
  ])('%s exits with 2', (_, args, message) => {
    write({ [RIGHT]: contractText(), '.changegate/kpis.yml': REGISTRY });
    expect(run(...args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
  });

  test('a registry that is missing exits with 2', () => {
    write({ [RIGHT]: contractText() });
    expect(run()).toMatchObject({
      code: 2,
      err: expect.stringContaining('.changegate/kpis.yml: there is no such file.'),
    });
  });

  test('bytes that are not UTF-8 are a finding', () => {
    write({ [RIGHT]: Buffer.from(`# caf\u00e9\n${contractText()}`, 'latin1'), '.changegate/kpis.yml': REGISTRY });
    expect(run()).toMatchObject({ code: 1, out: expect.stringContaining('right.yml:1:6 error not_utf8') });
  });

  test('--help documents the exit codes', () => {
    expect(run('--help').out).toMatch(/Exit codes:\n {2}0 {2}no errors[^\n]*\n {2}1 {2}[^\n]*\n {2}2 {2}/);
  });
});
