import { z } from 'zod';
import { ChangeIdSchema, EventNameSchema, FlagNameSchema } from '../identifiers.ts';

const VariantSchema = z.enum(['on', 'off']);
const Finite = z.number().refine(Number.isFinite, { error: 'allowed: a finite number' });

/**
 * One line of an events batch (docs/design.md section 6). It names its changes in at most one of three ways:
 * `change_id` with `version_flag`, `changes`, or `flags`; an event that names none is baseline.
 */
export const EventLineSchema = z
  .strictObject({
    event: EventNameSchema,
    timestamp: z.iso.datetime({
      offset: true,
      error: 'allowed: RFC 3339 with an offset, such as 2026-11-02T09:15:00Z',
    }),
    event_id: z.string().min(1).max(100).optional(),
    change_id: ChangeIdSchema.optional(),
    version_flag: VariantSchema.optional(),
    changes: z.record(ChangeIdSchema, VariantSchema).optional(),
    flags: z.record(FlagNameSchema, VariantSchema).optional(),
    user_id: z.string().min(1).max(200).optional(),
    user_cohort: z.string().min(1).max(100).optional(),
    status: z.enum(['success', 'error']).optional(),
    latency_ms: Finite.min(0).optional(),
    value: Finite.optional(),
    customer_impact_tag: z.string().min(1).max(100).optional(),
    hash: z.string().max(100).optional(),
  })
  .refine((e) => (e.change_id === undefined) === (e.version_flag === undefined), {
    error: 'allowed: change_id and version_flag together, or neither',
  })
  .refine((e) => [e.change_id, e.changes, e.flags].filter((way) => way !== undefined).length <= 1, {
    error: 'allowed: one of change_id, changes and flags',
  });

export type EventLine = z.output<typeof EventLineSchema>;
/** Characters allowed in one line, and lines and bytes in one batch. */
export const EVENT_LIMITS = { lineBytes: 16_384, batchLines: 5_000, batchBytes: 5_242_880 } as const;
