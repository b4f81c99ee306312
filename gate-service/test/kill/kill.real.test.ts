import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type ChaosProxy, startChaosProxy } from '../support/chaos-proxy.ts';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';
import { type Counts, checkStore, checkVictim, checkWire } from './check-invariants.ts';
import { KillSite, type Victim } from './kill-site.ts';
import { copyOf, RawStore } from './raw-store.ts';

const CYCLES = 40;
/** Moments after the harm is known at which the gate is killed. */
const KILL_WITHIN_MS = 400;
/** The same, once it has begun to act. */
const KILL_WITHIN_ACTING_MS = 150;
const CONVERGE_MS = 60_000;
const SEED = Number(process.env.KILL_SEED ?? 20_260_302);

const unleash = inject('unleash');

describe.skipIf(!unleash)('a gate that is killed while it acts', () => {
  const real = unleash!;
  const victims: Victim[] = [];
  /** How far the acts had come at each kill. */
  const killedAt: Record<string, number> = {};
  let directory: string;
  let storePath: string;
  let proxy: ChaosProxy;
  let site: KillSite;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'changegate-kill-'));
    storePath = join(directory, 'gate.db');
    proxy = await startChaosProxy(real.url);
    site = new KillSite({ unleash: real, unleashUrl: proxy.url, storePath, seen: () => proxy.seen.length });
    await site.start();
  });
  afterAll(async () => {
    await site?.stop();
    await proxy?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** Waits until every act of these changes is decided, ended, and published or overruled. */
  async function converge(
    waited: readonly Victim[],
    how: (act: {
      outcome: string;
      accepted_at: number | null;
      published_at: number | null;
      not_effective_at: number | null;
    }) => boolean,
  ): Promise<number> {
    const started = performance.now();
    for (;;) {
      const raw = new RawStore(storePath);
      const acts = raw.interventions();
      raw.close();
      const open = waited.filter(({ changeId }) => {
        const own = acts.filter(({ change_id }) => change_id === changeId);
        return own.length === 0 || !own.every(how);
      });
      if (open.length === 0) return performance.now() - started;
      const detail = () =>
        JSON.stringify(acts.filter(({ change_id }) => open.some(({ changeId }) => changeId === change_id)));
      if (performance.now() - started > CONVERGE_MS)
        expect.fail(`not converged: ${open.map(({ flag }) => flag)} ${detail()}\n${site.gate.log}`);
      await delay(50);
    }
  }
  const isSettled = (act: {
    outcome: string;
    accepted_at: number | null;
    published_at: number | null;
    not_effective_at: number | null;
  }) =>
    act.outcome !== 'pending' &&
    (act.accepted_at === null || act.published_at !== null || act.not_effective_at !== null);

  /** Until the gate reads one of the flags: it has decided, and now it acts. */
  async function firstRead(current: readonly Victim[]): Promise<void> {
    const from = Math.min(...current.map(({ activatedAfter }) => activatedAfter));
    const isRead = () =>
      proxy.seen
        .slice(from)
        .some(
          ({ path }) => path.includes('/search/events') && current.some(({ flag }) => path.endsWith(`${flag}&limit=1`)),
        );
    const until = performance.now() + 5_000;
    while (!isRead() && performance.now() < until) await delay(1);
  }

  /** Harm, a kill at a random moment, and in half of the cycles a person who wants one flag on all the same. */
  async function hurtAndKill(current: readonly Victim[], random: SeededRandom, cycle: number): Promise<void> {
    const stream = site.streamUntilKilled();
    await site.hurt(current);
    const isActing = cycle % 4 >= 2;
    if (isActing) await firstRead(current);
    const within = isActing ? KILL_WITHIN_ACTING_MS : KILL_WITHIN_MS;
    const raised = current[random.int(current.length)]!;
    const person = cycle % 2 === 1 ? delay(random.int(2 * within)).then(() => site.raise(raised)) : null;
    await delay(random.int(within));
    await site.kill();
    await Promise.all([stream, person]);
    const raw = new RawStore(copyOf(storePath), false);
    for (const act of raw
      .interventions()
      .filter(({ change_id }) => current.some(({ changeId }) => changeId === change_id))) {
      const stage =
        act.outcome === 'pending'
          ? act.intent_at === null
            ? 'decided'
            : 'intended'
          : act.published_at === null
            ? 'ended'
            : 'published';
      killedAt[stage] = (killedAt[stage] ?? 0) + 1;
    }
    raw.close();
  }

  test(`${CYCLES} kills, seed ${SEED}`, async () => {
    const random = seededRandom(SEED);
    let previous: Victim[] = [];
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      const [current] = await Promise.all([
        Promise.all((['throttle', 'turn_off'] as const).map((expected) => site.open(expected))),
        previous.length === 0 ? 0 : converge(previous, isSettled),
      ]);
      victims.push(...current);
      await hurtAndKill(current, random, cycle);
      await site.start();
      previous = current;
    }
    await converge(victims, isSettled);
    // The kills hit every part of an act, or they prove little.
    expect(killedAt.intended ?? 0).toBeGreaterThan(0);
  });

  test('without waiting for any lease it converges within 60 s all the same', async () => {
    const current = await Promise.all([site.open('throttle'), site.open('turn_off'), site.open('turn_off')]);
    victims.push(...current);
    await site.hurt(current);
    await firstRead(current);
    await site.kill();
    await site.start({ leasesRanOut: false });
    expect(await converge(current, isSettled)).toBeLessThan(CONVERGE_MS);
  });

  test('the tables, the ledger, the flag service and the wire tell one story', async () => {
    await site.gate.kill();
    const counts: Counts = { gateWrites: 0, raises: 0, superseded: 0, inWindow: 0 };
    const raw = new RawStore(storePath);
    checkStore(raw, site.acknowledged);
    for (const victim of victims) await checkVictim(real, raw, victim, counts);
    checkWire(proxy.seen, victims);
    for (const victim of victims.filter(({ isRaisedByPerson }) => !isRaisedByPerson)) {
      const { enabled, rollout } = await site.flagOf(victim.flag);
      if (victim.expected === 'turn_off') expect(enabled, victim.flag).toBe(false);
      else expect(enabled ? rollout : 0, victim.flag).toBeLessThanOrEqual(5);
    }
    raw.close();
    console.log({
      ...counts,
      killedAt,
      kills: site.kills,
      changes: victims.length,
      acknowledged: site.acknowledged.length,
    });
    expect(counts.gateWrites).toBeGreaterThanOrEqual(victims.length - counts.raises);
    expect(counts.inWindow).toBeLessThanOrEqual(3);
  });
});
