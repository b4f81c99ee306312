import type { Command } from 'commander';
import type { z } from 'zod';
import { EvidencePackSchema } from '../../contract/api/requests.ts';
import { GateError } from '../../contract/gate-error.ts';
import { fromWire, toWire } from '../../contract/wire-case.ts';
import { recompute } from '../../domain/decision/recompute.ts';
import { canonicalJson, sha256Hex } from '../../domain/model/canonical-json.ts';
import { verifyLedger } from '../../domain/model/ledger-chain.ts';
import type { LedgerEntryWithPayload } from '../../domain/model/ledger-entry.ts';
import type { CliIo } from '../io.ts';
import { readLedgerExport } from '../read-ledger-export.ts';
import { readStrictJson } from '../read-strict-json.ts';
import { readUserFile } from '../read-user-file.ts';

/** Nothing beside what is hashed and compared: a key that nobody looks at could say anything. */
const PackSchema = EvidencePackSchema.strict();
type Pack = z.output<typeof PackSchema>;

const HELP = `
The pack comes from: changegate evidence <change-id>
A pack alone shows that its verdict follows from its evidence. That this is the evidence on which the verdict was made
is shown by the ledger, which holds its hash: --ledger, with an export that verifies (changegate verify).

Exit codes: 0 the verdict recomputes (and the ledger has its evidence), 1 it does not, 2 a file cannot be read.`;

/** `changegate recompute`: judges the evidence again, offline, and compares with the verdict that the pack holds. */
export function addRecomputeCommand(program: Command, io: CliIo): void {
  program
    .command('recompute <evidence>')
    .description('recompute a verdict from its evidence pack alone')
    .option('--ledger <export>', 'an exported ledger, in which the hash of the evidence must stand')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(async (path: string, options: { ledger?: string; json?: boolean }) => {
      const pack = parsePack(await readUserFile(io, path), path);
      const verdict = recompute(fromWire(pack.evidence));
      const differing = differingFields(pack.verdict, toWire(verdict) as Record<string, unknown>);
      const equal = differing.length === 0;
      const hash = sha256Hex(canonicalJson(pack.evidence));
      const ledger = options.ledger === undefined ? null : await findInLedger(io, options.ledger, pack, hash);
      const { change_id, revision } = pack;
      if (options.json) {
        const answer = { change_id, revision, equal, differing, evidence_hash: hash, verdict: toWire(verdict) };
        io.out(`${JSON.stringify(ledger === null ? answer : { ...answer, ledger })}\n`);
      } else {
        const how = equal ? 'the same as recorded' : `NOT what was recorded, which differs in ${differing.join(', ')}`;
        io.out(`${change_id} revision ${revision}: ${verdict.verdict} (${verdict.reasons.join(', ')}); ${how}\n`);
        io.out(`evidence ${hash}${ledger === null ? '' : `: ${ledger.detail}`}\n`);
      }
      io.exit(equal && ledger?.found !== false ? 0 : 1);
    });
}

function parsePack(text: string, path: string): Pack {
  const remedy = 'Make one with: changegate evidence <change-id> > evidence.json';
  const pack = readStrictJson(text, PackSchema, { where: path, kind: 'an evidence pack', remedy });
  const { change_id: judged } = (pack.evidence.change ?? {}) as Record<string, unknown>;
  if (typeof judged !== 'string' || judged === pack.change_id) return pack;
  throw new GateError(
    'invalid_input',
    `${path} is not an evidence pack: it is of ${pack.change_id}, its evidence of ${judged}.`,
    remedy,
  );
}

/** Top-level fields of the verdict that are not the same, sorted. */
function differingFields(recorded: Record<string, unknown>, made: Record<string, unknown>): readonly string[] {
  const fields = new Set([...Object.keys(recorded), ...Object.keys(made)]);
  const textOf = (value: unknown) => (value === undefined ? null : canonicalJson(value));
  return [...fields].filter((field) => textOf(recorded[field]) !== textOf(made[field])).toSorted();
}

interface InLedger {
  readonly found: boolean;
  readonly seq: number | null;
  readonly detail: string;
}

/** Whether a ledger that verifies records this evidence for this revision of the verdict. */
async function findInLedger(io: CliIo, path: string, pack: Pack, hash: string): Promise<InLedger> {
  const entries = readLedgerExport(await readUserFile(io, path), path);
  const result = verifyLedger(entries);
  const not = (detail: string): InLedger => ({ found: false, seq: null, detail });
  if (result.status === 'broken') return not(`${path} is broken at entry ${result.seq}, so it proves nothing`);
  const verdicts = entries.filter(
    ({ type, changeId }) => changeId === pack.change_id && (type === 'verdict.made' || type === 'verdict.revised'),
  );
  const own = verdicts.find(({ payload }) => payload?.evidence_hash === hash);
  if (own === undefined) return not(`NOT in ${path}${whyNot(verdicts, pack.change_id)}`);
  if (own.payload?.revision !== pack.revision)
    return not(`in ${path} at entry ${own.seq} as revision ${String(own.payload?.revision)}, NOT as this one`);
  return { found: true, seq: own.seq, detail: `in ${path} at entry ${own.seq} (${own.type})` };
}

function whyNot(verdicts: readonly LedgerEntryWithPayload[], changeId: string): string {
  if (verdicts.length === 0) return `, which has no verdict of ${changeId}`;
  const erased = verdicts.filter(({ payload }) => payload === null).map(({ seq }) => seq);
  if (erased.length > 0) return `, where the payload of entry ${erased.join(', ')} was erased`;
  return `, which has other evidence for ${changeId} at entry ${verdicts.map(({ seq }) => seq).join(', ')}`;
}
