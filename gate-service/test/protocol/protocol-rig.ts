import { createSqliteStore } from '../../src/adapters/store/sqlite/sqlite-store.ts';
import { ChangeContractSchema } from '../../src/contract/change-contract.ts';
import type { Change } from '../../src/domain/model/change.ts';
import type { Intervention, InterventionKind } from '../../src/domain/model/intervention.ts';
import type { LedgerType } from '../../src/domain/model/ledger-entry.ts';
import { MINUTE_MS } from '../../src/domain/model/time.ts';
import type { FlagControl, FlagReading, FlagResult } from '../../src/ports/flag-control.ts';
import type { Store } from '../../src/ports/store.ts';
import { putFlagFacts, readFlagFacts } from '../../src/services/flag-facts.ts';
import type { Gate } from '../../src/services/gate.ts';
import { record } from '../../src/services/record.ts';
import { runInterventions } from '../../src/services/run-interventions.ts';
import { takeFlagReading } from '../../src/services/watch-flag.ts';
import { createFakeFlags, type FakeFlags } from '../fakes/fake-flags.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { MONDAY, makeChange } from '../support/store-fixtures.ts';
import { type GateProcess, type Hook, startProcess } from './gate-process.ts';

export type Present = Extract<FlagReading, { kind: 'present' }>;
export const FLAG = 'checkout-v2';
export const START_SHARE = 0.5;
/** Longer than any lease or back-off of the protocol. */
const AGES_MS = 130_000;

export interface Faults {
  isDown: boolean;
  /** What happens to the next write: its answer is lost, or it never arrives. */
  nextWrite: 'answer_lost' | 'never_arrives' | null;
}

export interface RigOptions {
  /** Percentages of the flag's strategies; null for one without a percentage. */
  readonly rollouts?: readonly (string | null)[];
  /** In memory when it is left out. */
  readonly store?: Store;
}

/** A watched change, its flag on a fake flag service, and a gate that may crash and start again over the same store. */
export class Rig {
  readonly flags: FakeFlags = createFakeFlags();
  readonly store: Store;
  readonly change: Change = changeOf(FLAG);
  /** Between the gate and the flag service; people and the test itself are not cut off. */
  readonly faults: Faults = { isDown: false, nextWrite: null };
  realNow = 1_000_000;
  businessNow = (MONDAY + 60) * MINUTE_MS;
  strategyIds: string[] = [];
  readonly #jitter = seededRandom(1);

  constructor(store: Store) {
    this.store = store;
  }

  static async open(options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig(options.store ?? createSqliteStore({ path: ':memory:', random: (n) => new Uint8Array(n) }));
    await rig.#prepare(options.rollouts ?? [String(START_SHARE * 100)]);
    return rig;
  }

  async #prepare(rollouts: readonly (string | null)[]): Promise<void> {
    const { person } = this.flags;
    await person.createFlag(FLAG);
    for (const rollout of rollouts) {
      const parameters: Record<string, string> =
        rollout === null ? {} : { rollout, stickiness: 'default', groupId: FLAG };
      this.strategyIds.push(await person.addStrategy(FLAG, { parameters }));
    }
    await person.turnOn(FLAG);
    const { share, lastEventId, treatmentHash, createdAt } = await this.reading();
    await this.store.transaction(async (tx) => {
      await tx.changes.insert({ ...this.change, treatmentHash, flagCreatedAt: createdAt });
      await tx.changes.putPhase(this.change.changeId, {
        index: 0,
        cause: 'activation',
        share,
        startMinute: MONDAY,
        endMinute: null,
      });
      const facts = { lastEventId, share, treatmentHash, readAt: this.businessNow };
      await putFlagFacts(tx, this.change.changeId, { ...facts, personRaisedAt: null, personTurnedOffAt: null });
    });
  }

  /** A fresh gate process over the same store; `hook` is called before and after each of its steps. */
  start(hook: Hook = () => undefined): GateProcess {
    const gate: Gate = {
      store: this.store,
      business: { now: () => this.businessNow },
      real: {
        now: () => this.realNow,
        sleep: async (ms) => {
          this.realNow += ms;
        },
      },
      flags: faulty(this.flags.control, this.faults),
      observer: this.flags.observer,
      sources: new Map(),
      log: { debug() {}, info() {}, warn() {}, error() {} },
      random: { bytes: (count) => Uint8Array.from({ length: count }, () => this.#jitter.int(256)), uuid: () => 'uuid' },
      options: {
        lookEveryMinutes: 1,
        flagReadEveryMinutes: 1,
        sdkRefreshMinutes: 1,
        blindGraceMinutes: 30,
        requireHash: false,
        ingestHmacKey: null,
        secret: 'test-secret-test-secret',
        eventSources: ['web'],
        owner: 'test',
      },
    };
    return startProcess(gate, hook);
  }

  /** Decides as a look does: takes in the flag, then puts the decision, its entry and its row in one transaction. */
  async decide(
    kind: InterventionKind,
    targetShare: number = kind === 'turn_off' ? 0 : 0.05,
    store: Store = this.store,
  ): Promise<string> {
    const { gate } = this.start();
    await this.look();
    this.businessNow += 1;
    return store.transaction(async (tx) => {
      const epoch = await tx.interventions.nextEpoch(this.change.changeId, kind);
      const interventionId = `${this.change.changeId}:${kind}:${epoch}`;
      const row: Intervention = {
        interventionId,
        changeId: this.change.changeId,
        kind,
        epoch,
        targetShare,
        reason: 'harm',
        decidedAt: this.businessNow,
        intentAt: null,
        outcome: 'pending',
        acceptedAt: null,
        publishedAt: null,
        effectiveAt: null,
        notEffectiveAt: null,
      };
      await tx.interventions.insert(row, this.realNow);
      await record(gate, tx, this.change, 'decision.made', { interventionId, kind, targetShare });
      return interventionId;
    });
  }

  /** The part of a look that reads the flag. */
  async look(): Promise<void> {
    const { gate } = this.start();
    const read = await gate.flags.read(FLAG);
    if (read.ok) await this.store.transaction((tx) => takeFlagReading(gate, tx, this.change, read.value));
  }

  /** Runs what is due in a new process; a crash inside stays inside. */
  async run(hook?: Hook): Promise<GateProcess> {
    const process = this.start(hook);
    await runInterventions(process.gate).catch((error: unknown) => {
      if (!process.isDead) throw error;
    });
    return process;
  }

  /** Everything heals, and time enough passes, until nothing is due any more. */
  async settle(rounds = 12): Promise<void> {
    this.flags.heal();
    Object.assign(this.faults, { isDown: false, nextWrite: null });
    for (let round = 0; round < rounds; round += 1) {
      this.realNow += AGES_MS;
      this.businessNow += MINUTE_MS;
      await this.run();
      await this.look();
    }
  }

  later(ms: number = AGES_MS): void {
    this.realNow += ms;
  }

  async find(interventionId: string): Promise<Intervention> {
    return (await this.store.transaction((tx) => tx.interventions.find(interventionId)))!;
  }

  async outcome(interventionId: string): Promise<string> {
    return (await this.find(interventionId)).outcome;
  }

  async entries(...types: readonly LedgerType[]) {
    const all = await this.store.transaction((tx) => tx.ledger.entries({ changeId: this.change.changeId }));
    return types.length === 0 ? all : all.filter(({ type }) => types.includes(type));
  }

  async alerts(): Promise<readonly unknown[]> {
    return (await this.entries('alert.raised')).map(({ payload }) => payload?.alert);
  }

  facts() {
    return this.store.transaction((tx) => readFlagFacts(tx, this.change.changeId));
  }

  async state(): Promise<string> {
    return (await this.store.transaction((tx) => tx.changes.find(this.change.changeId)))!.state;
  }

  phases() {
    return this.store.transaction((tx) => tx.changes.phases(this.change.changeId));
  }

  /** The flag as it is, read past the gate. */
  async reading(): Promise<Present> {
    const read = await this.flags.activation.read(FLAG);
    if (!read.ok || read.value.kind !== 'present')
      throw new Error(`flag is ${read.ok ? read.value.kind : 'unreadable'}`);
    return read.value;
  }

  async share(): Promise<number> {
    return (await this.reading()).share;
  }

  /** The call that the newest intent names. */
  async lastIntended(): Promise<{ kind: string } | undefined> {
    return (await this.entries('action.intent')).at(-1)?.payload?.call as { kind: string } | undefined;
  }

  /** What the gate wrote, in order. */
  writes(): readonly string[] {
    return this.flags.calls
      .filter(({ operation }) => operation === 'lowerRollout' || operation === 'turnOff')
      .map(({ operation, rest }) => [operation, ...rest.slice(1)].join(' '));
  }
}

function changeOf(flag: string): Change {
  const change = makeChange({ flag });
  const contract = ChangeContractSchema.parse({
    hypothesis: 'More people buy.',
    flag,
    primary: { kpi: change.kpis[0]!.id, at_least: '+5%' },
  });
  return { ...change, contract };
}

/** The line between the gate and the flag service. */
function faulty(control: FlagControl, faults: Faults): FlagControl {
  const deadline = { ok: false, failure: { kind: 'deadline', detail: 'no answer' } } as const;
  const write = async (work: () => Promise<FlagResult<void>>) => {
    if (faults.isDown) return deadline;
    const fault = faults.nextWrite;
    faults.nextWrite = null;
    if (fault === 'never_arrives') return deadline;
    const result = await work();
    return fault === 'answer_lost' ? deadline : result;
  };
  return {
    read: async (flag) => (faults.isDown ? deadline : control.read(flag)),
    lowerRollout: (flag, id, from, to) => write(() => control.lowerRollout(flag, id, from, to)),
    turnOff: (flag) => write(() => control.turnOff(flag)),
  };
}
