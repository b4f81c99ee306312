import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../bench/detection/render.ts';
import { GateError } from '../../src/contract/gate-error.ts';
import {
  HORIZON_HOURS,
  margin,
  type OnlineAnswer,
  type OnlineReport,
  placeboSup,
  reportOnline,
  reportWeeks,
  type WeekAnswer,
} from './before-after.ts';
import { type HeadlineReport, reportHeadlines } from './headlines.ts';
import { type LabelledSeries, loadHeadlines, loadNab } from './load.ts';

const HELP = `npm run reals -- --nab <folder> --headlines <file> [--seed 1]

Runs the methods for changes without a control group, and the tests of a split, on real data that you download:

  --nab        a clone of https://github.com/numenta/NAB (series with labelled incidents)
  --headlines  arms of headline tests from the Upworthy Research Archive, https://osf.io/jd64p/, as CSV (may be gzipped)
  --seed       another whole number deals the clicks anew in another way

One of the two is enough. Paths count from where you are.
`;

function main(): void {
  const { values } = parseArgs({
    options: {
      nab: { type: 'string' },
      headlines: { type: 'string' },
      seed: { type: 'string', default: '1' },
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
  if (values.nab === undefined && values.headlines === undefined)
    throw new GateError('invalid_input', 'Neither --nab nor --headlines was given.', `Give one of them:\n\n${HELP}`);
  const sections = [
    ...(values.nab === undefined ? [] : loadNab(fromCaller(values.nab)).map(renderSeries)),
    ...(values.headlines === undefined
      ? []
      : [renderHeadlines(reportHeadlines(loadHeadlines(fromCaller(values.headlines)), seed))]),
  ];
  process.stdout.write(`${sections.join('\n\n')}\n`);
}

function renderSeries(series: LabelledSeries): string {
  const weeks = reportWeeks(series);
  return [
    `### ${series.name}, ${Math.floor(series.hourly.length / 24)} days`,
    renderOnline('placebo-sup (L10)', reportOnline(series, placeboSup)),
    renderOnline('margin (L11)', reportOnline(series, margin)),
    weeks.length === 0 ? 'weekly backtest (L2 to L5): fewer than thirteen weeks, no answer' : renderWeeks(weeks),
  ].join('\n\n');
}

function renderOnline(name: string, { incidents, calmWindows, calmAlarms }: OnlineReport): string {
  const weeks = (calmWindows * HORIZON_HOURS) / 168;
  const rate = (alarms: number) => (calmWindows === 0 ? 'no answer' : `${(alarms / weeks).toFixed(2)} a week`);
  return `${name}: false alarms ${rate(calmAlarms.decrease)} (lower), ${rate(calmAlarms.increase)} (higher) in ${calmWindows} calm windows of ${HORIZON_HOURS} h\n\n${table(
    ['change in the first hour of', 'lower', 'higher'],
    incidents.map(({ from, lower, higher }) => [from, hours(lower), hours(higher)]),
  )}`;
}

function renderWeeks(weeks: readonly WeekAnswer[]): string {
  const flagged = weeks.filter(({ p }) => p < 0.05);
  const outside = flagged.filter(({ hasIncident }) => !hasIncident).length;
  return `weekly backtest (L2 to L5): ${flagged.length} of ${weeks.length} weeks flagged at .05, ${outside} of them without a labelled hour\n\n${table(
    ['week from', 'change, %', 'p', 'holds a labelled hour'],
    weeks.map(({ from, change, p, hasIncident }) => [
      from.slice(0, 10),
      (100 * change).toFixed(1),
      p < 0.05 ? `**${p.toFixed(4)}**` : p.toFixed(4),
      hasIncident ? 'yes' : '',
    ]),
  )}`;
}

function renderHeadlines(reports: readonly HeadlineReport[]): string {
  return `### Headline tests\n\n${table(
    [
      'tests made',
      'tests',
      'split, G1 < .001, %',
      'split, G3 ≥ 1000, %',
      'with clicks enough',
      'clicks differ at .05, %',
      'at .001, %',
      'dealt anew at .05, %',
      'at .001, %',
    ],
    reports.map((report) => [
      report.span,
      String(report.tests),
      percent(report.unevenByChiSquare),
      percent(report.unevenByBayesFactor),
      String(report.clickTests),
      percent(report.differAt05),
      percent(report.differAt001),
      percent(report.dealtAt05),
      percent(report.dealtAt001),
    ]),
  )}`;
}

/** npm runs a workspace's script in its folder and tells where it was called. */
const fromCaller = (path: string) => resolve(process.env.INIT_CWD ?? '.', path);
const percent = (share: number) => (100 * share).toFixed(2);

function hours({ status, hours }: OnlineAnswer): string {
  if (status !== 'ok') return 'too little history';
  return hours === null ? 'no alarm' : `${hours} h`;
}

try {
  main();
} catch (error) {
  process.stderr.write(`${error instanceof GateError ? `${error.message} ${error.remedy}` : (error as Error).stack}\n`);
  process.exitCode = 1;
}
