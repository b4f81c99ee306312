import type { Command } from 'commander';
import { readClientConfig } from '../../config/read-client-config.ts';
import { RegisterKpisResponseSchema } from '../../contract/api/requests.ts';
import { callGate } from '../gate-api.ts';
import type { CliIo } from '../io.ts';
import { readUserFile } from '../read-user-file.ts';

/** `changegate kpis register`: tells the gate service a registry before the first change, so that history is kept. */
export function addKpisCommand(program: Command, io: CliIo): void {
  program
    .command('kpis')
    .description('the KPI registry that the gate service keeps history for')
    .command('register <file>')
    .description('register a KPI registry; stamps do the same with the default branch’s')
    .requiredOption('--repository <owner/name>', 'the repository')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: { repository: string; json?: boolean }) => {
      const registry = { path: file, text: await readUserFile(io, file) };
      const answer = await callGate(readClientConfig(), RegisterKpisResponseSchema, 'PUT', '/v1/kpis', {
        repository: options.repository,
        registry,
      });
      io.out(options.json ? `${JSON.stringify(answer)}\n` : `Registered: ${answer.registered.join(', ')}\n`);
    });
}
