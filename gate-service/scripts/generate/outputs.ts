import { FILE_SCHEMAS, makeJsonSchema } from '../../src/contract/json-schemas.ts';
import { makeOpenApi } from '../../src/http/openapi.ts';
import { makeRoutes } from '../../src/http/routes.ts';
import type { Gate } from '../../src/services/gate.ts';
import { IngestQueue } from '../../src/services/ingest-queue.ts';
import { renderJson } from './render-json.ts';

/** A file that is made from the sources; `file` is relative to the folder gate-service. */
export interface Output {
  readonly file: string;
  make(): string;
}

/** Every generated file. Each is committed; CI fails when one is not what the sources make. */
export const OUTPUTS: readonly Output[] = [
  ...FILE_SCHEMAS.map(
    (schema): Output => ({
      file: `schemas/${schema.name}.schema.json`,
      make: () => renderJson(makeJsonSchema(schema)),
    }),
  ),
  { file: 'schemas/openapi.json', make: () => renderJson(makeOpenApi(routesWithoutService())) },
];

/** The route table is data; only its handlers, which are not called here, need a gate. */
function routesWithoutService() {
  const gate = {} as Gate;
  return makeRoutes(gate, null, new IngestQueue(gate));
}
