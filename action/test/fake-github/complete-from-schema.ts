import { resolveSchema, type Schema } from './description.ts';

/**
 * Adds to `given` the required members it lacks, with neutral values, so that a payload is complete by GitHub's own
 * description while a handler spells out only what the Action reads.
 *
 * @param schema  a schema of the description
 * @param given   what the handler knows; never overwritten
 * @param anyUrl  stands in for required addresses that nobody follows
 */
export function completeFromSchema(schema: Schema, given: unknown, anyUrl: string): unknown {
  const resolved = alternativeOf(resolveSchema(schema));
  if (given === null || given === undefined) return given;
  if (Array.isArray(given)) return given.map((item) => completeFromSchema(resolved.items ?? {}, item, anyUrl));
  if (typeof given !== 'object') return given;
  const result: Record<string, unknown> = { ...(given as Record<string, unknown>) };
  for (const [name, member] of Object.entries(resolved.properties ?? {})) {
    if (result[name] !== undefined) result[name] = completeFromSchema(member, result[name], anyUrl);
    else if (resolved.required?.includes(name)) result[name] = neutral(member, name, anyUrl);
  }
  return result;
}

function alternativeOf(schema: Schema): Schema {
  const first = schema.properties === undefined ? (schema.allOf ?? schema.anyOf ?? schema.oneOf)?.[0] : undefined;
  return first === undefined ? schema : alternativeOf(resolveSchema(first));
}

function neutral(member: Schema, name: string, anyUrl: string): unknown {
  const resolved = resolveSchema(member);
  if (resolved.nullable) return null;
  const schema = alternativeOf(resolved);
  if (schema.enum !== undefined) return schema.enum[0];
  switch (schema.type) {
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return 0;
    case 'array':
      return [];
    case 'string':
      if (schema.format === 'date-time') return '2020-01-01T00:00:00Z';
      return schema.format === 'uri' || name.endsWith('url') ? anyUrl : '';
    default:
      return completeFromSchema(schema, {}, anyUrl);
  }
}
