import { parseArgs } from 'node:util';
import { describeMachine, renderTable } from '../report.ts';
import { benchJudge } from './bench-judge.ts';

const HELP = `npm run bench:judge [-- --quick] [-- --json]

Measures the pure judgement on one core: looks, verdicts, memory, and cost against the length of the window.

  --quick  fewer repeats: shows that the benchmark works, not how fast the code is
  --json   print one JSON object
`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else {
  const report = benchJudge(values.quick);
  const machine = `${describeMachine()}${values.quick ? '; quick' : ''}`;
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, ...(report.data as object) })}\n`);
  else process.stdout.write(`${machine}\n\n${renderTable([report])}\n`);
}
