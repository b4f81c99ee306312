import type { Command } from 'commander';
import { readClientConfig } from '../../config/read-client-config.ts';
import { PauseResponseSchema } from '../../contract/api/requests.ts';
import { callGate } from '../gate-api.ts';
import type { CliIo } from '../io.ts';

/** `changegate pause` and `changegate resume`: the operator's switch for all interventions. */
export function addPauseCommands(program: Command, io: CliIo): void {
  for (const [name, description] of [
    ['pause', 'stop every intervention until resumed; looks and verdicts go on, and verdicts say so'],
    ['resume', 'let interventions go on'],
  ] as const) {
    program
      .command(name)
      .description(description)
      .requiredOption('--by <name>', 'who')
      .requiredOption('--reason <text>', 'why; it goes into the ledger')
      .option('--json', 'print one JSON object')
      .action(async (options: { by: string; reason: string; json?: boolean }) => {
        const answer = await callGate(readClientConfig(), PauseResponseSchema, 'POST', `/v1/${name}`, {
          by: options.by,
          reason: options.reason,
        });
        io.out(
          options.json ? `${JSON.stringify(answer)}\n` : `The watch is ${answer.paused ? 'paused' : 'running'}.\n`,
        );
      });
  }
}
