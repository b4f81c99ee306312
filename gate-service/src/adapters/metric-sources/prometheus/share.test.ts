import { expect, test } from 'vitest';
import { createShare } from './share.ts';

function world() {
  const clock = { now: 0 };
  const share = createShare<number>(() => clock.now);
  let loads = 0;
  const load = async () => {
    loads += 1;
    return loads;
  };
  return { clock, share, load };
}

test('an answer is shared for ten seconds, by key', async () => {
  const { clock, share, load } = world();
  const first = share('a', load);
  expect(await Promise.all([first, share('a', load), share('b', load)])).toEqual([1, 1, 2]);
  clock.now = 9_999;
  expect(await share('a', load)).toBe(1);
  clock.now = 10_000;
  expect(await share('a', load)).toBe(3);
});

test('a fault is told to those who wait for it and not kept', async () => {
  const { share, load } = world();
  const failing = () => Promise.reject(new Error('broken'));
  const both = [share('a', failing), share('a', load)];
  await expect(both[0]).rejects.toThrow('broken');
  await expect(both[1]).rejects.toThrow('broken');
  expect(await share('a', load)).toBe(1);
});
