import { z } from 'zod';
import { ChangeViewSchema } from '../contract/api/change.ts';
import { ErrorResponseSchema, RepositoryFileSchema } from '../contract/api/requests.ts';
import { ERROR_TABLE } from '../contract/gate-error.ts';
import type { Route } from './route.ts';

const json = (schema: z.ZodType, io: 'input' | 'output') => ({
  content: { 'application/json': { schema: schemaOf(schema, io) } },
});

/** Schemas that many routes share; they stand once in the document. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Change: ChangeViewSchema,
  Error: ErrorResponseSchema,
  RepositoryFile: RepositoryFileSchema,
};

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): unknown {
  return refer(plainSchema(schema, io));
}

function plainSchema(schema: z.ZodType, io: 'input' | 'output'): unknown {
  return tidy(z.toJSONSchema(schema, { io, target: 'openapi-3.0', unrepresentable: 'any' }));
}

const REFERENCES = new Map(
  Object.entries(NAMED).map(([name, schema]) => [
    JSON.stringify(plainSchema(schema, 'output')),
    { $ref: `#/components/schemas/${name}` },
  ]),
);

/** Puts a reference wherever one of the named schemas stands. */
function refer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(refer);
  if (value === null || typeof value !== 'object') return value;
  const reference = REFERENCES.get(JSON.stringify(value));
  return reference ?? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, refer(item)]));
}

/**
 * Writes integers as readers of both OpenAPI 3.0 and 3.1 understand them: 3.0's boolean `exclusiveMinimum` is
 * a mistake to the others, and the limits of safe integers say nothing.
 */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (value === null || typeof value !== 'object') return value;
  const { minimum, maximum, exclusiveMinimum, ...rest } = value as Record<string, unknown>;
  const least = exclusiveMinimum === true && rest.type === 'integer' ? Number(minimum) + 1 : minimum;
  return {
    ...Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, tidy(item)])),
    ...(least === undefined || least === Number.MIN_SAFE_INTEGER ? {} : { minimum: least }),
    ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
  };
}

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
      schemas: Object.fromEntries(Object.entries(NAMED).map(([name, schema]) => [name, plainSchema(schema, 'output')])),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'API token: cg_<id>_<secret>' } },
    },
  };
}

const CONTENT_TYPES = { ndjson: 'application/x-ndjson', otlp: 'application/json' } as const;
const TEXT_SCHEMAS = { ndjson: { type: 'string' }, otlp: { type: 'object' } } as const;

function describe(route: Route): Record<string, unknown> {
  const answer = { description: route.summary, ...json(route.response, 'output') };
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(route.scope === null
      ? { security: [] }
      : {
          security: [{ token: [] }],
          'x-scope': route.scope,
          ...(route.wholeService ? { 'x-whole-service': true } : {}),
        }),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(route.text
      ? { requestBody: { content: { [CONTENT_TYPES[route.text]]: { schema: TEXT_SCHEMAS[route.text] } } } }
      : {}),
    ...(route.body ? { requestBody: { required: true, ...json(route.body, 'input') } } : {}),
    responses: {
      [route.status ?? 200]: answer,
      ...(route.alsoStatus === undefined ? {} : { [route.alsoStatus]: answer }),
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
    schema: schemaOf(schema, 'input'),
  }));
}
