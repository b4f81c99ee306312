import { z } from 'zod';
import { CommitShaSchema, RepositorySchema } from '../identifiers.ts';
import { ChangeViewSchema } from './change.ts';
import { ForecastViewSchema } from './forecast.ts';

/** A file as it stands in the repository: its path and its text, at most 256 kB. */
export const RepositoryFileSchema = z.strictObject({ path: z.string().min(1).max(500), text: z.string().max(262_144) });

const Files = {
  contract: RepositoryFileSchema,
  registry: RepositoryFileSchema.describe('the KPI registry at the default branch'),
  policy: RepositoryFileSchema.nullable().default(null),
};

export const ForecastRequestSchema = z.strictObject({
  repository: RepositorySchema,
  pull_request: z.number().int().positive().nullable(),
  ...Files,
});
export const ForecastResponseSchema = z.object({ contract_hash: z.string(), forecast: ForecastViewSchema });

export const StampRequestSchema = z.strictObject({
  repository: RepositorySchema,
  pull_request: z.number().int().positive().nullable(),
  commit_sha: CommitShaSchema,
  actor: z.string().min(1).max(100),
  ...Files,
});
export const StampResponseSchema = z.object({ created: z.boolean(), change: ChangeViewSchema });

export const ChangeResponseSchema = z.object({ change: ChangeViewSchema });
export const ChangeListResponseSchema = z.object({
  changes: z.array(ChangeViewSchema),
  next: z.string().nullable().describe('give it as `before` for the next page; null: this is the last'),
  unreadable: z.array(z.string()).describe('changes of this page that cannot be shown; the log says why'),
});

/** The files at the default branch's head, so that a rule that moved after the stamp is seen; null when they are gone. */
export const EvaluateRequestSchema = z.strictObject({
  head: z
    .strictObject({ contract: RepositoryFileSchema.nullable(), registry: RepositoryFileSchema.nullable() })
    .nullable()
    .default(null),
});
export const EvaluateResponseSchema = z.object({
  verdict: z.enum(['pending', 'pass', 'fail', 'inconclusive']),
  new_revision: z.boolean(),
  change: ChangeViewSchema,
});

export const DECISIONS = ['keep', 'scale', 'optimise', 'rollback', 'extend'] as const;
export const DecideRequestSchema = z.strictObject({
  decision: z.enum(DECISIONS),
  by: z.string().min(1).max(100),
  reason: z.string().min(1).max(1000),
});

export const PauseRequestSchema = z.strictObject({
  by: z.string().min(1).max(100),
  reason: z.string().min(1).max(500),
});
export const PauseResponseSchema = z.object({
  paused: z.boolean(),
  since: z.number().nullable(),
  by: z.string().nullable(),
  reason: z.string().nullable(),
});

export const RegisterKpisRequestSchema = z.strictObject({
  repository: RepositorySchema,
  registry: RepositoryFileSchema,
});
export const RegisterKpisResponseSchema = z.object({ registered: z.array(z.string()), hash: z.string() });

export const LINE_OUTCOMES = ['accepted', 'duplicate', 'quarantined', 'rejected'] as const;
/** One reply a batch: counts, and a line for each that was not plainly accepted. `line` counts from 1. */
export const IngestResponseSchema = z.object({
  accepted: z.number().int(),
  duplicate: z.number().int(),
  quarantined: z.number().int(),
  rejected: z.number().int(),
  lines: z.array(z.object({ line: z.number().int(), outcome: z.enum(LINE_OUTCOMES), reason: z.string() })),
});

export const QUARANTINE_REASONS = ['skew', 'unknown_change', 'bad_hash', 'missing_hash', 'late', 'conflict'] as const;
export const QuarantineResponseSchema = z.object({
  counts: z.record(z.string(), z.number().int()).describe('lines kept apart, by reason'),
  lines: z.array(
    z.object({ line_id: z.number().int(), reason: z.string(), received_at: z.number(), line: z.string() }),
  ),
  next: z.number().int().nullable().describe('give it as `after` for the next page; null: this is the last'),
});
export const ReplayQuarantineRequestSchema = z.strictObject({
  repository: RepositorySchema,
  reason: z.enum(QUARANTINE_REASONS),
});
export const ReplayQuarantineResponseSchema = z.object({
  accepted: z.number().int(),
  duplicate: z.number().int(),
  kept: z.record(z.string(), z.number().int()).describe('still kept apart, by the reason that holds now'),
});

export const SCOPES = [
  'ingest',
  'forecast',
  'stamp',
  'activate',
  'read',
  'evaluate',
  'decide',
  'operate',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];
export const CreateTokenRequestSchema = z.strictObject({
  scopes: z.array(z.enum(SCOPES)).min(1),
  repository: RepositorySchema.nullable().default(null),
  days: z.number().int().min(1).max(365).default(90),
});
export const CreateTokenResponseSchema = z.object({
  token_id: z.string(),
  token: z.string(),
  scopes: z.array(z.string()),
  expires_at: z.number(),
});

export const LedgerEntryViewSchema = z.object({
  seq: z.number().int(),
  ts: z.number(),
  type: z.string(),
  actor: z.string(),
  repository: z.string(),
  change_id: z.string().nullable(),
  payload_hash: z.string(),
  prev_hash: z.string(),
  entry_hash: z.string(),
  salt: z.string().nullable(),
  payload: z.record(z.string(), z.unknown()).nullable(),
});
export const LedgerResponseSchema = z.object({
  head: z.object({ size: z.number().int(), hash: z.string() }),
  entries: z.array(LedgerEntryViewSchema),
});

export const EvidencePackSchema = z.object({
  schema: z.literal('changegate/evidence/v1'),
  change_id: z.string(),
  revision: z.number().int(),
  evidence: z.record(z.string(), z.unknown()),
  verdict: z.record(z.string(), z.unknown()),
});

export const ErrorResponseSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    remedy: z.string(),
    context: z.record(z.string(), z.unknown()).optional(),
  }),
});
export const HealthResponseSchema = z.object({ status: z.literal('ok') });
export const ReadyResponseSchema = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ check: z.string(), ok: z.boolean(), detail: z.string() })),
});
