import type { ChangeView } from '../../src/contract/api/change.ts';
import type { EpochMinute } from '../../src/domain/model/time.ts';
import { type FakeRow, FakeSource } from '../fakes/fake-source.ts';
import { GATE_REGISTRY, gateContract, REPOSITORY, stampBody } from './gate-files.ts';
import { GateHarness, type HarnessOptions, START } from './gate-harness.ts';
import { seededRandom } from './seeded-random.ts';

const MINUTE_MS = 60_000;
export const START_MINUTE = START / MINUTE_MS;
export const WEEK = 10_080;
/** Both KPIs of the gate's tests, asked of the source `metrics`. */
export const PULLED_REGISTRY = GATE_REGISTRY.replaceAll('source: web', 'source: metrics');

export interface PulledShop {
  readonly perMinute: number;
  readonly control: number;
  readonly treatment: number;
}

/** A gate service whose only KPIs are asked of a source. */
export class PulledGate {
  readonly source = new FakeSource();
  readonly harness: GateHarness;

  constructor(options: HarnessOptions = {}) {
    this.harness = new GateHarness({ sources: new Map([['metrics', this.source]]), ...options });
  }

  close(): Promise<void> {
    return this.harness.close();
  }

  /** Stamps and activates change `n`. */
  async start(n = 1, contract = gateContract(), registry = PULLED_REGISTRY): Promise<string> {
    const token = await this.harness.token(['stamp']);
    const body = { ...stampBody(n, contract), registry: { path: '.changegate/kpis.yml', text: registry } };
    const answer = await this.harness.call<{ change: ChangeView }>('POST', '/v1/changes', { token, body });
    if (answer.status !== 201) throw new Error(`not stamped: ${JSON.stringify(answer.body)}`);
    const { change_id } = answer.body.change;
    await this.harness.activate(change_id, REPOSITORY);
    return change_id;
  }

  /** What everybody did in the weeks before the deploy. */
  past(seed: number, { perMinute, control }: PulledShop, weeks = 4): void {
    const random = seededRandom(seed);
    for (let minute = START_MINUTE - weeks * WEEK; minute < START_MINUTE; minute += 1)
      this.#visits(random.poisson(perMinute), null, minute, control, random);
  }

  /** What those in the change did in [from, to), half of them with it. */
  week(seed: number, changeId: string, shop: PulledShop, [from, to]: readonly [EpochMinute, EpochMinute]): void {
    const random = seededRandom(seed);
    for (let minute = from; minute < to; minute += 1) {
      for (const variant of ['off', 'on'] as const) {
        const converts = variant === 'on' ? shop.treatment : shop.control;
        this.#visits(random.poisson(shop.perMinute / 2), { changeId, variant }, minute, converts, random);
      }
    }
  }

  /** The same when everybody has it. */
  everybody(seed: number, changeId: string, shop: PulledShop, [from, to]: readonly [EpochMinute, EpochMinute]): void {
    const random = seededRandom(seed);
    for (let minute = from; minute < to; minute += 1)
      this.#visits(random.poisson(shop.perMinute), { changeId, variant: 'on' }, minute, shop.treatment, random);
  }

  #visits(
    n: number,
    of: Pick<FakeRow, 'changeId' | 'variant'> | null,
    minute: EpochMinute,
    converts: number,
    random: { next(): number },
  ): void {
    if (n === 0) return;
    const outcomes = Array.from({ length: n }, () => random.next());
    const count = (share: number) => outcomes.filter((draw) => draw < share).length;
    const failed = Array.from({ length: n }, () => random.next()).filter((draw) => draw < 0.02).length;
    const common = { changeId: null, variant: null, ...of, minute };
    this.source.rows.push({ ...common, kpiId: 'booking', tally: { n, y: count(converts) } });
    this.source.rows.push({ ...common, kpiId: 'errors', tally: { n, y: failed } });
  }
}
