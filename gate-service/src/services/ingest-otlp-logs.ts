import { EVENT_LIMITS } from '../contract/api/event.ts';
import { OtlpLogsSchema, type OtlpResponse } from '../contract/api/otlp.ts';
import { GateError } from '../contract/gate-error.ts';
import { sha256Hex } from '../domain/model/canonical-json.ts';
import type { IngestQueue } from './ingest-queue.ts';
import { otlpEvent } from './otlp-event.ts';

/** Reasons that one answer names; the counts are of all. */
const NAMED_REASONS = 5;

/**
 * Takes the log records of one OTLP/HTTP request as events. An exporter sends a request again as it was, so records
 * without an id get one from the request's content: a repetition counts nothing twice.
 * @param text ExportLogsServiceRequest as JSON
 * @returns    ExportLogsServiceResponse: how many events were not counted, and why
 * @throws     GateError invalid_request for what is no such request; too_large for more than 5,000 log records
 */
export async function ingestOtlpLogs(ingest: IngestQueue, repository: string, text: string): Promise<OtlpResponse> {
  const request = OtlpLogsSchema.safeParse(parseJson(text));
  if (!request.success) {
    const [issue] = request.error.issues;
    throw new GateError(
      'invalid_request',
      `The body is no OTLP request for logs: ${issue?.path.join('.') || 'body'}: ${issue?.message}.`,
      'Send what OTEL_EXPORTER_OTLP_PROTOCOL=http/json makes.',
    );
  }
  const records = request.data.resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) => logRecords.map((record) => otlpEvent(record, resource?.attributes ?? []))),
  );
  if (records.length > EVENT_LIMITS.batchLines) {
    throw new GateError(
      'too_large',
      `The request has ${records.length} log records; at most ${EVENT_LIMITS.batchLines} are allowed.`,
      'Lower the batch size of the exporter or of the collector.',
    );
  }
  const unreadable = records.filter((record) => typeof record === 'string');
  const events = records.filter((record) => record !== null && typeof record === 'object');
  const ignored = records.length - unreadable.length - events.length;
  const lines = events.map((event) => JSON.stringify(event)).join('\n');
  const { lines: results } =
    events.length === 0
      ? { lines: [] }
      : await ingest.push({ repository, text: lines, batchId: sha256Hex(text).slice(0, 32) });
  const refused = results.filter(({ outcome }) => outcome === 'quarantined' || outcome === 'rejected');
  return answerOf([...unreadable, ...refused.map(({ reason }) => reason)], ignored);
}

function answerOf(reasons: readonly string[], ignored: number): OtlpResponse {
  if (reasons.length === 0 && ignored === 0) return {};
  const named = [...new Set(reasons)].slice(0, NAMED_REASONS);
  const ordinary = ignored === 0 ? [] : [`${ignored} log records have no event name and were ignored`];
  return { partialSuccess: { rejectedLogRecords: reasons.length, errorMessage: [...named, ...ordinary].join('; ') } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
