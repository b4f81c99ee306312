import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { MAX_START_SHARE } from '../../contract/check-rollout.ts';
import { ShareSchema } from '../../contract/effect.ts';
import { GateError } from '../../contract/gate-error.ts';
import type { VerdictWord } from '../../domain/model/verdict.ts';
import { readFilesOrThrow } from '../../services/read-files.ts';
import type { CliIo } from '../io.ts';
import { readUserFile } from '../read-user-file.ts';
import { parseFieldMap } from '../replay/fields.ts';
import { COLUMN_HELP } from '../replay/parse-row.ts';
import {
  EMPTY_IS_ERROR,
  EMPTY_IS_ZERO,
  makeVocabulary,
  NUMBER_ALLOWED,
  OUTCOME_ALLOWED,
  VALUE_MEANINGS,
  VARIANT_ALLOWED,
  type ValueMeaning,
} from '../replay/parse-value.ts';
import { type FileFormat, openSource } from '../replay/read-rows.ts';
import { replayObject } from '../replay/render-json.ts';
import { renderReplay } from '../replay/render-text.ts';
import { replayFile } from '../replay/replay-file.ts';
import { evidencePack } from '../replay/views.ts';

const EXIT_BY_VERDICT = { pass: 0, fail: 1, inconclusive: 3 } as const satisfies Record<VerdictWord, number>;

const HELP = `
A row is a trial: of whom, when, with which variant, and how it ended. Rows before the first one with the change are
the KPI's history. Columns: ${COLUMN_HELP}.
What a row needs beside time, unit and variant depends on the type of its KPI: proportion an outcome; mean and gauge a
value; ratio a numerator and a denominator; rate a count (and an exposure, 1 without the column); quantile latency_ms.
Variants: ${VARIANT_ALLOWED}.
Outcomes: ${OUTCOME_ALLOWED}. An empty one cannot be read, unless you say that it means no success: ${EMPTY_IS_ERROR}
(conversions only).
Amounts: ${NUMBER_ALLOWED}. An empty one cannot be read, unless you say that it means 0: ${EMPTY_IS_ZERO}
(mean, ratio and the count of a rate).

Exit codes:
  0  a verdict was made, whatever it is (with --exit-code: pass)
  1  with --exit-code: fail
  2  a mistake in the call, or a file cannot be used
  3  with --exit-code: inconclusive

Example:
  changegate replay --contract c.yml --registry kpis.yml --events jobs.csv --map job_id=unit --map booked=outcome`;

interface ReplayOptions {
  readonly contract: string;
  readonly registry: string;
  readonly events: string;
  readonly map: readonly string[];
  readonly value: readonly string[];
  readonly format?: FileFormat;
  readonly delimiter: string;
  readonly utc?: boolean;
  readonly kpi?: string;
  readonly only?: string;
  readonly share?: string;
  readonly evidence?: string;
  readonly json?: boolean;
  readonly exitCode?: boolean;
}

const collect = (value: string, list: string[]) => [...list, value];

/** Adds `changegate replay`: what Changegate would have seen, done and concluded, from a file of what happened. */
export function addReplayCommand(program: Command, io: CliIo): void {
  program
    .command('replay')
    .description('replay a change on a file of what happened: forecast, watch day by day, verdict; no server needed')
    .requiredOption('--contract <file>', 'the contract of the change')
    .option('--registry <file>', 'the KPI registry', '.changegate/kpis.yml')
    .requiredOption('--events <file>', 'the rows: CSV with a header, or NDJSON; gzip is recognised')
    .option(
      '--map <column=field>',
      'what a column means; outcome:<kpi> (value:<kpi>, latency_ms:<kpi> …) for one of several KPIs; may be repeated',
      collect,
      [],
    )
    .option('--value <text=meaning>', `what a value means: ${VALUE_MEANINGS.join(', ')}; may be repeated`, collect, [])
    .addOption(new Option('--format <format>', 'default: by the name and the first byte').choices(['csv', 'ndjson']))
    .option('--delimiter <character>', 'what separates the columns of a CSV file; "tab" for tabs', ',')
    .option('--utc', 'times without a time zone are UTC')
    .option('--kpi <id>', 'the KPI of rows that name none (default: the primary)')
    .option('--only <ids>', 'replay only these KPIs of the contract, comma-separated')
    .option(
      '--share <percent>',
      "the share of the traffic that was meant to get the change (default: the contract's start)",
    )
    .option('--evidence <file>', 'write the evidence pack, for changegate recompute')
    .option('--json', 'print one JSON object')
    .option('--exit-code', 'exit with the verdict')
    .addHelpText('after', HELP)
    .action(async (options: ReplayOptions) => {
      const files = {
        contract: { path: options.contract, text: await readUserFile(io, options.contract) },
        registry: { path: options.registry, text: await readUserFile(io, options.registry) },
        policy: null,
      };
      const { contract, kpis } = readFilesOrThrow(files);
      const path = resolve(io.cwd, options.events);
      const delimiter = parseDelimiter(options.delimiter);
      const source = await openSource(options.events, path, {
        ...(options.format ? { format: options.format } : {}),
        delimiter,
      });
      const file = await replayFile({
        contract,
        contractPath: options.contract,
        kpis,
        source,
        maps: options.map.map(parseFieldMap),
        vocabulary: makeVocabulary(options.value.map(parseValue)),
        kpiId: options.kpi ?? null,
        only: options.only?.split(',').map((id) => id.trim()) ?? null,
        share: options.share === undefined ? null : parseShare(options.share),
        utc: options.utc === true,
      });
      if (options.evidence !== undefined) {
        await writePack(resolve(io.cwd, options.evidence), options.evidence, evidencePack(file));
      }
      if (options.json) io.out(`${JSON.stringify(replayObject(file, options.evidence ?? null), null, 2)}\n`);
      else io.out(renderReplay(file));
      io.exit(options.exitCode === true ? EXIT_BY_VERDICT[file.replay.verdict.verdict] : 0);
    });
}

function parseValue(text: string): { text: string; meaning: ValueMeaning } {
  const cut = text.lastIndexOf('=');
  const meaning = VALUE_MEANINGS.find((known) => known === text.slice(cut + 1).trim());
  const own = text.slice(0, Math.max(0, cut)).trim();
  const isOfEmpty = meaning === '0' || meaning === 'error';
  const isOfText = meaning !== '0';
  if (cut >= 0 && meaning !== undefined && (own === '' ? isOfEmpty : isOfText)) return { text: own, meaning };
  if (cut >= 0 && own === '' && meaning !== undefined) {
    throw new GateError(
      'invalid_input',
      `--value ${text} gives empty values a meaning; allowed is only ${EMPTY_IS_ERROR} or ${EMPTY_IS_ZERO}.`,
      'Fill the column in where the file is made. An empty variant is in no change.',
    );
  }
  throw new GateError(
    'invalid_input',
    `--value ${text} is not text=meaning; meanings are ${VALUE_MEANINGS.join(', ')} (0 of an empty amount only).`,
    'Write for example: --value completed=success --value cancelled=error',
  );
}

function parseShare(text: string): number {
  const share = ShareSchema.safeParse(text.trim());
  if (share.success && share.data > 0 && share.data <= MAX_START_SHARE) return share.data;
  throw new GateError(
    'invalid_input',
    `--share ${text} is no share; allowed: above 0%, at most 95%.`,
    'Write for example: --share 50%',
  );
}

function parseDelimiter(text: string): string {
  const delimiter = text === 'tab' || text === '\\t' ? '\t' : text;
  if (delimiter.length === 1 && delimiter !== '"' && delimiter !== '\n') return delimiter;
  throw new GateError(
    'invalid_input',
    `--delimiter ${text} is not one character.`,
    'Write for example: --delimiter ";"',
  );
}

async function writePack(path: string, name: string, pack: unknown): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(pack, null, 2)}\n`);
  } catch (error) {
    throw new GateError('invalid_input', `${name} cannot be written: ${(error as Error).message}.`, 'Check the path.', {
      cause: error,
    });
  }
}
