import { z } from 'zod';
import { ErrorResponseSchema } from '../contract/api/requests.ts';
import { ERROR_TABLE } from '../contract/gate-error.ts';
import type { Route } from './route.ts';

const json = (schema: z.ZodType, io: 'input' | 'output') => ({
  content: {
    'application/json': { schema: z.toJSONSchema(schema, { io, target: 'openapi-3.0', unrepresentable: 'any' }) },
  },
});

/** The OpenAPI 3.0 document of the route table; the server serves it and the committed copy is held equal by a test. */
export function makeOpenApi(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:([a-z_]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(route) };
  }
  return {
    openapi: '3.0.3',
    info: { title: 'Changegate gate service', version: '0.1.0', license: { name: 'MIT' } },
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'API token: cg_<id>_<secret>' } },
    },
  };
}

function describe(route: Route): Record<string, unknown> {
  const status = route.status ?? 200;
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(route.scope === null ? { security: [] } : { security: [{ token: [] }], 'x-scope': route.scope }),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(route.ndjson ? { requestBody: { content: { 'application/x-ndjson': { schema: { type: 'string' } } } } } : {}),
    ...(route.body ? { requestBody: { required: true, ...json(route.body, 'input') } } : {}),
    responses: {
      [status]: { description: route.summary, ...json(route.response, 'output') },
      default: { description: `Error: ${Object.keys(ERROR_TABLE).join(', ')}`, ...json(ErrorResponseSchema, 'output') },
    },
  };
}

function pathParameters(route: Route): unknown[] {
  return [...route.path.matchAll(/:([a-z_]+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(route: Route): unknown[] {
  if (!(route.query instanceof z.ZodObject)) return [];
  return Object.entries(route.query.shape as Record<string, z.ZodType>).map(([name, schema]) => ({
    name,
    in: 'query',
    required: !schema.isOptional(),
    schema: z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0', unrepresentable: 'any' }),
  }));
}
