import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Crash, type Hook, type StepPoint } from './gate-process.ts';
import { FLAG, type Present, Rig } from './protocol-rig.ts';

const RUNS = 2_500;

type Edit = 'on' | 'off' | 'raise' | 'lower';
type Happening = Edit | 'crash' | 'down' | 'up' | 'answer_lost' | 'never_arrives' | 'late';
type Command =
  | { readonly do: 'decide'; readonly kind: 'throttle' | 'turn_off' }
  | { readonly do: 'run'; readonly happenings: readonly { readonly at: number; readonly what: Happening }[] }
  | { readonly do: 'look' }
  | { readonly do: 'happen'; readonly what: Exclude<Happening, 'crash'> };

const edit = fc.constantFrom<Edit>('on', 'off', 'raise', 'lower');
const fault = fc.constantFrom('down', 'up', 'answer_lost', 'never_arrives', 'late');
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('decide' as const),
      kind: fc.constantFrom('throttle' as const, 'turn_off' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      happenings: fc.array(
        fc.record({ at: fc.nat({ max: 22 }), what: fc.oneof(edit, fault, fc.constant('crash' as const)) }),
        { maxLength: 3 },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'look' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('happen' as const), what: fc.oneof(edit, fault) }) },
);
const rollouts = fc.constantFrom(['50'], ['30', '40'], ['50', null]);

/** Plays commands on the real services and watches every step from outside. */
class World {
  readonly rig: Rig;
  #clock = 0;
  #lastRead = 0;
  #lastRaise = 0;
  #lastEdit = 0;
  #raises = 0;
  #before: Present | null = null;
  readonly #decided = new Map<string, number>();

  constructor(rig: Rig) {
    this.rig = rig;
  }

  async play(one: Command): Promise<void> {
    this.#clock += 1;
    if (one.do === 'decide') await this.#decide(one.kind);
    else if (one.do === 'look') await this.rig.look();
    else if (one.do === 'happen') await this.#happen(one.what);
    else await this.rig.run(this.#hook(one.happenings));
  }

  async #decide(kind: 'throttle' | 'turn_off'): Promise<void> {
    if (!['watching', 'throttled'].includes(await this.rig.state())) return;
    const id = await this.rig.decide(kind);
    this.#decided.set(id, this.#clock);
  }

  #hook(happenings: readonly { readonly at: number; readonly what: Happening }[]): Hook {
    let n = 0;
    return async (point) => {
      this.#clock += 1;
      await this.#watch(point);
      const due = happenings.filter(({ at }) => at === n);
      n += 1;
      for (const { what } of due) {
        this.#clock += 1;
        if (what === 'crash') throw new Crash();
        await this.#happen(what);
        if (point.when === 'before' && this.#before) this.#before = await this.rig.reading();
      }
      if (point.step === 'read' && point.when === 'before') this.#lastRead = this.#clock;
    };
  }

  async #happen(what: Exclude<Happening, 'crash'>): Promise<void> {
    const { faults } = this.rig;
    if (what === 'late') this.rig.later();
    else if (what === 'up' || what === 'down') faults.isDown = what === 'down';
    else if (what === 'answer_lost' || what === 'never_arrives') faults.nextWrite = what;
    else await this.#edit(what);
  }

  async #edit(what: Edit): Promise<void> {
    const { flags } = this.rig;
    const before = await this.#exposure();
    if (what === 'on' || what === 'off') await flags.personSets(FLAG, { enabled: what === 'on' });
    else await flags.personSets(FLAG, { rollout: what === 'raise' ? '90' : '1' });
    const after = await this.#exposure();
    this.#lastEdit = this.#clock;
    if (!isRaise(before, after)) return;
    this.#raises += 1;
    this.#lastRaise = this.#clock;
  }

  /** Compares the flag before and after each write of the gate. */
  async #watch({ step, when }: StepPoint): Promise<void> {
    if (step !== 'lowerRollout' && step !== 'turnOff') return;
    if (when === 'before') {
      this.#before = await this.rig.reading();
      await this.#checkIntent(step);
      return;
    }
    const [before, after] = [exposureOf(this.#before!), await this.#exposure()];
    this.#before = null;
    expect(isRaise(before, after), 'R2: a write of the gate raised exposure').toBe(false);
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    const id = (await this.rig.entries('action.intent')).at(-1)!.payload!.intervention_id as string;
    const overruled = this.#lastRaise > this.#decided.get(id)! && this.#lastRaise < this.#lastRead;
    expect(overruled, 'R8: a person raised it after the decision, and the gate wrote').toBe(false);
  }

  async #exposure(): Promise<Exposure> {
    return exposureOf(await this.rig.reading());
  }

  async #checkIntent(step: 'lowerRollout' | 'turnOff'): Promise<void> {
    const call = this.rig.lastIntended();
    expect((await call)?.kind, 'R3: a write without its intent').toBe(step === 'turnOff' ? 'turn_off' : 'lower');
  }

  async finish(): Promise<void> {
    await this.rig.settle();
    for (const [id, decided] of this.#decided) {
      const { outcome, acceptedAt, publishedAt, notEffectiveAt, targetShare } = await this.rig.find(id);
      const ends = (
        await this.rig.entries(
          'action.accepted',
          'action.already_safe',
          'action.superseded',
          'action.blocked',
          'action.failed',
        )
      ).filter(({ payload }) => payload?.intervention_id === id);
      expect(
        ends.map(({ payload }) => payload?.outcome),
        'one end in the ledger, as in the row',
      ).toEqual([outcome]);
      expect(['accepted', 'already_safe', 'superseded', 'failed:deadline']).toContain(outcome);
      if (acceptedAt !== null) expect(publishedAt !== null || notEffectiveAt !== null, 'settles in the end').toBe(true);
      if (outcome === 'superseded') expect(this.#lastEdit, 'superseded by nobody').toBeGreaterThan(0);
      if (this.#raises === 0 && !['superseded', 'failed:deadline'].includes(outcome))
        expect(await this.rig.share(), `${outcome} ${decided}`).toBeLessThanOrEqual(targetShare + 1e-9);
    }
    expect((await this.rig.phases()).filter(({ endMinute }) => endMinute === null).length).toBeLessThanOrEqual(1);
  }
}

interface Exposure {
  readonly enabled: boolean;
  readonly percents: Readonly<Record<string, number>>;
}

function exposureOf({ enabled, strategies }: Present): Exposure {
  const active = strategies.filter(({ disabled }) => !disabled);
  return {
    enabled,
    percents: Object.fromEntries(active.map(({ id, rollout }) => [id, rollout === null ? 100 : Number(rollout)])),
  };
}

function isRaise(before: Exposure, after: Exposure): boolean {
  if (!after.enabled) return false;
  if (!before.enabled) return true;
  return Object.entries(after.percents).some(([id, percent]) => percent > (before.percents[id] ?? 0));
}

test('whatever people, crashes and outages do: never up, people win, one end, and it settles', async () => {
  await fc.assert(
    fc.asyncProperty(rollouts, fc.array(command, { minLength: 2, maxLength: 12 }), async (strategies, commands) => {
      const world = new World(await Rig.open({ rollouts: strategies }));
      for (const one of [{ do: 'decide', kind: 'throttle' } as const, ...commands]) await world.play(one);
      await world.finish();
    }),
    { numRuns: RUNS },
  );
}, 180_000);
