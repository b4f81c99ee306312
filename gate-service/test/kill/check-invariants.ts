import { expect } from 'vitest';
import { verifyLedger } from '../../src/domain/model/ledger-chain.ts';
import type { LedgerEntryWithPayload } from '../../src/domain/model/ledger-entry.ts';
import type { SeenRequest } from '../support/chaos-proxy.ts';
import type { UnleashReady } from '../support/unleash.ts';
import type { Victim } from './kill-site.ts';
import type { RawIntervention, RawStore } from './raw-store.ts';

const GATE = 'changegate-watch';
const PERSON = 'pat-person';
const ENDS = ['action.accepted', 'action.already_safe', 'action.superseded', 'action.blocked', 'action.failed'];
/**
 * The window that the protocol leaves: a raise between the gate's last reading and its call. Unleash reads for a PATCH's
 * `test` just before its transaction, so two PATCHes at the same moment can both pass.
 */
const WINDOW_MS = 250;

interface FlagEvent {
  readonly id: number;
  readonly type: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly data: { readonly parameters?: { readonly rollout?: string } } | null;
  readonly preData: { readonly parameters?: { readonly rollout?: string } } | null;
}

export interface Counts {
  gateWrites: number;
  raises: number;
  superseded: number;
  inWindow: number;
}

/** Everything that must hold for one change, from the raw tables and the flag service's own event list. */
export async function checkVictim(unleash: UnleashReady, raw: RawStore, victim: Victim, counts: Counts): Promise<void> {
  const events = await eventsOf(unleash, victim.flag);
  const entries = raw.ledger().filter(({ changeId }) => changeId === victim.changeId);
  const acts = raw.interventions().filter(({ change_id }) => change_id === victim.changeId);
  const ours = events.filter(({ createdBy }) => createdBy === GATE);
  for (const event of ours) checkLowers(event);
  for (const event of ours) checkRecorded(event, entries);
  for (const act of acts) checkEnd(act, entries);
  checkPeopleWin(events, counts);
  counts.gateWrites += ours.length;
  counts.superseded += acts.filter(({ outcome }) => outcome === 'superseded').length;
}

/** R2: the gate's user only ever disabled the flag or made a percentage smaller. */
function checkLowers(event: FlagEvent): void {
  if (event.type === 'feature-environment-disabled') return;
  expect(event.type, JSON.stringify(event)).toBe('feature-strategy-update');
  const [from, to] = [event.preData?.parameters?.rollout, event.data?.parameters?.rollout].map(Number);
  expect(to!).toBeLessThan(from!);
}

/** R3 and R18: an intent with an older event id before it, naming that very call, and an end after it. */
function checkRecorded(event: FlagEvent, entries: readonly LedgerEntryWithPayload[]): void {
  const kind = event.type === 'feature-environment-disabled' ? 'turn_off' : 'lower';
  const intent = entries.findLast(
    ({ type, payload }) =>
      type === 'action.intent' &&
      Number(payload?.event_id) < event.id &&
      (payload?.call as { kind: string } | undefined)?.kind === kind,
  );
  expect(intent, `no intent for ${JSON.stringify(event)}`).toBeDefined();
  const end = entries.find(
    ({ seq, type, payload }) =>
      seq > intent!.seq && ENDS.includes(type) && payload?.intervention_id === intent!.payload?.intervention_id,
  );
  expect(end, `no end for ${JSON.stringify(event)}`).toBeDefined();
  expect(Number(end!.payload?.event_id)).toBeGreaterThanOrEqual(event.id);
}

/** One end for each intervention, the same in the ledger as in its row. */
function checkEnd({ intervention_id, outcome }: RawIntervention, entries: readonly LedgerEntryWithPayload[]): void {
  const ends = entries.filter(
    ({ type, payload }) => ENDS.includes(type) && payload?.intervention_id === intervention_id,
  );
  expect(ends.map(({ payload }) => payload?.outcome)).toEqual([outcome]);
}

/** R8: after a person's raise nothing that was decided before it touches the flag. */
function checkPeopleWin(events: readonly FlagEvent[], counts: Counts): void {
  const raise = events.find(({ createdBy }) => createdBy === PERSON);
  if (!raise) return;
  counts.raises += 1;
  const later = events.filter(({ id, createdBy }) => createdBy === GATE && id > raise.id);
  for (const event of later) {
    counts.inWindow += 1;
    const afterMs = Date.parse(event.createdAt) - Date.parse(raise.createdAt);
    expect(afterMs, JSON.stringify({ raise, event })).toBeLessThan(WINDOW_MS);
  }
}

async function eventsOf({ url, tokens }: UnleashReady, flag: string): Promise<readonly FlagEvent[]> {
  const answer = await fetch(`${url}/api/admin/search/events?feature=IS:${flag}&limit=1000`, {
    headers: { authorization: tokens.admin },
  });
  const { events } = (await answer.json()) as { events: FlagEvent[] };
  return events.toSorted((left, right) => left.id - right.id);
}

/** What the whole run must leave: a sound store, a ledger that verifies, every acknowledged event. */
export function checkStore(raw: RawStore, acknowledged: readonly string[]): void {
  expect(raw.integrity()).toBe('ok');
  expect(verifyLedger(raw.ledger()).status).toBe('ok');
  const stored = raw.eventIds();
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
}

/** The wire itself: once a flag is activated, no request of the gate could raise it, whoever the events name. */
export function checkWire(seen: readonly SeenRequest[], victims: readonly Victim[]): void {
  for (const { flag, activatedAfter } of victims) {
    const writes = seen
      .slice(activatedAfter)
      .filter(({ method, path }) => method !== 'GET' && path.includes(`/features/${flag}/`));
    for (const { method, path, body } of writes) {
      if (method === 'POST')
        expect(path).toBe(`/api/admin/projects/default/features/${flag}/environments/development/off`);
      else {
        expect(method).toBe('PATCH');
        const [test, replace] = JSON.parse(body) as { op: string; path: string; value: string }[];
        expect([test!.op, replace!.op, test!.path, replace!.path]).toEqual([
          'test',
          'replace',
          '/parameters/rollout',
          '/parameters/rollout',
        ]);
        expect(Number(replace!.value)).toBeLessThan(Number(test!.value));
      }
    }
  }
}
