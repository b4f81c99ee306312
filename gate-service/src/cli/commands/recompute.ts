import type { Command } from 'commander';
import { EvidencePackSchema } from '../../contract/api/requests.ts';
import { GateError } from '../../contract/gate-error.ts';
import { fromWire, toWire } from '../../contract/wire-case.ts';
import { recompute } from '../../domain/decision/recompute.ts';
import { canonicalJson } from '../../domain/model/canonical-json.ts';
import type { CliIo } from '../io.ts';
import { readUserFile } from '../read-user-file.ts';

/** `changegate recompute`: judges the evidence again, offline, and compares with the verdict that the pack holds. */
export function addRecomputeCommand(program: Command, io: CliIo): void {
  program
    .command('recompute <evidence>')
    .description('recompute a verdict from its evidence pack alone')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nThe pack comes from: changegate evidence <change-id>\nExit codes: 0 the verdict recomputes, 1 it does not, 2 the file cannot be read.',
    )
    .action(async (path: string, options: { json?: boolean }) => {
      const pack = parsePack(await readUserFile(io, path), path);
      const verdict = recompute(fromWire(pack.evidence));
      const equal = canonicalJson(toWire(verdict)) === canonicalJson(pack.verdict);
      if (options.json)
        io.out(
          `${JSON.stringify({ change_id: pack.change_id, revision: pack.revision, equal, verdict: toWire(verdict) })}\n`,
        );
      else
        io.out(
          `${pack.change_id} revision ${pack.revision}: ${verdict.verdict} (${verdict.reasons.join(', ')}); ${equal ? 'the same as recorded' : 'NOT what was recorded'}\n`,
        );
      io.exit(equal ? 0 : 1);
    });
}

function parsePack(text: string, path: string) {
  try {
    return EvidencePackSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new GateError(
      'invalid_input',
      `${path} is not an evidence pack: ${(error as Error).message.slice(0, 200)}.`,
      'Make one with: changegate evidence <change-id> > evidence.json',
      { cause: error },
    );
  }
}
