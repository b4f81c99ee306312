import type { Command } from 'commander';
import type { CliHandlers } from '../program.ts';

export function addServeCommand(program: Command, handlers: CliHandlers): void {
  program
    .command('serve')
    .description('run the gate service until SIGTERM')
    .addHelpText(
      'after',
      '\nConfiguration: CHANGEGATE_CONFIG names the file, secrets come from the environment; see docs/running.md.\nExit codes: 0 stopped, 78 the configuration has errors.',
    )
    .action(() => handlers.serve());
}
