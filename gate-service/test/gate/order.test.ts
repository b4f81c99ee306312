import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EpochMinute } from '../../src/domain/model/time.ts';
import { GateHarness, START } from '../support/gate-harness.ts';
import { DAY_MS, type Shop, type ShopEvent, shopEvents, WEEK_MS } from '../support/gate-traffic.ts';

const SHOP: Shop = {
  visitsPerWeek: 90,
  control: { converts: 0.3, fails: 0.05 },
  treatment: { converts: 0.5, fails: 0.05 },
};
const EVENTS = shopEvents(5, SHOP, START, START + WEEK_MS + DAY_MS / 12, 0.5);
const FIRST_MINUTE: EpochMinute = START / 60_000;

interface Outcome {
  readonly verdict: unknown;
  readonly evidence: unknown;
  readonly minutes: unknown;
  readonly accepted: number;
}

/** Sends the batches of each round at its time, looks after it, and judges in the end. */
async function judge(rounds: readonly { at: number; batches: readonly (readonly ShopEvent[])[] }[]): Promise<Outcome> {
  const harness = new GateHarness();
  const changeId = await harness.stampAndActivate();
  for (const { at, batches } of rounds) {
    harness.business.set(at);
    for (const batch of batches) {
      const { body } = await harness.send(batch.map(({ line }) => line));
      expect(body.quarantined + body.rejected).toBe(0);
    }
    await harness.scheduler.drain();
  }
  const outcome = await harness.gate.store.transaction(async (tx): Promise<Outcome> => {
    const [stored, ...more] = await tx.verdicts.list(changeId);
    expect(more).toEqual([]);
    const { metrics, exposures, multiExposedUnits, exposedUnits, phases } = stored!.evidence;
    const minutes = [];
    for (const kpi of ['booking', 'errors']) {
      minutes.push(await tx.events.tallies(changeId, kpi, FIRST_MINUTE, FIRST_MINUTE + 12_000));
      minutes.push(await tx.events.history('sparky/site', kpi, FIRST_MINUTE, FIRST_MINUTE + 12_000));
    }
    const { accepted } = await tx.events.counts(changeId);
    return {
      verdict: stored!.verdict,
      evidence: { metrics, exposures, multiExposedUnits, exposedUnits, phases },
      minutes,
      accepted,
    };
  });
  await harness.close();
  return outcome;
}

const END = START + WEEK_MS + DAY_MS / 2;

/** Every event once to five times, in any order, cut into batches anywhere. */
const deliveriesOf = (events: readonly ShopEvent[]) =>
  fc
    .tuple(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: events.length, maxLength: events.length }),
      fc.integer(),
      fc.array(fc.integer({ min: 0, max: events.length * 3 }), { maxLength: 6 }),
    )
    .map(([repeats, seed, cuts]) => {
      const lines = events.flatMap((event, n) => Array.from({ length: repeats[n]! }, () => event));
      const shuffled = lines
        .map((event, n) => ({ event, key: Math.imul((n + 1) ^ seed, 2_654_435_761) >>> 0 }))
        .sort((left, right) => left.key - right.key)
        .map(({ event }) => event);
      const places = [0, ...cuts.sort((left, right) => left - right), shuffled.length];
      return places.slice(1).map((end, n) => shuffled.slice(places[n], end));
    });

test('the same events, sent one to five times in any order and split, give the same roll-ups and the same verdict', async () => {
  const reference = await judge([{ at: END, batches: [EVENTS] }]);
  expect(reference.accepted).toBe(EVENTS.length);
  expect((reference.minutes as unknown[][]).every((list) => list.length > 10)).toBe(true);
  await fc.assert(
    fc.asyncProperty(deliveriesOf(EVENTS), async (batches) => {
      expect(await judge([{ at: END, batches }])).toEqual(reference);
    }),
    { numRuns: 12, seed: 4 },
  );
}, 60_000);

test('with looks in between it holds for what came between two looks', async () => {
  const days = Array.from({ length: 9 }, (_, day) => {
    const [from, to] = [START + day * DAY_MS, START + (day + 1) * DAY_MS];
    return { at: to, events: EVENTS.filter(({ at }) => at >= from && at < to) };
  });
  const reference = await judge(days.map(({ at, events }) => ({ at, batches: [events] })));
  await fc.assert(
    fc.asyncProperty(fc.tuple(...days.map(({ events }) => deliveriesOf(events))), async (delivered) => {
      expect(await judge(days.map(({ at }, day) => ({ at, batches: delivered[day]! })))).toEqual(reference);
    }),
    { numRuns: 5, seed: 5 },
  );
}, 60_000);
