import { FILE_SCHEMAS, makeJsonSchema } from '../../src/contract/json-schemas.ts';
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
];
