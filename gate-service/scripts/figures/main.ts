import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { delayByEffect, falseAlarmsUnderRamp } from './detection-figures.ts';
import { forecastReliability, verdictPower } from './verdict-figures.ts';

const HELP = `npm run figures [-- --quick] [-- --out docs/figures]

Draws the operating characteristics that docs/detection.md and docs/statistics.md show. The same seeds give the same files.

  --quick  few replicates: shows that it works, not what the figures are
  --out    where to write, docs/figures by default
`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: fileURLToPath(new URL('../../../docs/figures', import.meta.url)) },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else {
  const weeks = values.quick ? 10 : 400;
  mkdirSync(values.out, { recursive: true });
  const figures = {
    'delay-by-effect': () => delayByEffect(weeks),
    'false-alarms-under-ramp': () => falseAlarmsUnderRamp(weeks),
    'verdict-power': verdictPower,
    'forecast-reliability': () => forecastReliability(values.quick ? 50 : 2000),
  };
  for (const [name, draw] of Object.entries(figures)) {
    writeFileSync(`${values.out}/${name}.svg`, draw());
    process.stderr.write(`figures: ${name} done\n`);
  }
}
