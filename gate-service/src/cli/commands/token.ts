import type { Command } from 'commander';
import { z } from 'zod';
import { readClientConfig } from '../../config/read-client-config.ts';
import { CreateTokenResponseSchema, SCOPES } from '../../contract/api/requests.ts';
import { formatInstant } from '../../domain/model/time.ts';
import { callGate } from '../gate-api.ts';
import type { CliIo } from '../io.ts';

/** `changegate token create|revoke`: API tokens, with CHANGEGATE_TOKEN set to the admin token. */
export function addTokenCommand(program: Command, io: CliIo): void {
  const token = program.command('token').description('API tokens; CHANGEGATE_TOKEN must be the admin token');
  token
    .command('create')
    .description('make a token; its secret is shown once')
    .requiredOption('--scopes <list>', `comma-separated, of ${SCOPES.join(', ')}; activate goes alone`)
    .option('--repository <owner/name>', 'bind it to this repository')
    .option('--days <n>', 'days until it expires, at most 365', '90')
    .option('--json', 'print one JSON object')
    .action(async (options: { scopes: string; repository?: string; days: string; json?: boolean }) => {
      const request = {
        scopes: options.scopes.split(','),
        repository: options.repository ?? null,
        days: Number(options.days),
      };
      const answer = await callGate(readClientConfig(), CreateTokenResponseSchema, 'POST', '/v1/tokens', request);
      io.out(options.json ? `${JSON.stringify(answer)}\n` : `${answer.token}\n`);
      if (!options.json)
        io.err(
          `Token ${answer.token_id} with ${answer.scopes.join(', ')}, until ${formatInstant(answer.expires_at)}. It is not shown again.\n`,
        );
    });
  token
    .command('revoke <token-id>')
    .description('revoke a token at once')
    .option('--json', 'print one JSON object')
    .action(async (tokenId: string, options: { json?: boolean }) => {
      const answer = await callGate(
        readClientConfig(),
        z.object({ revoked: z.literal(true) }),
        'DELETE',
        `/v1/tokens/${encodeURIComponent(tokenId)}`,
      );
      io.out(options.json ? `${JSON.stringify(answer)}\n` : `Token ${tokenId} is revoked.\n`);
    });
}
