import { parseArgs } from 'node:util';
import { GateError } from '../../src/contract/gate-error.ts';
import { describeMachine } from '../report.ts';
import { benchDetection } from './bench-detection.ts';
import { benchIdeas } from './bench-ideas.ts';
import { renderDetection, renderIdeas } from './render.ts';
import { SETTINGS } from './settings.ts';

const HELP = `npm run bench:detection [-- --quick] [-- --seed 1] [-- --settings S1,S5] [-- --ideas] [-- --json]

Compares the harm monitor with what peers ship, on the same simulated weeks.

  --quick     few weeks: shows that the benchmark works, not what the figures are
  --seed      another whole number draws other weeks
  --settings  only these, of ${SETTINGS.map(({ name }) => name).join(', ')}
  --ideas     instead: variants of the monitor that were tried
  --json      print one JSON object
`;

function main(): void {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      settings: { type: 'string' },
      ideas: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const options = { quick: values.quick, seed: parseSeed(values.seed), settings: parseSettings(values.settings) };
  const begun = performance.now();
  const progress = (text: string) => process.stderr.write(`${text}\n`);
  const result = values.ideas ? benchIdeas(options, progress) : benchDetection(options, progress);
  const seconds = Math.round((performance.now() - begun) / 1000);
  const about = `${describeMachine()}; seed ${options.seed}${options.quick ? ', quick' : ''}, ${seconds} s`;
  if (values.json) process.stdout.write(`${JSON.stringify({ about, ...result })}\n`);
  else process.stdout.write(`${about}\n\n${result.kind === 'ideas' ? renderIdeas(result) : renderDetection(result)}\n`);
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new GateError('invalid_input', `--seed has ${text}; allowed: a whole number from 0 on.`, 'Give such a number.');
}

function parseSettings(text: string | undefined) {
  if (text === undefined) return SETTINGS;
  return text.split(',').map((name) => {
    const setting = SETTINGS.find((one) => one.name === name);
    if (setting) return setting;
    const allowed = SETTINGS.map((one) => one.name).join(', ');
    throw new GateError('invalid_input', `--settings has ${name}; allowed: ${allowed}.`, 'Name some of them.');
  });
}

try {
  main();
} catch (error) {
  process.stderr.write(`${error instanceof GateError ? `${error.message} ${error.remedy}` : (error as Error).stack}\n`);
  process.exitCode = 1;
}
