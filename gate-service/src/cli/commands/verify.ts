import type { Command } from 'commander';
import { GateError } from '../../contract/gate-error.ts';
import { type LedgerVerification, verifyLedger } from '../../domain/model/ledger-chain.ts';
import type { LedgerEntryWithPayload, LedgerHead } from '../../domain/model/ledger-entry.ts';
import { formatInstant } from '../../domain/model/time.ts';
import { errorText } from '../error-text.ts';
import type { CliIo } from '../io.ts';
import { readLedgerExport } from '../read-ledger-export.ts';
import { readUserFile } from '../read-user-file.ts';

/** Exit codes of docs/reliability.md 1.5. */
const EXIT_CODES = { ok: 0, broken: 1, nothing_to_verify: 1, shorter_than_anchor: 2, unanchored_tail: 3 } as const;
const SHOWN_ERASED = 20;
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
      '\nThe export comes from: changegate ledger export\nExit codes: 0 it verifies, 1 broken (or there is no entry, or the file or an anchor cannot be read), 2 shorter than an anchor, 3 the tail after the newest anchor is older than 24 h.',
    )
    .action(async (path: string, options: { anchor: string[]; json?: boolean }) => {
      try {
        const anchors = options.anchor.map(parseAnchor);
        const entries = readLedgerExport(await readUserFile(io, path), path);
        const result = verify(entries, anchors, io.now());
        const erased = entries.filter(({ payload }) => payload === null).map(({ seq }) => seq);
        if (options.json) io.out(`${JSON.stringify({ ...result, erased })}\n`);
        else io.out(`${[describe(result), ...describeErased(erased)].join('\n')}\n`);
        io.exit(EXIT_CODES[result.status]);
      } catch (error) {
        if (!(error instanceof GateError)) throw error;
        // Not the usual 2: here it means a ledger that is shorter than an anchor.
        io.err(errorText(error));
        io.exit(EXIT_CODES.broken);
      }
    });
}

type Verification = LedgerVerification | { readonly status: 'nothing_to_verify' };

/** An empty file is what is left when an export failed: it proves nothing, unless an anchor says that there was more. */
function verify(entries: readonly LedgerEntryWithPayload[], anchors: readonly LedgerHead[], now: number): Verification {
  const result = verifyLedger(entries, anchors.length === 0 ? {} : { anchors, now });
  return entries.length === 0 && result.status === 'ok' ? { status: 'nothing_to_verify' } : result;
}

/** What was erased cannot be checked: only that there was something. */
function describeErased(erased: readonly number[]): readonly string[] {
  if (erased.length === 0) return [];
  const more = erased.length > SHOWN_ERASED ? ` and ${erased.length - SHOWN_ERASED} more` : '';
  const what = erased.length === 1 ? '1 payload erased' : `${erased.length} payloads erased`;
  return [`${what}: seq ${erased.slice(0, SHOWN_ERASED).join(', ')}${more}`];
}

function describe(result: Verification): string {
  switch (result.status) {
    case 'nothing_to_verify':
      return 'nothing to verify: the export has no entry';
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
