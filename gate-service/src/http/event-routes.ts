import { z } from 'zod';
import { OtlpResponseSchema } from '../contract/api/otlp.ts';
import {
  IngestResponseSchema,
  QUARANTINE_REASONS,
  QuarantineResponseSchema,
  ReplayQuarantineRequestSchema,
  ReplayQuarantineResponseSchema,
} from '../contract/api/requests.ts';
import { GateError } from '../contract/gate-error.ts';
import { RepositorySchema } from '../contract/identifiers.ts';
import { toWire } from '../contract/wire-case.ts';
import type { Gate } from '../services/gate.ts';
import { ingestOtlpLogs } from '../services/ingest-otlp-logs.ts';
import type { IngestQueue } from '../services/ingest-queue.ts';
import { listQuarantine, replayQuarantine } from '../services/replay-quarantine.ts';
import { actorOf } from './actor-of.ts';
import { type Call, type Route, route } from './route.ts';
import { scopeTo } from './scope-to.ts';

/** Together with a line's number it makes the ids of events that have none. */
const BATCH_ID = /^[\x21-\x7e]{1,80}$/;

const QuarantineQuery = z.strictObject({
  repository: RepositorySchema.optional(),
  reason: z.enum(QUARANTINE_REASONS).optional(),
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .describe('only lines that came after this one: the `next` of the page before'),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/)
    .optional()
    .describe('at most 500, which is the default'),
});
const QUARANTINE_PAGE = 500;

/** What takes events: NDJSON, and the log records of OpenTelemetry. */
export function makeEventRoutes(gate: Gate, ingest: IngestQueue): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/events',
      operationId: 'ingest',
      scope: 'ingest',
      text: 'ndjson',
      summary:
        'Takes a batch of events (NDJSON, gzip allowed); each line is accepted, duplicate, quarantined or rejected',
      query: z.strictObject({ repository: RepositorySchema.optional() }),
      response: IngestResponseSchema,
      status: 202,
      handle: async (call) =>
        ingest.push({
          repository: repositoryOf(call),
          text: call.body as unknown as string,
          batchId: batchIdOf(call) ?? gate.random.uuid(),
        }),
    }),
    route({
      method: 'POST',
      path: '/v1/logs',
      operationId: 'ingest_otlp_logs',
      scope: 'ingest',
      text: 'otlp',
      summary:
        'Takes log records that are events (OTLP/HTTP, JSON, gzip allowed); those without an event name are ignored',
      query: z.strictObject({ repository: RepositorySchema.optional() }),
      response: OtlpResponseSchema,
      handle: async (call) => ingestOtlpLogs(ingest, repositoryOf(call), call.body as unknown as string),
    }),
    route({
      method: 'GET',
      path: '/v1/quarantine',
      operationId: 'list_quarantine',
      scope: 'read',
      summary: 'Events that were kept apart instead of counted, with the reasons',
      query: QuarantineQuery,
      response: QuarantineResponseSchema,
      handle: async (call) => {
        const repository = repositoryOf(call);
        const {
          reason = null,
          after = '0',
          limit = `${QUARANTINE_PAGE}`,
        } = call.query as z.output<typeof QuarantineQuery>;
        const size = Math.min(QUARANTINE_PAGE, Number(limit));
        const { lines, counts } = await listQuarantine(gate, repository, { reason, after: Number(after), limit: size });
        const shown = lines.map(({ lineId, reason: why, receivedAt, line }) => ({
          lineId,
          reason: why,
          receivedAt,
          line,
        }));
        return { counts, lines: toWire(shown), next: lines.length < size ? null : lines.at(-1)!.lineId };
      },
    }),
    route({
      method: 'POST',
      path: '/v1/quarantine/replay',
      operationId: 'replay_quarantine',
      scope: 'ingest',
      summary: 'Counts events that were kept apart for one reason, where they are sound by now',
      body: ReplayQuarantineRequestSchema,
      response: ReplayQuarantineResponseSchema,
      handle: async (call) => {
        scopeTo(call, call.body.repository);
        return replayQuarantine(gate, call.body.repository, call.body.reason, actorOf(call));
      },
    }),
  ];
}

/** The repository that events go to: the query's, or the one that the token is bound to. */
function repositoryOf(call: Call<unknown>): string {
  const repository = call.query.repository ?? call.principal.repository;
  if (repository === null) {
    throw new GateError(
      'invalid_request',
      'The token is bound to no repository and the query names none.',
      'Add ?repository=owner/name.',
    );
  }
  scopeTo(call, repository);
  return repository;
}

function batchIdOf(call: Call<unknown>): string | null {
  const key = call.headers['idempotency-key'];
  if (key === undefined || BATCH_ID.test(key)) return key ?? null;
  throw new GateError(
    'invalid_request',
    `The idempotency-key has ${key.length} characters; allowed are 1 to 80 printable ASCII characters without spaces.`,
    'Send a ULID, a UUID or a hash of the batch.',
  );
}
