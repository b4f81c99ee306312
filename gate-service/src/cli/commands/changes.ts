import type { Command } from 'commander';
import type { z } from 'zod';
import { readClientConfig } from '../../config/read-client-config.ts';
import type { ChangeView } from '../../contract/api/change.ts';
import * as api from '../../contract/api/requests.ts';
import { renderVerdictComment } from '../../contract/render/verdict-comment.ts';
import { formatInstant, formatMinute } from '../../domain/model/time.ts';
import { callGate } from '../gate-api.ts';
import type { CliIo } from '../io.ts';

const json = (io: CliIo, value: unknown) => io.out(`${JSON.stringify(value, null, 2)}\n`);

/** `changes`, `show`, `evaluate`, `decide`, `activate`, `evidence`: what people ask of changes, over HTTP. */
export function addChangeCommands(program: Command, io: CliIo): void {
  program
    .command('changes')
    .description('list the changes, the newest first')
    .option('--repository <owner/name>', 'only of this repository')
    .option('--state <states>', 'only in these states, comma-separated')
    .option('--before <change-id>', 'only those that come after this one in the list: the next page')
    .option('--json', 'print one JSON object')
    .action(async (options: { repository?: string; state?: string; before?: string; json?: boolean }) => {
      const query = new URLSearchParams({
        ...(options.repository ? { repository: options.repository } : {}),
        ...(options.state ? { state: options.state } : {}),
        ...(options.before ? { before: options.before } : {}),
      });
      const page = await callGate(readClientConfig(), api.ChangeListResponseSchema, 'GET', `/v1/changes?${query}`);
      if (options.json) json(io, page);
      else io.out(`${listText(page).join('\n')}\n`);
    });
  program
    .command('show <change-id>')
    .description('one change: state, looks, interventions, newest verdict')
    .option('--json', 'print one JSON object')
    .action(async (changeId: string, options: { json?: boolean }) => {
      const { change } = await callGate(readClientConfig(), api.ChangeResponseSchema, 'GET', `/v1/changes/${changeId}`);
      if (options.json) json(io, change);
      else io.out(`${showText(change)}\n`);
    });
  program
    .command('evaluate <change-id>')
    .description('look again; after the window judge again, with a new revision only when the statistics changed')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExit codes: 0 pass or pending, 1 fail or inconclusive, 2 a mistake in the call.')
    .action(async (changeId: string, options: { json?: boolean }) => {
      const answer = await callGate(
        readClientConfig(),
        api.EvaluateResponseSchema,
        'POST',
        `/v1/changes/${changeId}/evaluate`,
        { head: null },
      );
      if (options.json) json(io, answer);
      else io.out(`${answer.verdict}\n`);
      io.exit(answer.verdict === 'pass' || answer.verdict === 'pending' ? 0 : 1);
    });
  program
    .command('activate <change-id>')
    .description('turn the flag on at rollout.start, once; CHANGEGATE_TOKEN must have the scope activate and no other')
    .option('--json', 'print one JSON object')
    .action(async (changeId: string, options: { json?: boolean }) => {
      const { change } = await callGate(
        readClientConfig(),
        api.ChangeResponseSchema,
        'POST',
        `/v1/changes/${changeId}/activate`,
      );
      if (options.json) json(io, change);
      else io.out(`${oneLine(change)}\n`);
    });
  program
    .command('decide <change-id>')
    .description('record what the people chose after the verdict')
    .requiredOption('--decision <word>', `one of ${api.DECISIONS.join(', ')}`)
    .requiredOption('--by <name>', 'who decided')
    .requiredOption('--reason <text>', 'why')
    .option('--json', 'print one JSON object')
    .action(async (changeId: string, options: { decision: string; by: string; reason: string; json?: boolean }) => {
      const { decision, by, reason } = options;
      const { change } = await callGate(
        readClientConfig(),
        api.ChangeResponseSchema,
        'POST',
        `/v1/changes/${changeId}/decide`,
        { decision, by, reason },
      );
      if (options.json) json(io, change);
      else io.out(`${oneLine(change)}\n`);
    });
  program
    .command('evidence <change-id>')
    .description('print the evidence pack of a verdict, for: changegate recompute')
    .option('--revision <n>', 'of this revision; default: the newest')
    .action(async (changeId: string, options: { revision?: string }) => {
      const query = options.revision === undefined ? '' : `?revision=${encodeURIComponent(options.revision)}`;
      json(
        io,
        await callGate(readClientConfig(), api.EvidencePackSchema, 'GET', `/v1/changes/${changeId}/evidence${query}`),
      );
    });
}

function listText({ changes, next, unreadable }: z.output<typeof api.ChangeListResponseSchema>): string[] {
  const lines = [
    ...changes.map(oneLine),
    ...unreadable.map((id) => `${id}  cannot be shown; see: changegate show ${id}`),
    ...(next === null ? [] : [`There are more: --before ${next}`]),
  ];
  return lines.length === 0 ? ['No changes.'] : lines;
}

function oneLine(change: ChangeView): string {
  const verdict = change.verdicts.at(-1);
  const outcome = verdict ? `${verdict.verdict}: ${verdict.reasons.join(', ')}` : '';
  return [change.change_id, change.state.padEnd(10), change.flag, outcome].join('  ').trimEnd();
}

function showText(change: ChangeView): string {
  const lines = [
    oneLine(change),
    `  hypothesis  ${change.hypothesis}`,
    `  stamped     ${formatInstant(change.stamped_at)}`,
    `  activated   ${change.activated_at === null ? 'not yet' : formatInstant(change.activated_at)}`,
    `  window      ${change.effective_at === null ? 'starts with the first exposure' : `${formatMinute(change.effective_at)} to ${formatMinute(change.window_end!)}`}`,
    ...change.looks.map((look) => `  ${look.kpi_id}: ${look.signal} (${look.detail})`),
    ...change.interventions.map(
      (act) => `  ${act.kind} ${act.outcome}, decided ${formatInstant(act.decided_at)}: ${act.reason}`,
    ),
  ];
  const verdict = change.verdicts.at(-1);
  return [...lines, ...(verdict ? ['', renderVerdictComment(change, verdict)] : [])].join('\n');
}
