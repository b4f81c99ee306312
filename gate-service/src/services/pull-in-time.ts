import type { AnsweredPart } from './ask-source.ts';
import type { Gate } from './gate.ts';

/** How long a look waits for its sources together: what comes later is taken by the next look. */
const PATIENCE_MS = 500;
/** An answer that nobody came for is asked for anew. */
const KEPT_MS = 600_000;
/** Questions to one source that may be under way at the same time: a source that hangs gathers no more. */
const MOST_UNDER_WAY = 256;

type Asking = Pick<Gate, 'sources' | 'real'>;

interface Errand {
  readonly source: string;
  readonly startedAt: number;
  readonly done: Promise<void>;
  parts: readonly AnsweredPart[] | null;
  /** Whether somebody has waited for it in vain. */
  overdue: boolean;
}

export interface ErrandRequest {
  /** Two requests with the same key are one. */
  readonly key: string;
  readonly source: string;
  run(): Promise<readonly AnsweredPart[]>;
}

const OVERLOADED: readonly AnsweredPart[] = [
  {
    span: { from: 0, to: 0 },
    answer: {
      status: 'source_error',
      fault: 'overloaded',
      detail: `${MOST_UNDER_WAY} questions to this source are waiting; allowed are fewer.`,
      query: null,
    },
  },
];

interface UnderWay {
  readonly errands: Map<string, Errand>;
  /** When each source last answered anything, in real time. */
  readonly answeredAt: Map<string, number>;
}
const UNDER_WAY = new WeakMap<Gate['sources'], UnderWay>();

/**
 * Asks what is not being asked already, and waits a moment: a source that hangs delays no look, of this change or of
 * another (docs/reliability.md row A2). A question that is overdue is not waited for again, and nothing is where a source
 * with an overdue question has answered nothing for as long as a look waits: a busy source is no hanging one.
 * @param patienceMs how long to wait for all of them together
 * @param isTogether answers are handed out once all of them are there; until then none is asked anew
 * @returns by key, null for what has not been answered yet; where too much is under way, a non-answer that says so
 */
export async function askInTime(
  gate: Asking,
  requests: readonly ErrandRequest[],
  patienceMs: number = PATIENCE_MS,
  isTogether = false,
): Promise<ReadonlyMap<string, readonly AnsweredPart[] | null>> {
  const underWay = UNDER_WAY.get(gate.sources) ?? { errands: new Map(), answeredAt: new Map() };
  UNDER_WAY.set(gate.sources, underWay);
  const { errands } = underWay;
  forgetOld(errands, gate.real.now());
  for (const request of requests) start(gate, underWay, request);
  // Held on to: another caller with the same key may take an errand away meanwhile, and both get its answer.
  const own = requests.map(({ key }) => ({ key, errand: errands.get(key) ?? null }));
  const sent = own.flatMap(({ errand }) => errand ?? []);
  const stuck = stuckSources(underWay, gate.real.now());
  await waitFor(
    gate,
    sent.filter(({ source, overdue }) => !overdue && !stuck.has(source)),
    patienceMs,
  );
  const isKept = isTogether && sent.some(({ parts }) => parts === null);
  return new Map(
    own.map(({ key, errand }) => {
      if (errand === null) return [key, OVERLOADED] as const;
      if (errand.parts === null) errand.overdue = true;
      else if (!isKept && errands.get(key) === errand) errands.delete(key);
      return [key, errand.parts] as const;
    }),
  );
}

function stuckSources({ errands, answeredAt }: UnderWay, now: number): ReadonlySet<string> {
  const overdue = [...errands.values()].filter((errand) => errand.overdue).map(({ source }) => source);
  return new Set(overdue.filter((source) => now - (answeredAt.get(source) ?? Number.NEGATIVE_INFINITY) >= PATIENCE_MS));
}

function start(gate: Asking, { errands, answeredAt }: UnderWay, { key, source, run }: ErrandRequest): void {
  if (errands.has(key)) return;
  const waiting = [...errands.values()].filter((one) => one.source === source && one.parts === null);
  if (waiting.length >= MOST_UNDER_WAY) return;
  const done = run().then((parts) => {
    answeredAt.set(source, gate.real.now());
    errand.parts = parts;
    errand.overdue = false;
  });
  const errand: Errand = { source, startedAt: gate.real.now(), done, parts: null, overdue: false };
  errands.set(key, errand);
}

async function waitFor({ real }: Asking, errands: readonly Errand[], patienceMs: number): Promise<void> {
  if (errands.length === 0) return;
  const patience = new AbortController();
  const tooLate = real.sleep(patienceMs, patience.signal).catch(() => undefined);
  await Promise.race([Promise.all(errands.map(({ done }) => done)), tooLate]);
  patience.abort();
}

function forgetOld(errands: Map<string, Errand>, now: number): void {
  for (const [key, { parts, startedAt }] of errands) if (parts && now - startedAt > KEPT_MS) errands.delete(key);
}
