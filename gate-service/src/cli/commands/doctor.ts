import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { GateError } from '../../contract/gate-error.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { readChangeFiles, readRegistry } from '../../contract/read-change-files.ts';
import { metricIds } from '../../domain/model/metric.ts';
import { type CheckedKpi, checkKpis } from '../../services/probe-sources.ts';
import { type ConfiguredSources, closeSources } from '../configured-sources.ts';
import type { CliIo } from '../io.ts';

export const DEFAULT_REGISTRY = '.changegate/kpis.yml';
const SIGNS = { ok: 'ok     ', failed: 'FAILED ', unknown: 'unknown' } as const;

const HELP = `
Run it where the gate service runs, with its environment: CHANGEGATE_CONFIG and the secrets.

Exit codes:
  0  nothing is missing
  1  at least one check failed
  2  the files cannot be read

Examples:
  changegate doctor
  changegate doctor --contract .changegate/changes/short-quote-form.yml`;

interface DoctorOptions {
  readonly registry: string;
  readonly contract?: string;
  readonly json?: boolean;
}

/** `changegate doctor`: asks the source of each KPI once whether it could answer, and says what is missing. */
export function addDoctorCommand(program: Command, openSources: () => ConfiguredSources, io: CliIo): void {
  program
    .command('doctor')
    .description('check the configuration, and ask every source once whether it could answer for its KPIs')
    .option('--registry <file>', 'the KPI registry', DEFAULT_REGISTRY)
    .option('--contract <file>', 'check only the KPIs that this contract names')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: DoctorOptions) => {
      const kpis = kpisOf(options, io);
      const opened = openSources();
      try {
        const checked = await checkKpis(opened, kpis);
        io.out(options.json ? `${JSON.stringify({ kpis: checked })}\n` : checked.map(report).join('\n'));
        io.exit(checked.some(({ findings }) => findings.some(({ status }) => status === 'failed')) ? 1 : 0);
      } finally {
        await closeSources(opened);
      }
    });
}

function kpisOf({ registry, contract }: DoctorOptions, io: CliIo): readonly Kpi[] {
  const file = readText(io, registry);
  if (contract === undefined) return registryOf(file);
  const read = readChangeFiles({ contract: readText(io, contract), registry: file, policy: null });
  if (read.contract === null || read.kpis === null) throw unreadable(contract, read.findings[0]?.message);
  const ids = metricIds(read.contract);
  return read.kpis.filter(({ id }) => ids.has(id));
}

/** @throws GateError invalid_files */
export function registryOf(file: { readonly path: string; readonly text: string }): readonly Kpi[] {
  const { value, findings } = readRegistry(file);
  if (value === null) throw unreadable(file.path, findings[0]?.message);
  return value;
}

/** @throws GateError invalid_input */
export function readText({ cwd }: Pick<CliIo, 'cwd'>, path: string): { path: string; text: string } {
  try {
    return { path, text: readFileSync(resolve(cwd, path), 'utf8') };
  } catch (error) {
    throw new GateError(
      'invalid_input',
      `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}.`,
      `Correct the path, or run this in the root of the repository (now: ${cwd}).`,
    );
  }
}

function report({ kpiId, source, findings }: CheckedKpi): string {
  const lines = findings.map(({ status, check, detail }) => `  ${SIGNS[status]} ${check}: ${detail}\n`);
  return `${kpiId} (source ${source})\n${lines.join('')}`;
}

function unreadable(path: string, message = 'it cannot be read'): GateError {
  return new GateError('invalid_files', `${path}: ${message}`, 'Run: changegate validate');
}
