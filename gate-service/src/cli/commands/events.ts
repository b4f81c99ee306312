import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { type ClientConfig, readClientConfig } from '../../config/read-client-config.ts';
import { EVENT_LIMITS } from '../../contract/api/event.ts';
import { IngestResponseSchema } from '../../contract/api/requests.ts';
import { GateError } from '../../contract/gate-error.ts';
import { sendToGate } from '../gate-api.ts';
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
      for (const batch of batchesOf(await readText(io, file))) {
        const answer = await post(config, batch, options.repository);
        for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += answer[key];
        for (const { line, outcome, reason } of answer.lines) {
          if (outcome !== 'duplicate') io.err(`${file}:${batch.first + line} ${outcome}: ${reason}\n`);
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

interface FileBatch {
  /** Number of its first line in the file, from 0. */
  readonly first: number;
  readonly text: string;
}

/** Cuts a file into batches within the service's limits; a line is never cut. */
function batchesOf(text: string): readonly FileBatch[] {
  const batches: FileBatch[] = [];
  let open: string[] = [];
  let bytes = 0;
  let first = 0;
  const close = () => {
    if (open.some((line) => line.trim() !== '')) batches.push({ first, text: open.join('\n') });
    first += open.length;
    open = [];
    bytes = 0;
  };
  for (const line of text.split('\n')) {
    const size = Buffer.byteLength(line) + 1;
    if (open.length >= BATCH_LINES || bytes + size > EVENT_LIMITS.batchBytes) close();
    open.push(line);
    bytes += size;
  }
  close();
  return batches;
}

function post(config: ClientConfig, { first, text }: FileBatch, repository: string | undefined) {
  const query = repository === undefined ? '' : `?repository=${encodeURIComponent(repository)}`;
  // The lines and their place make the batch's identity: sending the file again gives events without event_id the
  // same ids, and two equal stretches of one file stay two.
  const digest = createHash('sha256').update(`${first}\n${text}`).digest('hex').slice(0, 32);
  return sendToGate(config, IngestResponseSchema, `/v1/events${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip', 'idempotency-key': digest },
    body: gzipSync(text),
  });
}
