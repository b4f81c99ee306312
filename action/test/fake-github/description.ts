import { readFileSync } from 'node:fs';
import { type Document, OpenAPIBackend } from 'openapi-backend';

export type Schema = {
  $ref?: string;
  type?: string;
  format?: string;
  nullable?: boolean;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  additionalProperties?: boolean | Schema;
};

const definition = JSON.parse(readFileSync(new URL('./github-openapi.generated.json', import.meta.url), 'utf8')) as {
  components: { schemas: Record<string, Schema> };
};

const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text));

/** Resolves `$ref` (the description has only local ones to schemas where this is called). */
export function resolveSchema(schema: Schema): Schema {
  const name = schema.$ref?.replace('#/components/schemas/', '');
  return name === undefined ? schema : (definition.components.schemas[name] ?? {});
}

export const namedSchema = (name: string): Schema => {
  const schema = definition.components.schemas[name];
  if (schema === undefined) throw new TypeError(`GitHub's description has no schema "${name}"`);
  return schema;
};

/**
 * OpenAPI's `nullable` as JSON Schema: ajv follows it only beside a `type`, and never beside an `enum` that lacks null.
 */
function withRealNulls(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withRealNulls);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withRealNulls(value)])) as Schema;
  if (copy.nullable !== true) return copy;
  if (copy.enum !== undefined) return { ...copy, enum: [...copy.enum, null] };
  if (copy.type !== undefined) return copy;
  const { nullable, ...rest } = copy;
  return { anyOf: [rest, { enum: [null] }] };
}

let loading: Promise<OpenAPIBackend> | undefined;

/** Router and validators of the description. It holds no state of a fake, so all fakes of a process share it. */
export function loadDescription(): Promise<OpenAPIBackend> {
  loading ??= new OpenAPIBackend({
    definition: withRealNulls(definition) as Document,
    quick: true,
    strict: false,
    ajvOpts: {
      strict: false,
      allErrors: true,
      formats: {
        'date-time': isDate,
        uri: URL.canParse,
        'uri-template': true,
        email: true,
        repo: true,
        timestamp: true,
      },
    },
  }).init();
  return loading;
}
