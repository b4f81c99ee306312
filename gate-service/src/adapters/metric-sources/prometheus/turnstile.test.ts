import { expect, test } from 'vitest';
import { createTurnstile } from './turnstile.ts';

const NEVER = new AbortController().signal;

function held() {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { work: () => promise, end: () => resolve('done') };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('no more than so many run at once, and the oldest that waits is next', async () => {
  const inTurn = createTurnstile(2);
  const begun: number[] = [];
  const all = [0, 1, 2, 3].map(() => held());
  const runs = all.map(({ work }, i) =>
    inTurn(() => {
      begun.push(i);
      return work();
    }, NEVER),
  );
  await settle();
  expect(begun).toEqual([0, 1]);
  all[1]!.end();
  await settle();
  expect(begun).toEqual([0, 1, 2]);
  for (const { end } of all) end();
  expect(await Promise.all(runs)).toEqual(['done', 'done', 'done', 'done']);
});

test('work that fails makes room', async () => {
  const inTurn = createTurnstile(1);
  await expect(inTurn(() => Promise.reject(new Error('broken')), NEVER)).rejects.toThrow('broken');
  expect(await inTurn(async () => 'next', NEVER)).toBe('next');
});

test('whoever gives up while waiting is never run and takes nobody’s turn', async () => {
  const inTurn = createTurnstile(1);
  const first = held();
  const running = inTurn(first.work, NEVER);
  const impatient = new AbortController();
  let ran = false;
  const given = inTurn(async () => {
    ran = true;
  }, impatient.signal);
  const last = inTurn(async () => 'last', NEVER);
  impatient.abort(new Error('too late'));
  await expect(given).rejects.toThrow('too late');
  await expect(inTurn(first.work, impatient.signal)).rejects.toThrow('too late');
  first.end();
  expect([await running, await last, ran]).toEqual(['done', 'last', false]);
});
