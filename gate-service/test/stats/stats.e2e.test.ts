import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/changegate.js', import.meta.url));

test('the process reads standard input, answers line by line and tells by its exit code', () => {
  const input = '{"fn":"norm_ppf","inputs":{"p":0.975}}\nno JSON\n';
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, 'stats'], { input, encoding: 'utf8' });
  const [good, bad] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect([status, stderr]).toEqual([1, '']);
  // R 4.2.2 qnorm(.975)
  expect(good.result.x).toBeCloseTo(1.95996398454, 10);
  expect(bad.error.code).toBe('invalid_input');
});
