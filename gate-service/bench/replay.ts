import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { GateError } from '../src/contract/gate-error.ts';
import { jobRows, SMALL_SHOP } from '../test/replay/make-jobs-file.ts';
import { mebibytes, type Report, threeFigures } from './report.ts';
import { median } from './statistics.ts';
import type { Peak } from './tell-peak.ts';

const GATE_SERVICE = join(import.meta.dirname, '..');
const FILES = join(GATE_SERVICE, 'test', 'replay');
/** Shares of rows by a unit that was there before: nearly all units new, and nearly none. */
const RETURNING = [0.05, 0.95] as const;

interface Run {
  readonly seconds: number;
  readonly peak: Peak;
}

interface JobsFile {
  readonly path: string;
  readonly units: number;
}

/** `changegate replay` as a process of its own on two files that differ only in how many units they have. */
export async function benchReplay(quick: boolean, progress: (text: string) => void): Promise<Report> {
  const rows = quick ? 50_000 : 1_000_000;
  const repeats = quick ? 1 : 3;
  const directory = await mkdtemp(join(tmpdir(), 'changegate-bench-'));
  try {
    for (const name of ['contract.yml', 'kpis.yml']) await copyFile(join(FILES, name), join(directory, name));
    const files: JobsFile[] = [];
    for (const returning of RETURNING) {
      progress(`replay: writing ${rows.toLocaleString('en-US')} rows`);
      files.push(await writeJobs(join(directory, `jobs-${returning}.csv`), rows, returning));
    }
    const runs: Run[][] = files.map(() => []);
    for (let repeat = 1; repeat <= repeats; repeat += 1) {
      progress(`replay: repeat ${repeat} of ${repeats}`);
      for (const [index, { path }] of files.entries()) runs[index]!.push(await replay(directory, path));
    }
    progress('replay: memory');
    const live: number[] = [];
    for (const { path } of files) live.push((await replay(directory, path, ['--expose-gc'])).peak.liveBytes!);
    return report(rows, repeats, files, runs, live);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function report(
  rows: number,
  repeats: number,
  files: readonly JobsFile[],
  runs: readonly (readonly Run[])[],
  live: readonly number[],
): Report {
  const results = files.map(({ units }, index) => ({
    units,
    seconds: median(runs[index]!.map(({ seconds }) => seconds)),
    peakRssBytes: median(runs[index]!.map(({ peak }) => peak.rssBytes)),
    peakLiveBytes: live[index]!,
  }));
  const [many, few] = results as [(typeof results)[0], (typeof results)[0]];
  const bytesPerUnit = (many.peakLiveBytes - few.peakLiveBytes) / (many.units - few.units);
  return {
    title: `changegate replay of ${rows.toLocaleString('en-US')} CSV rows, median of ${repeats}`,
    rows: [
      ...results.map(({ units, seconds, peakRssBytes, peakLiveBytes }) => ({
        what: `with ${threeFigures(units)} distinct units`,
        result: `${threeFigures(seconds)} s, peak RSS ${mebibytes(peakRssBytes)}, of it in use ${mebibytes(peakLiveBytes)}`,
      })),
      { what: 'memory in use for one more distinct unit', result: `${threeFigures(bytesPerUnit)} bytes` },
    ],
    data: { rows, results, bytesPerUnit },
  };
}

async function writeJobs(path: string, rows: number, returning: number): Promise<JobsFile> {
  const file = createWriteStream(path);
  const units = new Set<string>();
  file.write('time,unit,variant,outcome\n');
  let chunk = '';
  for (const { time, unit, variant, outcome } of jobRows({ ...SMALL_SHOP, rows, returning })) {
    units.add(unit);
    chunk += `${time},${unit},${variant},${outcome}\n`;
    if (chunk.length < 1_000_000) continue;
    if (!file.write(chunk)) await once(file, 'drain');
    chunk = '';
  }
  file.end(chunk);
  await once(file, 'finish');
  return { path, units: units.size };
}

/** Start of the process included; the child tells its own peak at its end, on a channel of its own. */
async function replay(cwd: string, path: string, flags: readonly string[] = []): Promise<Run> {
  const command = ['replay', '--contract', 'contract.yml', '--registry', 'kpis.yml', '--events', path, '--json'];
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...flags,
      '--import',
      join(import.meta.dirname, 'tell-peak.ts'),
      join(GATE_SERVICE, 'bin', 'changegate.js'),
      ...command,
    ],
    { cwd, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const [problem, peak, [code]] = await Promise.all([
    text(child.stderr!),
    text(child.stdio[3] as NodeJS.ReadableStream),
    once(child, 'exit'),
  ]);
  if (code !== 0)
    throw new GateError('internal', `changegate replay ended with exit code ${code}: ${problem}`, 'Report this.');
  return { seconds: (performance.now() - begun) / 1000, peak: JSON.parse(peak) as Peak };
}
