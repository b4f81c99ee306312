import type { Command } from 'commander';
import { LedgerEntryViewSchema } from '../../contract/api/requests.ts';
import { GateError } from '../../contract/gate-error.ts';
import { type LedgerVerification, verifyLedger } from '../../domain/model/ledger-chain.ts';
import type { LedgerEntryWithPayload, LedgerHead } from '../../domain/model/ledger-entry.ts';
import { formatInstant } from '../../domain/model/time.ts';
import { errorText } from '../error-text.ts';
import type { CliIo } from '../io.ts';
import { toLedgerEntry } from '../ledger-export.ts';
import { readUserFile } from '../read-user-file.ts';

/** Exit codes of docs/reliability.md 1.5. */
const EXIT_CODES = { ok: 0, broken: 1, shorter_than_anchor: 2, unanchored_tail: 3 } as const;
const ANCHOR = /^(\d+):([0-9a-f]{64})$/;

/** `changegate verify`: checks an exported ledger offline, against anchors copied from verdict comments. */
export function addVerifyCommand(program: Command, io: CliIo): void {
  program
    .command('verify <export>')
    .description('check an exported ledger offline: every hash, the chain, and the anchors that you give')
    .option(
      '--anchor <size:hash>',
      'a head as a verdict comment shows it; may be repeated',
      (value: string, list: string[]) => [...list, value],
      [],
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nThe export comes from: changegate ledger export\nExit codes: 0 it verifies, 1 broken (or the file or an anchor cannot be read), 2 shorter than an anchor, 3 the tail after the newest anchor is older than 24 h.',
    )
    .action(async (path: string, options: { anchor: string[]; json?: boolean }) => {
      try {
        const anchors = options.anchor.map(parseAnchor);
        const entries = parseExport(await readUserFile(io, path), path);
        const result = verifyLedger(entries, anchors.length === 0 ? {} : { anchors, now: io.now() });
        io.out(options.json ? `${JSON.stringify(result)}\n` : `${describe(result)}\n`);
        io.exit(EXIT_CODES[result.status]);
      } catch (error) {
        if (!(error instanceof GateError)) throw error;
        // Not the usual 2: here it means a ledger that is shorter than an anchor.
        io.err(errorText(error));
        io.exit(EXIT_CODES.broken);
      }
    });
}

function describe(result: LedgerVerification): string {
  switch (result.status) {
    case 'ok':
      return `ok: ${result.head.size} entries, head ${result.head.size}:${result.head.hash}`;
    case 'broken':
      return `broken: entry ${result.seq}: ${result.detail}`;
    case 'shorter_than_anchor':
      return `shorter than an anchor: ${result.size} entries, an anchor covers ${result.anchorSize}`;
    case 'unanchored_tail':
      return `unanchored tail: nothing outside vouches for the entries from ${result.fromSeq} on, made since ${formatInstant(result.since)}`;
  }
}

function parseAnchor(text: string): LedgerHead {
  const match = ANCHOR.exec(text);
  if (!match)
    throw new GateError(
      'invalid_input',
      `The anchor ${text} is not size:hash.`,
      'Copy "size:hash" from a verdict comment.',
    );
  return { size: Number(match[1]), hash: match[2]! };
}

function parseExport(text: string, path: string): readonly LedgerEntryWithPayload[] {
  try {
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => toLedgerEntry(LedgerEntryViewSchema.parse(JSON.parse(line))));
  } catch (error) {
    throw new GateError(
      'invalid_input',
      `${path} is not a ledger export: ${(error as Error).message.slice(0, 200)}.`,
      'Make one with: changegate ledger export --out ledger.ndjson',
      { cause: error },
    );
  }
}
