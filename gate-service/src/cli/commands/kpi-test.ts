import type { Command } from 'commander';
import { GateError } from '../../contract/gate-error.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { nearest } from '../../contract/nearest.ts';
import type { Tally } from '../../domain/model/tally.ts';
import { DAY_MINUTES, formatMinute, HOUR_MINUTES, minuteOf } from '../../domain/model/time.ts';
import { logHistogramCount } from '../../domain/statistics/log-histogram.ts';
import type { MetricSource, SourceAnswer, SourceQuestion } from '../../ports/metric-source.ts';
import { type ConfiguredSources, closeSources } from '../configured-sources.ts';
import type { CliIo } from '../io.ts';
import { DEFAULT_REGISTRY, readText, registryOf } from './doctor.ts';

const HELP = `
Run it where the gate service runs, with its environment: CHANGEGATE_CONFIG and the secrets.
Without --change the rows are those of everybody, as the KPI's history has them.

Exit codes:
  0  the source answered
  1  it did not
  2  the KPI or a file is not there`;

interface Options {
  readonly registry: string;
  readonly change?: string;
  readonly json?: boolean;
}

/** `changegate kpi test <id>`: the rows of the last hour and the last day that the gate would use, and what it asked. */
export function addKpiTestCommand(program: Command, openSources: () => ConfiguredSources, io: CliIo): void {
  program
    .command('kpi')
    .description('one KPI of the registry')
    .command('test <id>')
    .description('ask the source of a KPI for the last hour and the last day, and show what the gate would use')
    .option('--registry <file>', 'the KPI registry', DEFAULT_REGISTRY)
    .option('--change <change_id>', 'only the trials of this change, by variant')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(async (id: string, options: Options) => {
      const kpi = findKpi(registryOf(readText(io, options.registry)), id, options.registry);
      const opened = openSources();
      try {
        const source = opened.sources.get(kpi.measure.source);
        if (!source) throw notAsked(kpi, opened);
        const answers = await ask(source, kpi, options.change ?? null, minuteOf(io.now()));
        io.out(
          options.json
            ? `${JSON.stringify(answers)}\n`
            : `${id} (source ${kpi.measure.source})\n\n${answers.map(({ title, answer }) => shown(title, answer)).join('\n')}`,
        );
        io.exit(answers.every(({ answer }) => answer.status === 'ok') ? 0 : 1);
      } finally {
        await closeSources(opened);
      }
    });
}

async function ask(source: MetricSource, kpi: Kpi, changeId: string | null, now: number) {
  const mature = now - kpi.measure.withinMinutes;
  const hour = Math.floor(mature / HOUR_MINUTES) * HOUR_MINUTES;
  const question = (from: number, to: number, bucketMinutes: 1 | 60): SourceQuestion => ({
    kpi,
    changeId,
    from,
    to,
    bucketMinutes,
    byCohort: false,
  });
  const lastHour = await source.read(question(mature - HOUR_MINUTES, mature, 1));
  const lastDay = await source.read(question(hour - DAY_MINUTES, hour, 60));
  return [
    { title: 'The last hour with complete outcomes, by minute', answer: lastHour },
    { title: 'The last day with complete outcomes, by hour', answer: lastDay },
  ];
}

function shown(title: string, answer: SourceAnswer): string {
  if (answer.status !== 'ok') {
    const { status, fault, detail, query } = answer;
    return `${title}\n  ${status} (${fault}): ${detail}\n${query === null ? '' : `Query:\n${indent(query)}`}`;
  }
  const inOrder = answer.buckets.toSorted((left, right) => left.minute - right.minute);
  const rows = inOrder.map(
    ({ minute, variant, tally }) => `  ${formatMinute(minute)}  ${(variant ?? '').padEnd(3)}  ${tallyText(tally)}\n`,
  );
  const facts = answer.facts.map((fact) => `  ${fact}\n`);
  return [
    `${title}: ${answer.buckets.length} rows, complete until ${formatMinute(answer.completeUntil)}\n`,
    ...rows,
    facts.length === 0 ? '' : `Facts:\n${facts.join('')}`,
    `Query:\n${indent(answer.query)}`,
  ].join('');
}

function tallyText({ n, y, sums, histogram }: Tally): string {
  const more = sums ? Object.entries(sums).map(([name, value]) => ` ${name}=${value}`) : [];
  return `n=${n} y=${y}${more.join('')}${histogram ? ` latencies=${logHistogramCount(histogram)}` : ''}`;
}

function indent(text: string): string {
  return `${text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}\n`;
}

function findKpi(kpis: readonly Kpi[], id: string, path: string): Kpi {
  const found = kpis.find((kpi) => kpi.id === id);
  if (found) return found;
  const ids = kpis.map((kpi) => kpi.id);
  const meant = nearest(id, ids);
  throw new GateError(
    'not_found',
    `${path} has no KPI ${id}; it has ${ids.join(', ')}.`,
    meant === null ? 'Name one of these.' : `Did you mean ${meant}?`,
  );
}

function notAsked({ id, measure }: Kpi, { eventSources, sources }: ConfiguredSources): GateError {
  const names = [...eventSources, ...sources.keys()].join(', ') || 'none';
  return new GateError(
    'not_found',
    eventSources.includes(measure.source)
      ? `Events are sent to the source ${measure.source} of ${id}; there is nothing to ask.`
      : `The configuration has no source ${measure.source}, which ${id} names; it has ${names}.`,
    'See docs/running.md for the sources that are asked.',
  );
}
