import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { GateError } from '../../src/contract/gate-error.ts';
import type {
  FlagActivation,
  FlagControl,
  FlagFailure,
  FlagObserver,
  FlagReading,
  FlagResult,
} from '../../src/ports/flag-control.ts';
import type { Person } from '../support/unleash-person.ts';

export interface FlagControlHarness {
  readonly control: FlagControl;
  readonly activation: FlagActivation;
  readonly observer: FlagObserver;
  /** A watch whose token the service does not know. */
  readonly stranger: FlagControl;
  readonly person: Person;
  /** Who the service says made an edit. */
  readonly names: { readonly watch: string; readonly activation: string; readonly person: string };
}

export type PresentFlag = Extract<FlagReading, { kind: 'present' }>;

export function value<T>(result: FlagResult<T>): T {
  if (!result.ok) expect.fail(`${result.failure.kind}: ${result.failure.detail}`);
  return result.value;
}

export async function readPresent(port: Pick<FlagControl, 'read'>, flag: string): Promise<PresentFlag> {
  const reading = value(await port.read(flag));
  if (reading.kind !== 'present') expect.fail(`flag ${flag} is ${reading.kind}`);
  return reading;
}

export function expectFailure(result: FlagResult<unknown>, kind: FlagFailure['kind']): void {
  expect(result).toMatchObject({ ok: false, failure: { kind } });
}

export async function activate({ activation }: FlagControlHarness, flag: string, percent: string): Promise<void> {
  value(await activation.createFlag(flag, 'a flag of the contract suite'));
  value(await activation.addGradualStrategy(flag, percent));
  value(await activation.enable(flag, percent));
}

/** What every flag service behind the three ports has to do; run on the fake and on the real server. */
export function describeFlagControl(name: string, setup: () => Promise<FlagControlHarness>): void {
  describe(`flag control: ${name}`, () => {
    let it: FlagControlHarness;
    let count = 0;
    const newFlag = () => `suite-${++count}`;
    const published = (flag: string, share: number) =>
      vi.waitFor(async () => expect(await it.observer.publishedShare(flag)).toEqual({ ok: true, value: share }), {
        timeout: 10_000,
        interval: 100,
      });

    beforeAll(async () => {
      it = await setup();
    });
    afterAll(() => it?.observer.close());

    test('a flag that nobody made is missing, and no write makes it', async () => {
      const flag = newFlag();
      expect(value(await it.control.read(flag))).toEqual({ kind: 'missing' });
      expectFailure(await it.control.turnOff(flag), 'not_found');
      expectFailure(await it.control.lowerRollout(flag, 'none', '50', '5'), 'not_found');
      expectFailure(await it.activation.addGradualStrategy(flag, '50'), 'precondition_failed');
      expectFailure(await it.activation.enable(flag, '50'), 'precondition_failed');
      expectFailure(await it.observer.publishedShare(flag), 'not_found');
      expect(value(await it.control.read(flag))).toEqual({ kind: 'missing' });
    });

    test('activation creates a flag that is off, then its strategy, then enables it', async () => {
      const flag = newFlag();
      value(await it.activation.createFlag(flag, 'new'));
      expect(await readPresent(it.control, flag)).toMatchObject({ enabled: false, share: 0, strategies: [] });
      value(await it.activation.addGradualStrategy(flag, '50'));
      expect(await readPresent(it.control, flag)).toMatchObject({ enabled: false, share: 0 });
      value(await it.activation.enable(flag, '50'));
      const reading = await readPresent(it.control, flag);
      expect(reading).toMatchObject({ enabled: true, share: 0.5, lastEventBy: it.names.activation });
      expect(reading.strategies).toEqual([
        expect.objectContaining({ name: 'flexibleRollout', rollout: '50', stickiness: 'default', groupId: flag }),
      ]);
      await published(flag, 0.5);
    });

    test('activation that is repeated changes nothing', async () => {
      const flag = newFlag();
      await activate(it, flag, '50');
      const first = await readPresent(it.control, flag);
      value(await it.activation.createFlag(flag, 'again'));
      value(await it.activation.enable(flag, '50'));
      expect(await readPresent(it.control, flag)).toEqual(first);
      expectFailure(await it.activation.addGradualStrategy(flag, '50'), 'precondition_failed');
    });

    test('activation adds a strategy once, and none next to another one', async () => {
      const flag = newFlag();
      value(await it.activation.createFlag(flag, 'x'));
      value(await it.activation.addGradualStrategy(flag, '50'));
      value(await it.activation.addGradualStrategy(flag, '50'));
      expectFailure(await it.activation.addGradualStrategy(flag, '60'), 'precondition_failed');
      expect((await readPresent(it.control, flag)).strategies).toHaveLength(1);
    });

    test('enable is refused without the gradual strategy, with another one, and with a disabled one', async () => {
      const flag = newFlag();
      value(await it.activation.createFlag(flag, 'x'));
      expectFailure(await it.activation.enable(flag, '50'), 'precondition_failed');
      const parameters = { rollout: '50', stickiness: 'default', groupId: flag };
      await it.person.addStrategy(flag, { parameters, disabled: true });
      expectFailure(await it.activation.enable(flag, '50'), 'precondition_failed');
      value(await it.activation.addGradualStrategy(flag, '50'));
      expectFailure(await it.activation.enable(flag, '60'), 'precondition_failed');
      await it.person.addStrategy(flag, {});
      expectFailure(await it.activation.enable(flag, '50'), 'precondition_failed');
      expect(await readPresent(it.control, flag)).toMatchObject({ enabled: false, share: 0 });
    });

    test('lowering the percentage keeps everything else', async () => {
      const flag = newFlag();
      await activate(it, flag, '50');
      const before = await readPresent(it.control, flag);
      value(await it.control.lowerRollout(flag, before.strategies[0]!.id, '50', '5'));
      const after = await readPresent(it.control, flag);
      expect(after).toEqual({
        ...before,
        share: 0.05,
        strategies: [{ ...before.strategies[0], rollout: '5' }],
        lastEventId: expect.any(Number),
        lastEventBy: it.names.watch,
      });
      expect(after.lastEventId).toBeGreaterThan(before.lastEventId);
      await published(flag, 0.05);
    });

    test('lowering from a percentage that is no longer there changes nothing', async () => {
      const flag = newFlag();
      await activate(it, flag, '50');
      const [strategy] = (await readPresent(it.control, flag)).strategies;
      await it.person.setRollout(flag, strategy!.id, '20');
      const before = await readPresent(it.control, flag);
      expectFailure(await it.control.lowerRollout(flag, strategy!.id, '50', '5'), 'precondition_failed');
      expectFailure(await it.control.lowerRollout(flag, 'no-such-strategy', '50', '5'), 'not_found');
      expect(await readPresent(it.control, flag)).toEqual(before);
    });

    test.each([
      ['the same', '50', '50'],
      ['higher', '5', '50'],
      ['not a number', '50', ''],
    ])('a new percentage that is %s is a mistake of the caller', async (_, from, to) => {
      await expect(it.control.lowerRollout('any', 'any', from, to)).rejects.toThrow(GateError);
    });

    test.each(['0', '101', '', '-5', '50%'])(
      'activation at "%s" percent is a mistake of the caller',
      async (percent) => {
        await expect(it.activation.addGradualStrategy('any', percent)).rejects.toThrow(GateError);
        await expect(it.activation.enable('any', percent)).rejects.toThrow(GateError);
      },
    );

    test('turning off is idempotent: the second time makes no event', async () => {
      const flag = newFlag();
      await activate(it, flag, '50');
      value(await it.control.turnOff(flag));
      const first = await readPresent(it.control, flag);
      expect(first).toMatchObject({ enabled: false, share: 0, lastEventBy: it.names.watch });
      value(await it.control.turnOff(flag));
      expect(await readPresent(it.control, flag)).toEqual(first);
      await published(flag, 0);
    });

    test('an archived flag reads as archived, is served to nobody and cannot be activated', async () => {
      const flag = newFlag();
      await activate(it, flag, '50');
      const [strategy] = (await readPresent(it.control, flag)).strategies;
      await it.person.archive(flag);
      expect(value(await it.control.read(flag))).toEqual({ kind: 'archived' });
      expectFailure(await it.control.turnOff(flag), 'precondition_failed');
      value(await it.control.lowerRollout(flag, strategy!.id, '50', '5'));
      expect(value(await it.control.read(flag))).toEqual({ kind: 'archived' });
      expectFailure(await it.activation.createFlag(flag, 'again'), 'precondition_failed');
      expectFailure(await it.activation.addGradualStrategy(flag, '50'), 'precondition_failed');
      expectFailure(await it.activation.enable(flag, '50'), 'precondition_failed');
      await vi.waitFor(async () => expectFailure(await it.observer.publishedShare(flag), 'not_found'));
    });

    test('a flag that is deleted and made again has another createdAt', async () => {
      const flag = newFlag();
      await it.person.createFlag(flag);
      const before = await readPresent(it.control, flag);
      await it.person.archive(flag);
      await it.person.remove(flag);
      expect(value(await it.control.read(flag))).toEqual({ kind: 'missing' });
      await it.person.createFlag(flag);
      const after = await readPresent(it.control, flag);
      expect(after.createdAt).not.toBe(before.createdAt);
      expect(after.lastEventId).toBeGreaterThan(before.lastEventId);
    });

    test('a token that the service does not know is unauthorised in every call', async () => {
      const flag = newFlag();
      await activate(it, flag, '50');
      expectFailure(await it.stranger.read(flag), 'unauthorised');
      expectFailure(await it.stranger.turnOff(flag), 'unauthorised');
      expectFailure(await it.stranger.lowerRollout(flag, 'any', '50', '5'), 'unauthorised');
      expect(await readPresent(it.control, flag)).toMatchObject({ enabled: true, share: 0.5 });
    });

    test("a person's edit shows as a later event with their name", async () => {
      const flag = newFlag();
      await activate(it, flag, '50');
      value(await it.control.turnOff(flag));
      const ours = await readPresent(it.control, flag);
      await it.person.turnOn(flag);
      const theirs = await readPresent(it.control, flag);
      expect(theirs).toMatchObject({ enabled: true, share: 0.5, lastEventBy: it.names.person });
      expect(theirs.lastEventId).toBeGreaterThan(ours.lastEventId);
      expect(theirs.createdAt).toBe(ours.createdAt);
    });

    test('the treatment hash changes with constraints and strategies, not with percentages', async () => {
      const flag = newFlag();
      await activate(it, flag, '50');
      const first = await readPresent(it.control, flag);
      const id = first.strategies[0]!.id;
      await it.person.setRollout(flag, id, '60');
      const raised = await readPresent(it.control, flag);
      expect(raised.treatmentHash).toBe(first.treatmentHash);
      await it.person.setConstraints(flag, id, [{ contextName: 'userId', operator: 'IN', values: ['7'] }]);
      const constrained = await readPresent(it.control, flag);
      expect(constrained.treatmentHash).not.toBe(first.treatmentHash);
      await it.person.setConstraints(flag, id, []);
      await it.person.addStrategy(flag, { disabled: true });
      expect((await readPresent(it.control, flag)).treatmentHash).toBe(first.treatmentHash);
    });

    test('the shares of several strategies add up, and one without a percentage serves everyone', async () => {
      const flag = newFlag();
      await it.person.createFlag(flag);
      const gradual = (rollout: string) => ({ parameters: { rollout, stickiness: 'default', groupId: flag } });
      await it.person.addStrategy(flag, gradual('30'));
      await it.person.addStrategy(flag, gradual('50'));
      await it.person.turnOn(flag);
      expect((await readPresent(it.control, flag)).share).toBe(0.8);
      await it.person.addStrategy(flag, gradual('90'));
      expect((await readPresent(it.control, flag)).share).toBe(1);
    });

    test('a flag that a person enables without a strategy is served to everyone', async () => {
      const flag = newFlag();
      await it.person.createFlag(flag);
      await it.person.turnOn(flag);
      expect(await readPresent(it.control, flag)).toMatchObject({ enabled: true, share: 1 });
      await published(flag, 1);
    });
  });
}
