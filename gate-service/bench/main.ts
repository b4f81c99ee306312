import { parseArgs } from 'node:util';
import { GateError } from '../src/contract/gate-error.ts';
import { benchDemo } from './demo.ts';
import { benchIngest } from './ingest.ts';
import { benchLook } from './look.ts';
import { benchReplay } from './replay.ts';
import { describeMachine, type Report, renderTable } from './report.ts';

const HELP = `npm run bench [-- --quick] [-- --only <part>] [-- --json]

Measures the gate service on this machine and prints one table.

  --only   ingest | look | replay | demo: that part alone
  --quick  smaller and only once: shows that the benchmark works, not how fast the service is
  --json   print one JSON object
`;

type Part = (quick: boolean, progress: (text: string) => void) => Promise<Report>;
const PARTS: Readonly<Record<string, Part>> = {
  ingest: benchIngest,
  look: benchLook,
  replay: benchReplay,
  demo: benchDemo,
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const names = values.only === undefined ? Object.keys(PARTS) : [values.only];
  const reports: Record<string, Report> = {};
  for (const name of names) {
    const part = PARTS[name];
    if (!part)
      throw new GateError(
        'invalid_input',
        `--only has ${name}; allowed: ${Object.keys(PARTS).join(', ')}.`,
        'Name one of them.',
      );
    reports[name] = await part(values.quick, (text) => process.stderr.write(`${text}\n`));
  }
  const machine = describeMachine();
  if (values.json) {
    const data = Object.fromEntries(Object.entries(reports).map(([name, report]) => [name, report.data]));
    process.stdout.write(`${JSON.stringify({ machine, quick: values.quick, ...data })}\n`);
  } else process.stdout.write(`${machine}\n\n${renderTable(Object.values(reports))}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof GateError ? `${error.message} ${error.remedy}` : (error as Error).stack}\n`);
  process.exitCode = 1;
}
