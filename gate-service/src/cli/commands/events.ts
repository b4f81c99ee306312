import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { type ClientConfig, readClientConfig } from '../../config/read-client-config.ts';
import { EVENT_LIMITS } from '../../contract/api/event.ts';
import { ErrorResponseSchema, IngestResponseSchema } from '../../contract/api/requests.ts';
import { GateError } from '../../contract/gate-error.ts';
import type { CliIo } from '../io.ts';

const BATCH_LINES = 2_000;

/** `changegate events send`: posts a file of events, NDJSON or gzip, in batches that may be sent again. */
export function addEventsCommand(program: Command, io: CliIo): void {
  program
    .command('events')
    .description('the built-in event store')
    .command('send <file>')
    .description('post a file of events (NDJSON, .gz allowed); sending it again counts nothing twice')
    .option('--repository <owner/name>', 'needed when the token is bound to none')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 every line was accepted or a duplicate, 1 some were quarantined or rejected, 2 a mistake in the call.',
    )
    .action(async (file: string, options: { repository?: string; json?: boolean }) => {
      const total = { accepted: 0, duplicate: 0, quarantined: 0, rejected: 0 };
      const config = readClientConfig();
      const lines = (await readText(io, file)).split('\n');
      for (let first = 0; first < lines.length; first += BATCH_LINES) {
        const batch = lines.slice(first, first + BATCH_LINES).join('\n');
        if (batch.trim() === '') continue;
        const answer = await post(config, batch, options.repository);
        for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += answer[key];
        for (const { line, outcome, reason } of answer.lines) {
          if (outcome !== 'duplicate') io.err(`${file}:${first + line} ${outcome}: ${reason}\n`);
        }
      }
      io.out(
        options.json
          ? `${JSON.stringify(total)}\n`
          : `${total.accepted} accepted, ${total.duplicate} duplicate, ${total.quarantined} quarantined, ${total.rejected} rejected\n`,
      );
      io.exit(total.quarantined + total.rejected === 0 ? 0 : 1);
    });
}

async function readText(io: CliIo, file: string): Promise<string> {
  try {
    const bytes = await readFile(resolve(io.cwd, file));
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    throw new GateError('invalid_input', `${file} cannot be read: ${(error as Error).message}.`, 'Check the path.', {
      cause: error,
    });
  }
}

async function post(config: ClientConfig, batch: string, repository: string | undefined) {
  const query = repository === undefined ? '' : `?repository=${encodeURIComponent(repository)}`;
  const body = gzipSync(batch);
  if (Buffer.byteLength(batch) > EVENT_LIMITS.batchBytes)
    throw new GateError('invalid_input', 'The lines are too long for one batch.', 'Split the file.');
  // The digest of the lines makes the batch's identity: sending the file again gives events without event_id the same ids.
  const digest = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(batch)))
    .toString('hex')
    .slice(0, 32);
  const response = await fetch(`${config.url}/v1/events${query}`, {
    method: 'POST',
    redirect: 'error',
    headers: {
      authorization: `Bearer ${config.token}`,
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
      'idempotency-key': digest,
    },
    body,
  }).catch((error: Error) => {
    throw new GateError(
      'gate_unreachable',
      `${config.url} does not answer: ${error.message}.`,
      'Check CHANGEGATE_URL.',
      { cause: error },
    );
  });
  const answer: unknown = await response.json();
  if (response.ok) return IngestResponseSchema.parse(answer);
  const { message, remedy } = ErrorResponseSchema.parse(answer).error;
  throw new GateError('invalid_input', message, remedy);
}
