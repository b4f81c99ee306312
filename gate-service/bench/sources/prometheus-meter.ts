import { DatabaseSync } from 'node:sqlite';
import { createTurnstile } from '../../src/adapters/metric-sources/prometheus/turnstile.ts';
import { GateError } from '../../src/contract/gate-error.ts';
import type { MetricSource, SourceAnswer, SourceQuestion } from '../../src/ports/metric-source.ts';

const POLL_MS = 10;
const IDLE_MS = 200;
/** As the adapter does. */
const CALLS_AT_ONCE = 20;
const NEVER = new AbortController().signal;

export interface Asked {
  readonly question: SourceQuestion & { readonly changeId: string };
  readonly startedAt: number;
  readonly endedAt: number;
  readonly status: SourceAnswer['status'];
  readonly detail: string | null;
}

/** A source that remembers what it was asked about changes, and when. */
export class TimedSource implements MetricSource {
  readonly inner: MetricSource;
  #asked: Asked[] = [];
  #underWay = 0;

  constructor(inner: MetricSource) {
    this.inner = inner;
  }

  get asked(): readonly Asked[] {
    return this.#asked;
  }

  forget(): void {
    this.#asked = [];
  }

  /** Resolves when nothing has been asked for a moment: one question may follow another. */
  async quiet(): Promise<void> {
    for (let idleMs = 0; idleMs < IDLE_MS; idleMs = this.#underWay > 0 ? 0 : idleMs + POLL_MS)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }

  async read(question: SourceQuestion): Promise<SourceAnswer> {
    const startedAt = performance.now();
    this.#underWay += 1;
    const answer = await this.inner.read(question).finally(() => {
      this.#underWay -= 1;
    });
    const { changeId } = question;
    if (changeId !== null) {
      this.#asked.push({
        question: { ...question, changeId },
        startedAt,
        endedAt: performance.now(),
        status: answer.status,
        detail: answer.status === 'ok' ? null : answer.detail,
      });
    }
    return answer;
  }

  check: MetricSource['check'] = (kpi) => this.inner.check(kpi);
  close = (): Promise<void> => this.inner.close();
}

interface Call {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Listens to `fetch` for as long as it lives. */
export class HttpCalls {
  readonly #fetch = globalThis.fetch;
  readonly #inTurn = createTurnstile(CALLS_AT_ONCE);
  #calls: Call[] = [];

  record(): void {
    this.#calls = [];
    globalThis.fetch = (url, init) => {
      const { method = 'GET', headers = {}, body = null } = init ?? {};
      this.#calls.push({
        url: String(url),
        method,
        headers: Object.fromEntries(new Headers(headers)),
        body: body === null ? null : String(body),
      });
      return this.#fetch(url, init);
    };
  }

  /** What was called since `record`; nothing is listened to any more. */
  recorded(): readonly Call[] {
    this.restore();
    return this.#calls;
  }

  restore(): void {
    globalThis.fetch = this.#fetch;
  }

  /** The call again, about another change; its answer is received and not looked at. */
  async replay({ url, method, headers, body }: Call, of: string, instead: string): Promise<void> {
    const swap = (text: string) => text.replaceAll(of, instead);
    const form = body === null ? {} : { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' };
    const response = await this.#inTurn(async () => {
      const answer = await this.#fetch(swap(url), {
        method,
        headers: { ...headers, ...form },
        body: body === null ? null : swap(body),
      });
      await answer.arrayBuffer();
      return answer;
    }, NEVER);
    if (!response.ok) throw new GateError('internal', `The server answered ${response.status}.`, 'Report this.');
  }
}

/** What the server itself says that it has used. */
export async function serverCpuSeconds(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1] ?? Number.NaN);
}

/** How many looks a store waits for at this moment of business time. */
export function countDue(storePath: string, now: number): number {
  return count(storePath, `tasks WHERE kind = 'look' AND due_at <= ${now}`);
}

export function countUnstarted(storePath: string): number {
  return count(storePath, 'changes WHERE effective_at IS NULL');
}

function count(storePath: string, rows: string): number {
  const store = new DatabaseSync(storePath, { readOnly: true });
  try {
    return Number(store.prepare(`SELECT count(*) AS rows FROM ${rows}`).get()?.rows);
  } finally {
    store.close();
  }
}
