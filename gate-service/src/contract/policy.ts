import { z } from 'zod';

const Glob = z.string().min(1).max(200);
const Time = z.iso.datetime({ offset: true });

/** `.changegate/policy.yml`: which paths need a contract, when nothing is deployed, who may decide. */
export const PolicySchema = z
  .strictObject({
    require_contract: z.array(Glob).max(100).default([]),
    freeze: z
      .array(z.strictObject({ from: Time, to: Time, reason: z.string().min(1).max(200) }))
      .max(100)
      .default([]),
    approvers: z.array(z.string().min(1).max(100)).max(100).default([]),
  })
  .transform((p) => ({ requireContract: p.require_contract, freeze: p.freeze, approvers: p.approvers }));

export type PolicyInput = z.input<typeof PolicySchema>;
export type Policy = z.output<typeof PolicySchema>;
