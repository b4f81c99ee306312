import type { Gate } from './gate.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly { readonly check: string; readonly ok: boolean; readonly detail: string }[];
}

/** A name that no flag has: reading it is a real read of the flag service, whatever flags there are. */
const PROBE_FLAG = 'changegate-readiness-probe';

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
