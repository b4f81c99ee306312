/** The registry of the gate's tests: one conversion with two hours of waiting, one status KPI. */
export const GATE_REGISTRY = `booking:
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

const LINES = {
  hypothesis: 'hypothesis: A shorter quote form gets more visitors to book',
  flag: 'flag: short-form',
  primary: 'primary: { kpi: booking, at_least: +5% }',
  leading: 'leading: { kpi: errors }',
  guardrails: 'guardrails: [{ kpi: errors, no_worse_than: 1pp }]',
  rollout: '',
  stop: '',
  window: '',
} as const;

/** A right contract for GATE_REGISTRY in which some lines are replaced. */
export function gateContract(changes: Partial<Record<keyof typeof LINES, string>> = {}): string {
  return `${Object.values({ ...LINES, ...changes })
    .filter((line) => line !== '')
    .join('\n')}\n`;
}

export const REPOSITORY = 'sparky/site';
export const OTHER_REPOSITORY = 'volt/shop';

/** The body of a stamp; commits differ by `n`. */
export function stampBody(n: number, contract = gateContract(), repository = REPOSITORY) {
  return {
    repository,
    pull_request: n,
    commit_sha: n.toString(16).padStart(40, '0'),
    actor: 'github:pat',
    contract: { path: `.changegate/changes/change-${n}.yml`, text: contract },
    registry: { path: '.changegate/kpis.yml', text: GATE_REGISTRY },
    policy: null,
  };
}
