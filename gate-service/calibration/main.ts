import { parseArgs } from 'node:util';
import { table } from '../bench/detection/render.ts';
import { describeMachine } from '../bench/report.ts';
import { GateError } from '../src/contract/gate-error.ts';
import { PARTS } from './calibrate.ts';
import { type Check, FAST, FULL, passes } from './check.ts';

const HELP = `npm run calibrate [-- --fast] [-- --seed 1] [-- --only a,d]

Holds the statistics to what docs/detection.md promises. Exits with 1 when a promise is broken.

  --fast  the few weeks of the unit tests
  --seed  another whole number draws other weeks
  --only  these parts of the list: ${Object.keys(PARTS).join(', ')}
`;

function main(): void {
  const { values } = parseArgs({
    options: {
      fast: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new GateError('invalid_input', `--seed has ${values.seed}; allowed: a whole number from 0 on.`, 'Give one.');
  const begun = performance.now();
  const checks = partsOf(values.only).flatMap((part) => {
    const measured = PARTS[part](values.fast ? FAST : FULL, seed);
    process.stderr.write(`calibrate: part ${part} done\n`);
    return measured;
  });
  const broken = checks.filter((check) => !passes(check));
  process.stdout.write(
    `${describeMachine()}; seed ${seed}${values.fast ? ', fast' : ''}, ${Math.round((performance.now() - begun) / 1000)} s\n\n${render(checks)}\n\n${broken.length} of ${checks.length} checks failed.\n`,
  );
  if (broken.length > 0 || checks.length === 0) process.exitCode = 1;
}

function partsOf(only: string | undefined): readonly Check['part'][] {
  const known = Object.keys(PARTS) as Check['part'][];
  if (only === undefined) return known;
  return only.split(',').map((name) => {
    const part = known.find((one) => one === name);
    if (part) return part;
    throw new GateError('invalid_input', `--only has ${name}; allowed: ${known.join(', ')}.`, 'Name some of them.');
  });
}

function render(checks: readonly Check[]): string {
  const digits = (value: number) => (value >= 10 ? value.toFixed(0) : value.toFixed(value >= 1 ? 2 : 4));
  return table(
    ['', 'what', 'measured', 'at most', 'from', 'passes'],
    checks.map((check) => [
      check.part,
      check.what,
      digits(check.measured),
      digits(check.limit),
      check.basis,
      passes(check) ? 'yes' : '**no**',
    ]),
  );
}

try {
  main();
} catch (error) {
  process.stderr.write(`${error instanceof GateError ? `${error.message} ${error.remedy}` : (error as Error).stack}\n`);
  process.exitCode = 1;
}
