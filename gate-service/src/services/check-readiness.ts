import type { Gate } from './gate.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly { readonly check: string; readonly ok: boolean; readonly detail: string }[];
}

/** For so long an answer stands, in ms: anybody may ask, and each question would be a call to the flag service. */
const READY_MS = 5_000;
/** A service that just came up is seen sooner. */
const NOT_READY_MS = 1_000;
/** A name that no flag has: reading it is a real read of the flag service, whatever flags there are. */
const PROBE_FLAG = 'changegate-readiness-probe';

/** `checkReadiness`, asked as seldom as its answers stand; those who ask at the same time share one. */
export function readinessOf(gate: Gate): () => Promise<Readiness> {
  let answer: Promise<Readiness> | null = null;
  let goodUntil = Number.POSITIVE_INFINITY;
  const ask = async () => {
    goodUntil = Number.POSITIVE_INFINITY;
    const readiness = await checkReadiness(gate);
    goodUntil = gate.real.now() + (readiness.ready ? READY_MS : NOT_READY_MS);
    return readiness;
  };
  const drop = () => {
    answer = null;
  };
  return () => {
    if (answer !== null && gate.real.now() < goodUntil) return answer;
    answer = ask();
    answer.catch(drop);
    return answer;
  };
}

/** Asks what the watch depends on with real reads; a health page that says "good" proves nothing. */
export async function checkReadiness(gate: Gate): Promise<Readiness> {
  const [store, flags] = await Promise.all([gate.store.probe(), gate.flags.read(PROBE_FLAG)]);
  const checks = [
    { check: 'store', ok: store, detail: store ? 'readable' : 'the store does not answer' },
    {
      check: 'flag_service',
      ok: flags.ok,
      detail: flags.ok ? 'readable' : `${flags.failure.kind}: ${flags.failure.detail}`,
    },
  ];
  return { ready: checks.every(({ ok }) => ok), checks };
}
