import { z } from 'zod';
import { ChangeContractSchema } from './change-contract.ts';
import { KpiRegistrySchema } from './kpi-registry.ts';
import { PolicySchema } from './policy.ts';

/** The files that people write, each with its schema, for editors. */
export const FILE_SCHEMAS = [
  { name: 'contract', title: 'Changegate contract', schema: ChangeContractSchema },
  { name: 'kpis', title: 'Changegate KPI registry', schema: KpiRegistrySchema },
  { name: 'policy', title: 'Changegate policy', schema: PolicySchema },
] as const;

/** The JSON Schema (2020-12) of what people may write in a file. Editors complete and check with it; `changegate validate` checks more. */
export function makeJsonSchema(file: (typeof FILE_SCHEMAS)[number]): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(file.schema, { io: 'input' });
  return { $schema, title: file.title, ...schema };
}
