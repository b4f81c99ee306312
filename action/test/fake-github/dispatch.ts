import type { OpenAPIBackend } from 'openapi-backend';
import { checkHandlers } from './handlers/checks.ts';
import { deploymentHandlers } from './handlers/deployments.ts';
import { issueHandlers } from './handlers/issues.ts';
import { pullHandlers } from './handlers/pulls.ts';
import { repositoryHandlers } from './handlers/repository.ts';
import { workflowHandlers } from './handlers/workflows.ts';
import type { Payloads } from './payloads.ts';
import { notFound, Refusal } from './refusal.ts';
import type { Handler, Reply } from './reply.ts';
import type { GitHubState } from './state.ts';
import { checkPermission, type Tokens } from './tokens.ts';
import { checkRequest, responseErrors } from './validation.ts';

export const handlers: Record<string, Handler> = {
  ...repositoryHandlers,
  ...pullHandlers,
  ...issueHandlers,
  ...checkHandlers,
  ...deploymentHandlers,
  ...workflowHandlers,
};

/** An answer of the fake that GitHub's own description forbids: a bug of the fake, which a test must not overlook. */
export interface Violation {
  operationId: string;
  status: number;
  errors: string[];
}

export interface World {
  backend: OpenAPIBackend;
  state: GitHubState;
  payloads: Payloads;
  tokens: Tokens;
  violations: Violation[];
  now: () => Date;
}

export interface IncomingCall {
  method: string;
  /** Below the base path, without query, still percent-encoded. */
  path: string;
  url: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  /** Parsed JSON, undefined when there is none, the text itself when it is not JSON. */
  body: unknown;
}

/** The parameters in which GitHub accepts plain slashes; the router wants one encoded segment. */
function encodeSlashes(path: string): string {
  const encode = (part: string) => part.replaceAll('/', '%2F');
  return path
    .replace(/^(\/repos\/[^/]+\/[^/]+\/(?:contents|compare)\/)(.+)$/, (_, start, rest) => start + encode(rest))
    .replace(/^(\/repos\/[^/]+\/[^/]+\/contents)\/?$/, '$1/%2F')
    .replace(
      /^(\/repos\/[^/]+\/[^/]+\/commits\/)(.+?)(\/check-runs|\/pulls)?$/,
      (_, start, ref, end = '') => start + encode(ref) + end,
    );
}

const decodeAll = (params: Record<string, string>) =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decodeURIComponent(value)]));

/** Answers one request as GitHub would: who are you, may you, is it well formed, then the work. */
export function dispatch(world: World, call: IncomingCall): Reply {
  try {
    return answer(world, call);
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, body: error.body, headers: error.headers };
    throw error;
  }
}

function answer(world: World, call: IncomingCall): Reply {
  const { backend, state } = world;
  const token = world.tokens.authenticate(call.headers.authorization);
  const request = { ...call, path: encodeSlashes(call.path) };
  const operation = backend.router.matchOperation(request);
  const handler = operation === undefined ? undefined : handlers[operation.operationId ?? ''];
  if (operation?.operationId === undefined || handler === undefined) throw notFound();
  const params = decodeAll(backend.router.parseRequest(request, operation).params as Record<string, string>);
  const isOurs = (params.owner ?? '').toLowerCase() === state.owner.toLowerCase();
  if (!isOurs || (params.repo ?? '').toLowerCase() !== state.repo.toLowerCase()) throw notFound();
  checkPermission(token, operation.operationId);
  checkRequest(backend, operation, request);
  const reply = handler({
    ...world,
    params,
    url: call.url,
    accept: call.headers.accept ?? '',
    query: call.query,
    body: call.body,
    actor: token.actor,
  });
  return checkReply(world, operation, reply);
}

function checkReply(world: World, operation: Parameters<typeof responseErrors>[1], reply: Reply): Reply {
  const isJson = reply.headers?.['content-type'] === undefined;
  const errors = isJson ? responseErrors(world.backend, operation, reply.status, reply.body) : [];
  if (errors.length === 0) return reply;
  const operationId = operation.operationId ?? '';
  world.violations.push({ operationId, status: reply.status, errors });
  return { status: 500, body: { message: `The fake GitHub broke GitHub's own description: ${errors.join('; ')}` } };
}
