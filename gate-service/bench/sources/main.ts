import { parseArgs } from 'node:util';
import { GateError } from '../../src/contract/gate-error.ts';
import { hasPrometheus } from '../../test/support/prometheus-server.ts';
import { describeMachine, type Report, renderTable } from '../report.ts';
import { benchFiles } from './files.ts';
import { benchIngest } from './ingest.ts';
import { benchPrometheus } from './prometheus.ts';
import { benchVerdict } from './verdict.ts';

const HELP = `npm run bench:sources [-- --quick | --full] [-- --only <part>] [-- --minutes <n>] [-- --json]

Measures where metrics come from on this machine, each against its named peers in the same run.

  --only     ingest | verdict | files | prometheus: that part alone
  --quick    small and once: shows that the benchmark works, not how fast the service is
  --full     ten million events or rows instead of one million, for verdict and files
  --minutes  how long ingest is under load; without it 20 seconds
  --changes  how many are looked at, for prometheus; without it 1000
  --json     print one JSON object
`;

type Size = 'quick' | 'usual' | 'full';
interface Request {
  readonly size: Size;
  readonly minutes: number | null;
  readonly changes: number | null;
}
type Part = (request: Request, progress: (text: string) => void) => Promise<Report>;

const EVENTS: Readonly<Record<Size, number>> = { quick: 100_000, usual: 1_000_000, full: 10_000_000 };
const LOAD_SECONDS: Readonly<Record<Size, number>> = { quick: 4, usual: 20, full: 20 };

const PARTS: Readonly<Record<string, Part>> = {
  ingest: ({ size, minutes }, progress) => {
    const load = minutes === null ? { seconds: LOAD_SECONDS[size], passes: 2 } : { seconds: minutes * 60, passes: 1 };
    return benchIngest(load, progress);
  },
  verdict: ({ size }, progress) => benchVerdict({ events: EVENTS[size], rounds: size === 'quick' ? 1 : 5 }, progress),
  files: ({ size }, progress) => {
    progress(`files: ${EVENTS[size].toLocaleString('en-US')} rows`);
    return benchFiles(EVENTS[size]);
  },
  prometheus: async ({ size, changes }, progress) => {
    const usual = size === 'quick' ? 30 : 1_000;
    if (await hasPrometheus()) return benchPrometheus({ changes: changes ?? usual, rounds: 1 }, progress);
    return { title: 'Prometheus: not measured, since prometheus and promtool are not on PATH', rows: [], data: null };
  },
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      only: { type: 'string' },
      minutes: { type: 'string' },
      changes: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const size: Size = values.quick ? 'quick' : values.full ? 'full' : 'usual';
  const request = {
    size,
    minutes: readNumber('minutes', values.minutes, 1_440),
    changes: readNumber('changes', values.changes, 10_000),
  };
  const names = values.only === undefined ? Object.keys(PARTS) : [values.only];
  const reports: Record<string, Report> = {};
  for (const name of names) {
    const part = PARTS[name];
    if (!part) {
      const known = Object.keys(PARTS).join(', ');
      throw new GateError('invalid_input', `--only has ${name}; allowed: ${known}.`, 'Name one of them.');
    }
    reports[name] = await part(request, (text) => process.stderr.write(`${text}\n`));
  }
  const machine = `${describeMachine()}${size === 'quick' ? '; quick' : ''}`;
  if (values.json) {
    const data = Object.fromEntries(Object.entries(reports).map(([name, report]) => [name, report.data]));
    process.stdout.write(`${JSON.stringify({ machine, size, ...data })}\n`);
  } else process.stdout.write(`${machine}\n\n${renderTable(Object.values(reports))}\n`);
}

function readNumber(option: string, text: string | undefined, most: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= most) return value;
  throw new GateError(
    'invalid_input',
    `--${option} has ${text}; allowed: a whole number from 1 to ${most}.`,
    'Write 30, for one.',
  );
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof GateError ? `${error.message} ${error.remedy}` : (error as Error).stack}\n`);
  process.exitCode = 1;
}
