import type { Kpi } from '../contract/kpi-registry.ts';
import type { MetricSource, SourceFinding } from '../ports/metric-source.ts';

/** A check that takes longer has failed: a source that is so slow would not answer at a look either. */
const DEADLINE_MS = 20_000;

export interface CheckedKpi {
  readonly kpiId: string;
  readonly source: string;
  readonly findings: readonly SourceFinding[];
}

/** Asks the source of each KPI once what it could answer (docs/reliability.md row A18). Never throws. */
export async function checkKpis(
  {
    eventSources,
    sources,
  }: { readonly eventSources: readonly string[]; readonly sources: ReadonlyMap<string, MetricSource> },
  kpis: readonly Kpi[],
): Promise<readonly CheckedKpi[]> {
  return Promise.all(
    kpis.map(async (kpi) => {
      const { source } = kpi.measure;
      if (eventSources.includes(source)) {
        const detail = 'Its events are sent to the gate service; there is nothing to ask.';
        return { kpiId: kpi.id, source, findings: [{ check: 'source', status: 'ok' as const, detail }] };
      }
      const names = [...eventSources, ...sources.keys()];
      return { kpiId: kpi.id, source, findings: await check(sources.get(source), source, names, kpi) };
    }),
  );
}

async function check(
  adapter: MetricSource | undefined,
  source: string,
  names: readonly string[],
  kpi: Kpi,
): Promise<readonly SourceFinding[]> {
  if (!adapter) {
    const detail = `There is no source ${source}; the configuration file has ${names.join(', ') || 'none'}. Add it, or name one of these.`;
    return [{ check: 'source', status: 'failed', detail }];
  }
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<readonly SourceFinding[]>((resolve) => {
    const detail = `The source ${source} did not answer within ${DEADLINE_MS / 1000} s; check that it can be reached.`;
    timer = setTimeout(() => resolve([{ check: 'answers', status: 'failed', detail }]), DEADLINE_MS);
  });
  try {
    return await Promise.race([adapter.check(kpi), tooLate]);
  } catch (error) {
    const detail = `The source ${source} failed: ${error instanceof Error ? error.name : 'unknown'}.`;
    return [{ check: 'answers', status: 'failed', detail }];
  } finally {
    clearTimeout(timer);
  }
}
