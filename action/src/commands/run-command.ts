import type { Report } from '../report.ts';
import { activate } from './activate.ts';
import type { CommandContext } from './command.ts';
import { forecast } from './forecast.ts';
import { stamp } from './stamp.ts';
import { verdict } from './verdict.ts';

const COMMANDS = { forecast, stamp, activate, verdict } as const;

export function runCommand(name: keyof typeof COMMANDS, context: CommandContext): Promise<Report> {
  return COMMANDS[name](context);
}
