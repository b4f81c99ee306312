import { z } from 'zod';
import { OtlpResponseSchema } from '../contract/api/otlp.ts';
import { IngestResponseSchema } from '../contract/api/requests.ts';
import { GateError } from '../contract/gate-error.ts';
import { RepositorySchema } from '../contract/identifiers.ts';
import type { Gate } from '../services/gate.ts';
import { ingestOtlpLogs } from '../services/ingest-otlp-logs.ts';
import type { IngestQueue } from '../services/ingest-queue.ts';
import { type Call, type Route, route } from './route.ts';
import { scopeTo } from './scope-to.ts';

/** Together with a line's number it makes the ids of events that have none. */
const BATCH_ID = /^[\x21-\x7e]{1,80}$/;

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
