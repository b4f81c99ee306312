import { DrivenClock } from '../demo/driven-clock.ts';
import { createSqliteStore } from '../src/adapters/store/sqlite/sqlite-store.ts';
import { systemClock } from '../src/adapters/system/system-clock.ts';
import { systemRandom } from '../src/adapters/system/system-random.ts';
import { StampRequestSchema } from '../src/contract/api/requests.ts';
import type { Log } from '../src/ports/log.ts';
import { activateChange } from '../src/services/activate-change.ts';
import type { ActivationGate } from '../src/services/gate.ts';
import { makeChangeId } from '../src/services/hashes.ts';
import { stampChange } from '../src/services/stamp-change.ts';
import { createFakeFlags, type FakeFlags } from '../test/fakes/fake-flags.ts';

export const REPOSITORY = 'sparky/site';
export const FLAG = 'short-form';
/** Monday, 2026-03-02, 09:00 UTC: when the change is activated. */
export const START = Date.UTC(2026, 2, 2, 9);

const COMMIT = 'b'.repeat(40);
const PULL_REQUEST = 7;
const CONTRACT_PATH = '.changegate/changes/short-form.yml';
export const CHANGE_ID = makeChangeId(REPOSITORY, PULL_REQUEST, COMMIT, CONTRACT_PATH);

const REGISTRY = `booking:
  title: Bookings
  definition: Share of visitors of the quote page who book within two hours
  owner: office
  unit: ratio
  direction: increase_is_good
  measure: { source: web, type: proportion, of: quote_viewed, success: quote_done, within: 2h }
errors:
  title: Errors
  definition: Share of requests of the quote page that fail
  owner: office
  unit: ratio
  direction: decrease_is_good
  measure: { source: web, type: proportion, of: quote_viewed }
`;
const CONTRACT = `hypothesis: A shorter quote form gets more visitors to book
flag: ${FLAG}
primary: { kpi: booking, at_least: +5% }
leading: { kpi: errors }
guardrails: [{ kpi: errors, no_worse_than: 1pp }]
`;

/** The real store and the real use cases; the flag service is the fake of the tests, so that no network is measured. */
export interface BenchGate extends ActivationGate {
  readonly business: DrivenClock;
}

export function openBenchGate(storePath: string, now: number, flags: FakeFlags = createFakeFlags()): BenchGate {
  return {
    store: createSqliteStore({ path: storePath }),
    business: new DrivenClock(now),
    real: systemClock,
    flags: flags.control,
    observer: flags.observer,
    sources: new Map(),
    activation: flags.activation,
    log: SILENT,
    random: systemRandom,
    options: {
      lookEveryMinutes: 1,
      flagReadEveryMinutes: 1,
      sdkRefreshMinutes: 1,
      blindGraceMinutes: 30,
      requireHash: false,
      ingestHmacKey: null,
      secret: 'a-secret-of-the-benchmark',
      eventSources: ['web'],
      owner: 'bench',
    },
  };
}

/** Stamps and activates the one change of the benchmark at the clock's present. */
export async function stampAndActivate(gate: BenchGate): Promise<void> {
  const request = StampRequestSchema.parse({
    repository: REPOSITORY,
    pull_request: PULL_REQUEST,
    commit_sha: COMMIT,
    actor: 'bench',
    contract: { path: CONTRACT_PATH, text: CONTRACT },
    registry: { path: '.changegate/kpis.yml', text: REGISTRY },
    policy: null,
  });
  await stampChange(gate, request);
  await activateChange(gate, CHANGE_ID, REPOSITORY, 'bench');
}

const ignore = () => undefined;
const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: (fields) => console.error(fields) };
