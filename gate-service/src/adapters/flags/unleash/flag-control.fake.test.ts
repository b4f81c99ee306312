import { expect, test } from 'vitest';
import { createFakeFlags, FAKE_NAMES } from '../../../../test/fakes/fake-flags.ts';
import { describeFlagControl } from '../../../../test/suites/flag-control-suite.ts';

describeFlagControl('fake', async () => ({ ...createFakeFlags(), names: FAKE_NAMES }));

test('the fake fails as scripted: with and without the work done, then heals', async () => {
  const { control, activation, fail, heal, personSets } = createFakeFlags();
  await activation.createFlag('f', '');
  await personSets('f', { enabled: true });
  const failure = { kind: 'deadline', detail: 'scripted' } as const;
  fail('turnOff', { failure, times: 1 });
  expect(await control.turnOff('f')).toEqual({ ok: false, failure });
  expect(await control.read('f')).toMatchObject({ value: { enabled: true } });
  fail('turnOff', { failure, applied: true });
  expect(await control.turnOff('f')).toEqual({ ok: false, failure });
  expect(await control.read('f')).toMatchObject({ value: { enabled: false } });
  heal();
  expect(await control.turnOff('f')).toEqual({ ok: true, value: undefined });
});
