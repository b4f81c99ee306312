import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GATE_REGISTRY, gateContract } from '../support/gate-files.ts';
import { GateHarness, START } from '../support/gate-harness.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const END = START + 7 * DAY_MS;
/** Window, the longest wait and the settle time after a window that starts at START. */
const DUE = END + 130 * MINUTE_MS;
const FLAG = 'short-form';

let harness: GateHarness;
beforeEach(() => {
  harness = new GateHarness();
});
afterEach(() => harness.close());

const exposure = (id: string, offset: number, variant: 'on' | 'off' = 'on') => ({
  event: 'quote_viewed',
  event_id: id,
  user_id: id,
  status: 'success',
  timestamp: new Date(START + offset).toISOString(),
  flags: { [FLAG]: variant },
});

/** A change whose window started with its activation; the clock stands at ten minutes. */
async function started(): Promise<string> {
  const changeId = await harness.stampAndActivate();
  harness.business.advance(MINUTE_MS);
  await harness.send([exposure('first', 0)]);
  await harness.runTo(START + 10 * MINUTE_MS, 1);
  return changeId;
}

const verdictsOf = async (changeId: string) => (await harness.show(changeId)).verdicts.map(({ reasons }) => reasons[0]);

/** A person aims the change at some users only; null takes that back. */
async function aim(constraint: string | null): Promise<void> {
  const reading = await harness.flags.control.read(FLAG);
  if (!reading.ok || reading.value.kind !== 'present') throw new Error('the flag is not there');
  const constraints =
    constraint === null ? [] : [{ contextName: 'country', operator: 'IN', values: [constraint], inverted: false }];
  for (const { id } of reading.value.strategies) await harness.flags.person.setConstraints(FLAG, id, constraints);
}

describe('a treatment that changed', () => {
  test('for a day of the window and back is no single treatment', async () => {
    const changeId = await started();
    await aim('NO');
    await harness.runTo(START + DAY_MS, 12 * 60);
    await aim(null);
    await harness.runTo(DUE, 12 * 60);
    expect(await verdictsOf(changeId)).toEqual(['treatment_changed']);
  });

  test('is known although the flag service is away when the verdict is made', async () => {
    const changeId = await started();
    await aim('NO');
    await harness.runTo(START + DAY_MS, 12 * 60);
    harness.flags.fail('read', { failure: { kind: 'unreadable', detail: 'away' } });
    await harness.runTo(DUE, 24 * 60);
    expect(await verdictsOf(changeId)).toEqual(['treatment_changed']);
  });

  test('counts when another flag of the same name took its place', async () => {
    const changeId = await started();
    const before = await harness.flags.control.read(FLAG);
    await harness.flags.person.remove(FLAG);
    harness.business.advance(MINUTE_MS);
    await harness.flags.activation.createFlag(FLAG, '');
    await harness.flags.activation.addGradualStrategy(FLAG, '50');
    await harness.flags.activation.enable(FLAG, '50');
    const after = await harness.flags.control.read(FLAG);
    expect(before).not.toEqual(after);
    await harness.runTo(START + DAY_MS, 12 * 60);
    await harness.runTo(DUE, 24 * 60);
    expect(await verdictsOf(changeId)).toEqual(['treatment_changed']);
    expect((await harness.ledgerTypes(changeId)).filter((type) => type === 'treatment.changed')).toHaveLength(1);
  });

  test('after the window is people cleaning up', async () => {
    const changeId = await started();
    await harness.runTo(END + MINUTE_MS, 12 * 60);
    await aim('NO');
    await harness.runTo(DUE, 30);
    const [first, ...rest] = await verdictsOf(changeId);
    expect(first).not.toBe('treatment_changed');
    expect(rest).toEqual([]);
    await harness.flags.person.archive(FLAG);
    harness.business.advance(5 * DAY_MS);
    expect((await harness.evaluate(changeId)).new_revision).toBe(false);
  });
});

describe('a person who turns the flag off', () => {
  test.each([
    ['off', () => harness.flags.personSets(FLAG, { enabled: false })],
    ['to nothing by its archive', () => harness.flags.person.archive(FLAG)],
  ])('%s after the window takes nothing from its verdict', async (_, turnOff) => {
    const changeId = await started();
    await harness.runTo(END + MINUTE_MS, 12 * 60);
    await turnOff();
    await harness.runTo(END + 30 * MINUTE_MS, 1);
    expect([(await harness.show(changeId)).state, await verdictsOf(changeId)]).toEqual(['watching', []]);
    expect((await harness.ledgerTypes(changeId)).filter((type) => type === 'flag.edited_by_person')).toHaveLength(1);
    await harness.runTo(DUE, 30);
    const verdicts = await verdictsOf(changeId);
    expect(verdicts).toHaveLength(1);
    expect(verdicts[0]).not.toBe('stopped_by_person');
  });

  test('early cuts the data at that minute, whatever comes after and however often it is asked', async () => {
    const changeId = await started();
    await harness.send([exposure('before', 9 * MINUTE_MS)]);
    await harness.flags.personSets(FLAG, { enabled: false });
    await harness.runTo(START + 15 * MINUTE_MS, 1);
    await harness.send([exposure('after', 14 * MINUTE_MS), exposure('later', 20 * HOUR_MS, 'off')]);
    const evidence = async () => {
      const token = await harness.token(['read']);
      const url = `/v1/changes/${changeId}/evidence`;
      return (await harness.call<{ evidence: { exposed_units: number; until: number } }>('GET', url, { token })).body;
    };
    const first = await evidence();
    harness.business.set(DUE);
    for (let n = 0; n < 2; n += 1) await harness.evaluate(changeId);
    expect((await harness.show(changeId)).verdicts.length).toBeLessThanOrEqual(2);
    expect((await harness.evaluate(changeId)).new_revision).toBe(false);
    const last = await evidence();
    expect([last.evidence.until, last.evidence.exposed_units]).toEqual([
      first.evidence.until,
      first.evidence.exposed_units,
    ]);
  });
});

describe('the registry at the head', () => {
  test.each([
    ['with an error in a KPI of somebody else', `${GATE_REGISTRY}\nsomebody_elses: { title: 12 }\n`, 1],
    ['with another definition of its own KPI', GATE_REGISTRY.replace('within: 2h', 'within: 3h'), 2],
    ['with an error in its own KPI', GATE_REGISTRY.replace('within: 2h', 'within: soon'), 2],
    ['that is no YAML', `${GATE_REGISTRY}\n\t: [`, 2],
  ])('%s', async (_, registry, revisions) => {
    const changeId = await started();
    await harness.runTo(DUE, 24 * 60);
    const head = { contract: { path: 'c.yml', text: gateContract() }, registry: { path: 'k.yml', text: registry } };
    await harness.evaluate(changeId, head);
    const verdicts = await verdictsOf(changeId);
    expect([verdicts.length, verdicts.includes('rule_changed')]).toEqual([revisions, revisions === 2]);
  });
});
