import { OpenAPIBackend } from 'openapi-backend';
import { makeOpenApi } from '../../src/http/openapi.ts';
import type { Route } from '../../src/http/route.ts';

type Definition = ConstructorParameters<typeof OpenAPIBackend>[0]['definition'];

let described: Promise<OpenAPIBackend> | null = null;

/** The service's own OpenAPI document, ready to hold answers against; made once, since the routes never differ. */
function describe(routes: readonly Route[]): Promise<OpenAPIBackend> {
  const definition = makeOpenApi(routes) as unknown as Definition;
  described ??= new OpenAPIBackend({ definition, strict: true, quick: false }).init();
  return described;
}

/** @returns what is wrong with an answer by the OpenAPI document; null when nothing is */
export async function conformanceOf(
  routes: readonly Route[],
  method: string,
  url: string,
  status: number,
  body: unknown,
): Promise<string | null> {
  const api = await describe(routes);
  const path = url.split('?')[0]!;
  const operation = api.router.matchOperation({ method, path, headers: {} });
  if (!operation?.operationId)
    return status === 404 || status === 400 ? null : 'no operation of the document describes';
  const documented = Object.keys(operation.responses ?? {});
  if (status < 400 && !documented.includes(String(status))) return `is not documented (${documented.join(', ')})`;
  const result = api.validateResponse(body, operation.operationId, status);
  return result.valid ? null : `does not fit its schema: ${JSON.stringify(result.errors)}`;
}
