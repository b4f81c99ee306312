import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { z } from 'zod';
import { readClientConfig } from '../../config/read-client-config.ts';
import { type LedgerEntryViewSchema, LedgerResponseSchema } from '../../contract/api/requests.ts';
import { GateError } from '../../contract/gate-error.ts';
import { callGate } from '../gate-api.ts';
import type { CliIo } from '../io.ts';

/** `changegate ledger export`: the whole ledger as NDJSON, for `changegate verify`. */
export function addLedgerCommand(program: Command, io: CliIo): void {
  const ledger = program.command('ledger').description('the append-only record of everything that happened');
  ledger
    .command('export')
    .description('write the ledger as NDJSON, one entry a line')
    .option('--out <file>', 'write to this file; default: standard output')
    .option('--json', 'print size, head and file as one JSON object (with --out)')
    .action(async (options: { out?: string; json?: boolean }) => {
      const { entries, head } = await readAll();
      const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
      if (options.out === undefined) {
        io.out(text);
        return;
      }
      await writeFile(resolve(io.cwd, options.out), text).catch((error: Error) => {
        throw new GateError(
          'invalid_input',
          `${options.out} cannot be written: ${error.message}.`,
          'Choose another file.',
          {
            cause: error,
          },
        );
      });
      io.out(
        options.json
          ? `${JSON.stringify({ ...head, file: options.out })}\n`
          : `${head.size} entries, head ${head.size}:${head.hash}, in ${options.out}\n`,
      );
    });
}

async function readAll(): Promise<{
  entries: z.output<typeof LedgerEntryViewSchema>[];
  head: { size: number; hash: string };
}> {
  const config = readClientConfig();
  const entries: z.output<typeof LedgerEntryViewSchema>[] = [];
  for (;;) {
    const page = await callGate(config, LedgerResponseSchema, 'GET', `/v1/ledger?after=${entries.at(-1)?.seq ?? 0}`);
    entries.push(...page.entries);
    if (page.entries.length === 0 || entries.length >= page.head.size) return { entries, head: page.head };
  }
}
