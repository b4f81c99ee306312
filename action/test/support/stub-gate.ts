/**
 * A scripted gate service for the faults and shapes that the Action must survive. It keeps changes in memory, decides
 * nothing and computes nothing; how the real gate service behaves is tested with the real one.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ChangeView } from '../../../gate-service/src/contract/api/change.ts';
import type { ForecastView } from '../../../gate-service/src/contract/api/forecast.ts';
import {
  EvaluateRequestSchema,
  ForecastRequestSchema,
  StampRequestSchema,
} from '../../../gate-service/src/contract/api/requests.ts';
import { makeChange, makeForecast } from './sample-changes.ts';

export const TOKENS = { gate: 'cg_test_gate_token', activate: 'cg_test_activate_token' } as const;

export interface GateRequest {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly body: unknown;
}

export interface GateFault {
  readonly path: RegExp;
  /** `reset-after-commit`: the work is done and the answer gets lost. */
  readonly kind: 'reset' | 'reset-after-commit' | 'answer' | 'hang';
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  times?: number;
}

export interface StubGate {
  readonly url: string;
  readonly requests: GateRequest[];
  readonly faults: GateFault[];
  readonly changes: Map<string, ChangeView>;
  /** Ids that a list cannot show. */
  readonly unreadable: Set<string>;
  /** What a forecast answers. */
  forecast: ForecastView;
  /** What evaluating does to a change; nothing by default. */
  onEvaluate: (change: ChangeView) => ChangeView;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

const refuse = (status: number, code: string, message: string): Answer => ({
  status,
  body: { error: { code, message, remedy: 'Do as the message says.' } },
});

export async function startStubGate(): Promise<StubGate> {
  const gate = {
    url: '',
    requests: [] as GateRequest[],
    faults: [] as GateFault[],
    changes: new Map<string, ChangeView>(),
    unreadable: new Set<string>(),
    forecast: makeForecast(),
    onEvaluate: (change: ChangeView) => change,
    close: () => closed(),
  };
  const server = createServer((request, response) => {
    serve(gate, request, response).catch((error: unknown) => send(response, refuse(500, 'internal', String(error))));
  });
  const closed = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  gate.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return gate;
}

async function serve(gate: StubGate, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = Buffer.concat(await request.toArray()).toString('utf8');
  const call: GateRequest = {
    method: request.method ?? '',
    path: request.url ?? '',
    token: (request.headers.authorization ?? '').replace(/^Bearer /, ''),
    body: text === '' ? undefined : JSON.parse(text),
  };
  gate.requests.push(call);
  const fault = takeFault(gate.faults, call.path);
  switch (fault?.kind) {
    case 'hang':
      return;
    case 'reset':
      request.socket.destroy();
      return;
    case 'answer':
      send(response, {
        status: fault.status ?? 503,
        body: fault.body,
        ...(fault.headers ? { headers: fault.headers } : {}),
      });
      return;
    case 'reset-after-commit':
      answer(gate, call);
      request.socket.destroy();
      return;
    default:
      send(response, answer(gate, call));
  }
}

function takeFault(faults: GateFault[], path: string): GateFault | undefined {
  const fault = faults.find((candidate) => candidate.path.test(path));
  if (fault === undefined) return undefined;
  fault.times = (fault.times ?? 1) - 1;
  if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1);
  return fault;
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

function answer(gate: StubGate, call: GateRequest): Answer {
  const { pathname, searchParams } = new URL(call.path, 'http://gate');
  const [, , , id = '', action = ''] = pathname.split('/');
  const route = `${call.method} ${pathname.replace(id === '' ? '(none)' : id, ':id')}`;
  const needed = action === 'activate' ? TOKENS.activate : TOKENS.gate;
  if (call.token !== needed)
    return refuse(
      403,
      'forbidden',
      `The API token lacks the scope ${action === 'activate' ? 'activate' : 'that this needs'}.`,
    );
  const change = gate.changes.get(id);
  if (id !== '' && change === undefined) return refuse(404, 'not_found', `There is no change ${id}.`);
  switch (route) {
    case 'POST /v1/forecasts':
      ForecastRequestSchema.parse(call.body);
      return { status: 200, body: { contract_hash: 'c'.repeat(64), forecast: gate.forecast } };
    case 'POST /v1/changes':
      return stamp(gate, call.body);
    case 'GET /v1/changes': {
      const states = (searchParams.get('state') ?? '').split(',');
      const listed = [...gate.changes.values()]
        .filter(({ state }) => states.includes(state))
        .sort((left, right) => right.stamped_at - left.stamped_at);
      const before = searchParams.get('before');
      const from = before === null ? 0 : listed.findIndex(({ change_id }) => change_id === before) + 1;
      const changes = listed.slice(from, from + Number(searchParams.get('limit') ?? 100));
      const next = from + changes.length < listed.length ? changes.at(-1)!.change_id : null;
      return { status: 200, body: { changes, next, unreadable: [...gate.unreadable] } };
    }
    case 'GET /v1/changes/:id':
      return { status: 200, body: { change } };
    case 'POST /v1/changes/:id/activate':
      return activate(gate, change!);
    case 'POST /v1/changes/:id/evaluate':
      return evaluate(gate, change!, call.body);
    default:
      return refuse(404, 'not_found', `No ${route}.`);
  }
}

function stamp(gate: StubGate, body: unknown): Answer {
  const request = StampRequestSchema.parse(body);
  const hash = createHash('sha256')
    .update(`${request.repository}\n${request.commit_sha}\n${request.contract.path}`)
    .digest('hex');
  const id = `chg-${request.pull_request ?? 'push'}-${hash.slice(0, 10)}`;
  const existing = gate.changes.get(id);
  if (existing !== undefined) return { status: 200, body: { created: false, change: existing } };
  const change = makeChange({
    change_id: id,
    repository: request.repository,
    pull_request: request.pull_request,
    commit_sha: request.commit_sha,
    contract_path: request.contract.path,
    flag: /^flag: (\S+)$/m.exec(request.contract.text)?.[1] ?? 'unknown',
  });
  gate.changes.set(id, change);
  return { status: 201, body: { created: true, change } };
}

function activate(gate: StubGate, change: ChangeView): Answer {
  if (change.state !== 'stamped')
    return refuse(409, 'conflict', `The change is ${change.state}; only a stamped one is activated, once.`);
  const watching = { ...change, state: 'watching' as const, activated_at: change.stamped_at + 60_000 };
  gate.changes.set(change.change_id, watching);
  return { status: 200, body: { change: watching } };
}

function evaluate(gate: StubGate, change: ChangeView, body: unknown): Answer {
  EvaluateRequestSchema.parse(body);
  const after = gate.onEvaluate(change);
  gate.changes.set(change.change_id, after);
  const newest = after.verdicts.at(-1);
  return {
    status: 200,
    body: {
      verdict: newest?.verdict ?? 'pending',
      new_revision: after.verdicts.length > change.verdicts.length,
      change: after,
    },
  };
}
