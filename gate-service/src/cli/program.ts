import { Command, CommanderError } from 'commander';
import { GateError } from '../contract/gate-error.ts';
import { addChangeCommands } from './commands/changes.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEventsCommand } from './commands/events.ts';
import { addKpiTestCommand } from './commands/kpi-test.ts';
import { addKpisCommand } from './commands/kpis.ts';
import { addLedgerCommand } from './commands/ledger.ts';
import { addPauseCommands } from './commands/pause.ts';
import { addQuarantineCommand } from './commands/quarantine.ts';
import { addRecomputeCommand } from './commands/recompute.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addServeCommand } from './commands/serve.ts';
import { addStatsCommand } from './commands/stats.ts';
import { addTokenCommand } from './commands/token.ts';
import { addValidateCommand } from './commands/validate.ts';
import { addVerifyCommand } from './commands/verify.ts';
import type { ConfiguredSources } from './configured-sources.ts';
import { errorText } from './error-text.ts';
import { type CliIo, processIo } from './io.ts';

export interface CliHandlers {
  /** Runs the gate service until it is told to stop. */
  serve(): Promise<void>;
  /** Opens the sources of the service's own configuration; GateError `invalid_config` when it has problems. */
  openSources(): ConfiguredSources;
}

export type { ConfiguredSources };

/** Exit code of a mistake in the call itself: unknown option, unreadable file, service not there. */
export const EXIT_USAGE = 2;

/** Runs one command of `changegate`. Errors are told as message and next step; the exit code is each command's own. */
export async function runCli(argv: readonly string[], handlers: CliHandlers, io: CliIo = processIo()): Promise<void> {
  const program = new Command('changegate')
    .description('Turns every deploy into a 7-day, auditable KPI decision.')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 the answer is no (findings, a verdict that does not recompute …), 2 a mistake in the call.\nWhere the gate service is: CHANGEGATE_URL (default http://127.0.0.1:8787) and CHANGEGATE_TOKEN.',
    )
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride();
  addServeCommand(program, handlers);
  addValidateCommand(program, io);
  addReplayCommand(program, io);
  addStatsCommand(program, io);
  addRecomputeCommand(program, io);
  addVerifyCommand(program, io);
  addChangeCommands(program, io);
  addLedgerCommand(program, io);
  addEventsCommand(program, io);
  addQuarantineCommand(program, io);
  addKpisCommand(program, io);
  addKpiTestCommand(program, handlers.openSources, io);
  addDoctorCommand(program, handlers.openSources, io);
  addPauseCommands(program, io);
  addTokenCommand(program, io);
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    tell(error, io);
  }
}

function tell(error: unknown, io: CliIo): void {
  if (error instanceof CommanderError) {
    io.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
    return;
  }
  if (error instanceof GateError) {
    io.err(errorText(error));
    io.exit(error.code === 'invalid_config' ? 78 : EXIT_USAGE);
    return;
  }
  throw error;
}
