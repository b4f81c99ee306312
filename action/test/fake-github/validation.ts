import type { OpenAPIBackend, Request } from 'openapi-backend';
import { resolveSchema, type Schema } from './description.ts';
import { Refusal } from './refusal.ts';

type Operation = NonNullable<ReturnType<OpenAPIBackend['router']['matchOperation']>>;

function jsonSchemaOf(operation: Operation): Schema | undefined {
  const content = (operation as { requestBody?: { content?: Record<string, { schema?: Schema }> } }).requestBody
    ?.content;
  return content?.['application/json']?.schema;
}

/** Members of a schema over all its alternatives; undefined when it takes any key, as a deployment's payload does. */
function knownMembers(schema: Schema): Record<string, Schema> | undefined {
  const resolved = resolveSchema(schema);
  const alternatives = [...(resolved.allOf ?? []), ...(resolved.anyOf ?? []), ...(resolved.oneOf ?? [])];
  const members = { ...resolved.properties };
  for (const alternative of alternatives) Object.assign(members, knownMembers(alternative) ?? {});
  return Object.keys(members).length === 0 ? undefined : members;
}

/** Paths of the keys in `value` that the schema does not know. GitHub's description itself would let them pass. */
export function unknownKeys(schema: Schema, value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    const items = resolveSchema(schema).items ?? (schema.oneOf ?? schema.anyOf)?.find((one) => one.items)?.items;
    return items === undefined ? [] : value.flatMap((item, index) => unknownKeys(items, item, `${path}[${index}]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  const members = knownMembers(schema);
  if (members === undefined) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return members[key] === undefined ? [at] : unknownKeys(members[key], child, at);
  });
}

/** Throws GitHub's 422 (or 400 for text that is not JSON) unless the request is exactly what the description allows. */
export function checkRequest(backend: OpenAPIBackend, operation: Operation, request: Request): void {
  if (typeof request.body === 'string') throw new Refusal(400, 'Problems parsing JSON');
  const result = backend.validator.validateRequest(request, operation);
  if (!result.valid) {
    const errors = (result.errors ?? []).map((error) => ({
      code: 'invalid',
      field: error.instancePath.replace(/^\/(requestBody|query|path)\/?/, '').replaceAll('/', '.'),
      message: error.message ?? error.keyword,
      params: error.params,
    }));
    const first = errors[0];
    throw new Refusal(422, `Invalid request.\n\n${first?.field ? `"${first.field}" ` : ''}${first?.message ?? ''}`, {
      errors,
    });
  }
  const unknown = unknownKeys(jsonSchemaOf(operation) ?? {}, request.body);
  if (unknown.length > 0) {
    const names = unknown.map((key) => `"${key}"`).join(', ');
    throw new Refusal(
      422,
      `Invalid request.\n\n${names} ${unknown.length === 1 ? 'is not a permitted key' : 'are not permitted keys'}.`,
    );
  }
}

/** What is wrong with one of the fake's own answers, by the description; empty when nothing is. */
export function responseErrors(backend: OpenAPIBackend, operation: Operation, status: number, body: unknown): string[] {
  const result = backend.validator.validateResponse(body, operation, status);
  return (result.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message ?? error.keyword}`);
}

export type { Operation };
