import type { Command } from 'commander';
import { readClientConfig } from '../../config/read-client-config.ts';
import { QuarantineResponseSchema, ReplayQuarantineResponseSchema } from '../../contract/api/requests.ts';
import { callGate } from '../gate-api.ts';
import type { CliIo } from '../io.ts';

interface ListOptions {
  readonly repository: string;
  readonly reason?: string;
  readonly after?: string;
  readonly json?: boolean;
}

/** `changegate quarantine list` and `replay`: the events that were kept apart, and counting those that are sound by now. */
export function addQuarantineCommand(program: Command, io: CliIo): void {
  const quarantine = program.command('quarantine').description('events that were kept apart instead of counted');
  quarantine
    .command('list')
    .description('how many there are by reason, and the first 500 of them')
    .requiredOption('--repository <owner/name>', 'the repository')
    .option('--reason <reason>', 'only of this reason: skew, unknown_change, bad_hash, missing_hash or late')
    .option('--after <line>', 'only lines that came after this one')
    .option('--json', 'print one JSON object')
    .action(async ({ repository, reason, after, json }: ListOptions) => {
      const query = new URLSearchParams({ repository, ...(reason && { reason }), ...(after && { after }) });
      const path = `/v1/quarantine?${query}`;
      const answer = await callGate(readClientConfig(), QuarantineResponseSchema, 'GET', path);
      if (json) {
        io.out(`${JSON.stringify(answer)}\n`);
        return;
      }
      const counts = Object.entries(answer.counts).map(([name, count]) => `${count} ${name}`);
      io.out(`Kept apart: ${counts.length === 0 ? 'nothing' : counts.join(', ')}\n`);
      for (const one of answer.lines) {
        io.out(`${one.line_id} ${new Date(one.received_at).toISOString()} ${one.reason} ${one.line}\n`);
      }
      if (answer.next !== null) io.out(`More: --after ${answer.next}\n`);
    });
  quarantine
    .command('replay')
    .description('count the events that were kept apart for one reason, where they are sound by now')
    .requiredOption('--repository <owner/name>', 'the repository')
    .requiredOption('--reason <reason>', 'skew, unknown_change, missing_hash or late')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 none is kept apart for this reason any more, 1 some are, 2 a mistake in the call.',
    )
    .action(async ({ repository, reason, json }: { repository: string; reason: string; json?: boolean }) => {
      const body = { repository, reason };
      const path = '/v1/quarantine/replay';
      const answer = await callGate(readClientConfig(), ReplayQuarantineResponseSchema, 'POST', path, body);
      const kept = Object.entries(answer.kept);
      const words =
        kept.length === 0 ? 'none kept apart' : kept.map(([why, n]) => `${n} kept apart: ${why}`).join(', ');
      io.out(
        json ? `${JSON.stringify(answer)}\n` : `${answer.accepted} accepted, ${answer.duplicate} duplicate, ${words}\n`,
      );
      io.exit(kept.length === 0 ? 0 : 1);
    });
}
