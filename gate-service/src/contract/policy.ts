import { z } from 'zod';
import { textSchema } from './identifiers.ts';

const Glob = textSchema(200);
const Time = z.iso.datetime({
  offset: true,
  error: 'allowed: a time with its zone, such as 2026-11-27T00:00:00Z or 2026-11-27T00:00:00+01:00',
});

/** `.changegate/policy.yml`: which paths need a contract, when nothing is deployed, who may decide. */
export const PolicySchema = z
  .strictObject({
    require_contract: z
      .array(Glob)
      .max(100)
      .default([])
      .describe('Paths (with * and **) whose changes need a contract in the pull request.'),
    freeze: z
      .array(
        z.strictObject({
          from: Time.describe('First moment of the freeze, with its time zone.'),
          to: Time.describe('First moment after the freeze.'),
          reason: textSchema(200).describe('Why nothing is deployed; shown in the forecast.'),
        }),
      )
      .max(100)
      .default([])
      .describe('Spans of time in which nothing should be deployed.'),
    approvers: z
      .array(textSchema(100))
      .max(100)
      .default([])
      .describe(
        'GitHub users and teams (org/team) who may decide after a verdict. Empty: everyone with the right token.',
      ),
  })
  .transform((p) => ({ requireContract: p.require_contract, freeze: p.freeze, approvers: p.approvers }));

export type PolicyInput = z.input<typeof PolicySchema>;
export type Policy = z.output<typeof PolicySchema>;
