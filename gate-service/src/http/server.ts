import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { EVENT_LIMITS } from '../contract/api/event.ts';
import { ERROR_TABLE, GateError } from '../contract/gate-error.ts';
import type { Gate } from '../services/gate.ts';
import type { Principal } from '../services/tokens.ts';
import { authorise } from './authorise.ts';
import { makeOpenApi } from './openapi.ts';
import { readNdjson, readText } from './read-text.ts';
import { type Call, Reply, type Route } from './route.ts';

const BODY_LIMIT = 1_048_576;
/**
 * Headers and the whole request must come in so soon. A socket may be silent for longer: `activate` and `evaluate` say
 * nothing while they wait for a flag service that hangs.
 */
export const TIMEOUTS_MS = { headers: 8_000, request: 10_000, silence: 60_000 } as const;

export interface ServerOptions {
  /** The operator's bootstrap token: every scope but `activate`; null when there is none. */
  readonly adminToken: string | null;
}

/** The HTTP server over the route table. Limits and time-outs are those of docs/reliability.md H9 and H10. */
export function createServer(gate: Gate, routes: readonly Route[], options: ServerOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: TIMEOUTS_MS.request,
    connectionTimeout: TIMEOUTS_MS.silence,
    http: { headersTimeout: TIMEOUTS_MS.headers, maxHeaderSize: 16_384 },
    return503OnClosing: true,
    // A path that cannot even be decoded is refused before the error handler is asked.
    frameworkErrors: (error, request, reply) => {
      sendError(gate, request, reply, error);
    },
  });
  app.addContentTypeParser(
    ['application/x-ndjson', 'application/ndjson'],
    { parseAs: 'buffer', bodyLimit: EVENT_LIMITS.batchBytes },
    (_request, body, done) => done(null, body),
  );
  app.setErrorHandler((error, request, reply) => sendError(gate, request, reply, error));
  app.setNotFoundHandler((request, reply) =>
    sendError(
      gate,
      request,
      reply,
      new GateError(
        'not_found',
        `There is no ${request.method} ${request.url.split('?')[0]}.`,
        'See /openapi.json for every path.',
      ),
    ),
  );
  for (const route of routes.filter(({ text }) => text !== 'otlp')) register(app, gate, route, options);
  void app.register(async (scope) => {
    // JSON that comes compressed, and in batches: taken as bytes here, and read within the limits of events.
    scope.removeContentTypeParser('application/json');
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: EVENT_LIMITS.batchBytes },
      (_request, body, done) => done(null, body),
    );
    for (const route of routes.filter(({ text }) => text === 'otlp')) register(scope, gate, route, options);
  });
  const openApi = makeOpenApi(routes);
  app.get('/openapi.json', async () => openApi);
  return app;
}

function register(app: FastifyInstance, gate: Gate, route: Route, options: ServerOptions): void {
  const principals = new WeakMap<FastifyRequest, Principal>();
  app.route({
    method: route.method,
    url: route.path,
    // Before the body is read: strangers get no work done.
    onRequest: async (request) => {
      principals.set(request, await authorise(gate, request, route, options.adminToken));
    },
    handler: async (request, reply) => {
      const call: Call<unknown> = {
        principal: principals.get(request)!,
        params: request.params as Record<string, string>,
        query: readQuery(route, request),
        headers: request.headers as Record<string, string | undefined>,
        body: await readBody(route, request),
      };
      const result = await route.handle(call as Call<never>);
      reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
      if (result instanceof Reply) return reply.status(result.status).send(result.body);
      return reply.status(route.status ?? 200).send(result);
    },
  });
}

async function readBody(route: Route, request: FastifyRequest): Promise<unknown> {
  if (route.text === 'ndjson') return readNdjson(request);
  if (route.text === 'otlp') {
    return readText(request, 'the JSON of OTLP', 'application/json (OTEL_EXPORTER_OTLP_PROTOCOL=http/json)');
  }
  return route.body ? parseOrThrow(route.body, request.body ?? {}, 'body') : undefined;
}

function readQuery(route: Route, request: FastifyRequest): Record<string, string> {
  const query = request.query as Record<string, string | string[]>;
  const repeated = Object.keys(query).find((key) => Array.isArray(query[key]));
  if (repeated !== undefined)
    throw new GateError('invalid_request', `The query names ${repeated} more than once.`, 'Name it once.');
  if (!route.query) {
    const unknown = Object.keys(query)[0];
    if (unknown !== undefined)
      throw new GateError('invalid_request', `The query has ${unknown}; this path takes none.`, 'See /openapi.json.');
    return {};
  }
  return parseOrThrow(route.query, query, 'query') as Record<string, string>;
}

function parseOrThrow(schema: NonNullable<Route['body']>, value: unknown, where: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${[where, ...issue.path].join('.')}: ${issue.message}`);
  throw new GateError('invalid_request', problems.join('; '), 'See /openapi.json for what is allowed.', {
    context: { problems },
  });
}

function sendError(gate: Gate, request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const known = error instanceof GateError ? error : fromFastify(error);
  const { status } = ERROR_TABLE[known.code];
  const fields = { err: error, method: request.method, path: request.url.split('?')[0], code: known.code };
  if (status >= 500) gate.log.error(fields, 'request failed');
  else gate.log.info(fields, 'request refused');
  const { code, message, remedy, context } = known;
  if (code === 'overloaded') reply.header('retry-after', '1');
  return reply.status(status).header('cache-control', 'no-store').send({ error: { code, message, remedy, context } });
}

function fromFastify(error: unknown): GateError {
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode === 413)
    return new GateError('too_large', 'The body is larger than the limit.', 'Send smaller batches.');
  if (statusCode !== undefined && statusCode < 500)
    return new GateError(
      'invalid_request',
      message ?? 'The request cannot be read.',
      'See /openapi.json for what is allowed.',
    );
  return new GateError(
    'internal',
    'Something went wrong here; the log has the details.',
    'Try again; if it stays, report it with the log.',
    { cause: error },
  );
}
