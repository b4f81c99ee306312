import type { Route } from '../../src/http/route.ts';
import { GATE_REGISTRY, gateContract, OTHER_REPOSITORY, REPOSITORY, stampBody } from './gate-files.ts';
import type { Call, GateHarness } from './gate-harness.ts';

const DAY_MS = 86_400_000;

/** One change of REPOSITORY in each state that a call may need. */
export interface Stage {
  readonly stamped: string;
  readonly watching: string;
  readonly judged: string;
  readonly spareToken: string;
}

/** A right call of one route, and what it answers to a token of REPOSITORY and to one of another repository. */
export interface RightCall {
  readonly url: (stage: Stage) => string;
  readonly call?: Call;
  readonly status: number;
  /** 404: as if it were not there; 403: the request itself names a repository that the token does not have. */
  readonly stranger: 200 | 202 | 403 | 404;
}

const head = { head: null };
const by = { by: 'pat', reason: 'a test' };

/** By operation; a test holds the keys against the route table, so that no route is forgotten. */
export const RIGHT_CALLS: Readonly<Record<string, RightCall>> = {
  forecast: { url: () => '/v1/forecasts', call: { body: forecastBody() }, status: 200, stranger: 403 },
  stamp: { url: () => '/v1/changes', call: { body: stampBody(900, flag('nine')) }, status: 201, stranger: 403 },
  list_changes: { url: () => `/v1/changes?repository=${REPOSITORY}`, status: 200, stranger: 403 },
  show_change: { url: ({ watching }) => `/v1/changes/${watching}`, status: 200, stranger: 404 },
  activate: { url: ({ stamped }) => `/v1/changes/${stamped}/activate`, status: 200, stranger: 404 },
  evaluate: {
    url: ({ watching }) => `/v1/changes/${watching}/evaluate`,
    call: { body: head },
    status: 200,
    stranger: 404,
  },
  decide: {
    url: ({ judged }) => `/v1/changes/${judged}/decide`,
    call: { body: { decision: 'keep', ...by } },
    status: 200,
    stranger: 404,
  },
  evidence: { url: ({ judged }) => `/v1/changes/${judged}/evidence?revision=1`, status: 200, stranger: 404 },
  change_ledger: {
    url: ({ watching }) => `/v1/changes/${watching}/ledger?after=0&limit=2`,
    status: 200,
    stranger: 404,
  },
  ledger: { url: () => '/v1/ledger', status: 200, stranger: 403 },
  register_kpis: {
    url: () => '/v1/kpis',
    call: { body: { repository: REPOSITORY, registry: { path: 'kpis.yml', text: GATE_REGISTRY } } },
    status: 200,
    stranger: 403,
  },
  list_kpis: { url: () => `/v1/kpis?repository=${REPOSITORY}`, status: 200, stranger: 403 },
  ingest: {
    url: () => `/v1/events?repository=${REPOSITORY}`,
    call: { raw: { type: 'application/x-ndjson', payload: '' } },
    status: 202,
    stranger: 403,
  },
  ingest_otlp_logs: {
    url: () => `/v1/logs?repository=${REPOSITORY}`,
    call: { raw: { type: 'application/json', payload: '{}' } },
    status: 200,
    stranger: 403,
  },
  list_quarantine: { url: () => `/v1/quarantine?repository=${REPOSITORY}`, status: 200, stranger: 403 },
  replay_quarantine: {
    url: () => '/v1/quarantine/replay',
    call: { body: { repository: REPOSITORY, reason: 'skew' } },
    status: 200,
    stranger: 403,
  },
  pause: { url: () => '/v1/pause', call: { body: by }, status: 200, stranger: 403 },
  resume: { url: () => '/v1/resume', call: { body: by }, status: 200, stranger: 403 },
  show_pause: { url: () => '/v1/pause', status: 200, stranger: 200 },
  create_token: { url: () => '/v1/tokens', call: { body: { scopes: ['read'] } }, status: 201, stranger: 403 },
  revoke_token: { url: ({ spareToken }) => `/v1/tokens/${spareToken}`, status: 200, stranger: 403 },
  health: { url: () => '/health', status: 200, stranger: 200 },
  ready: { url: () => '/ready', status: 200, stranger: 200 },
};

/** Routes of the whole service: a token that is bound to a repository may not call them. */
export const WHOLE_SERVICE = ['ledger', 'pause', 'resume', 'create_token', 'revoke_token'];

export async function setStage(harness: GateHarness): Promise<Stage> {
  const judged = await harness.stampAndActivate(1, flag('one'));
  await harness.runTo(harness.business.now() + 8 * DAY_MS, 24 * 60);
  const watching = await harness.stampAndActivate(2, flag('two'));
  const { change_id: stamped } = await harness.stamp(3, flag('three'));
  const spare = await harness.token(['read'], OTHER_REPOSITORY, 1);
  return { stamped, watching, judged, spareToken: spare.split('_')[1]! };
}

export function rightCall(route: Route): RightCall {
  const found = RIGHT_CALLS[route.operationId];
  if (!found) throw new Error(`gate-calls.ts has no call of ${route.operationId}`);
  return found;
}

function forecastBody() {
  const { repository, pull_request, contract, registry, policy } = stampBody(5);
  return { repository, pull_request, contract, registry, policy };
}

function flag(name: string): string {
  return gateContract({ flag: `flag: ${name}` });
}
