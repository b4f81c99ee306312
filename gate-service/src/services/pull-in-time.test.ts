import { describe, expect, test } from 'vitest';
import { systemClock } from '../adapters/system/system-clock.ts';
import type { AnsweredPart } from './ask-source.ts';
import { askInTime } from './pull-in-time.ts';

const ANSWER: readonly AnsweredPart[] = [
  {
    span: { from: 0, to: 1 },
    answer: { status: 'no_data', fault: 'empty', detail: 'Nothing is there.', query: null },
  },
];

/** Two sources, of which each answers when it is let. */
function world() {
  const gate = { sources: new Map(), real: systemClock };
  const asked: string[] = [];
  const waiting = new Map<string, () => void>();
  const requests = ['slow', 'stuck'].map((source) => ({
    key: source,
    source,
    run: () => {
      asked.push(source);
      return new Promise<readonly AnsweredPart[]>((resolve) => waiting.set(source, () => resolve(ANSWER)));
    },
  }));
  const release = async (source: string) => {
    waiting.get(source)?.();
    await systemClock.sleep(1);
  };
  return { asked, release, ask: (isTogether: boolean) => askInTime(gate, requests, 20, isTogether) };
}

test('answers that are wanted together wait for each other, and none is asked for twice', async () => {
  const { asked, release, ask } = world();
  await ask(true);
  await release('slow');
  expect((await ask(true)).get('stuck')).toBeNull();
  await release('stuck');
  expect([...(await ask(true)).values()]).toEqual([ANSWER, ANSWER]);
  expect(asked).toEqual(['slow', 'stuck']);
  await ask(true);
  expect(asked).toEqual(['slow', 'stuck', 'slow', 'stuck']);
});

test('otherwise each is handed out as it comes', async () => {
  const { asked, release, ask } = world();
  await ask(false);
  await release('slow');
  expect([...(await ask(false)).values()]).toEqual([ANSWER, null]);
  expect([...(await ask(false)).values()]).toEqual([null, null]);
  expect(asked).toEqual(['slow', 'stuck', 'slow']);
});

test('two callers at the same time ask once, and both get the answer', async () => {
  const { asked, release, ask } = world();
  const both = Promise.all([ask(false), ask(false)]);
  await release('slow');
  await release('stuck');
  for (const answers of await both) expect([...answers.values()]).toEqual([ANSWER, ANSWER]);
  expect(asked).toEqual(['slow', 'stuck']);
});

describe('a source with an overdue question', () => {
  const never = () => new Promise<readonly AnsweredPart[]>(() => undefined);
  const soon = () => systemClock.sleep(5).then(() => ANSWER);

  /** A gate whose looks wait for at most 200 ms, and how often one has begun to wait. */
  function patient() {
    let waits = 0;
    const sleep: typeof systemClock.sleep = (ms, signal) => {
      waits += 1;
      return systemClock.sleep(ms, signal);
    };
    const gate = { sources: new Map(), real: { now: () => systemClock.now(), sleep } };
    const ask = async (key: string, run: typeof soon) =>
      (await askInTime(gate, [{ key, source: 'busy', run }], 200)).get(key);
    return { ask, waits: () => waits };
  }

  test('is waited for by others as long as it answers something', async () => {
    const { ask } = patient();
    await ask('hanging', never);
    expect(await ask('unlucky', soon)).toBeNull();
    await systemClock.sleep(50);
    expect(await ask('unlucky', never)).toEqual(ANSWER);
    expect(await ask('other', soon)).toEqual(ANSWER);
  });

  test('is not waited for again by whoever waited in vain', async () => {
    const { ask, waits } = patient();
    await ask('quick', soon);
    await ask('hanging', never);
    const before = waits();
    expect(await ask('hanging', never)).toBeNull();
    expect(waits()).toBe(before);
  });
});
