import type { Finding } from '../contract/finding.ts';
import type { Kpi } from '../contract/kpi-registry.ts';
import type { Forecast } from '../domain/model/forecast.ts';
import type { Gate } from './gate.ts';
import { checkKpis } from './probe-sources.ts';
import { isAsked } from './pull-sources.ts';

/** Asks the source of each KPI that is asked what it could answer; what is in order is not told. */
export async function checkForecastSources(
  gate: Pick<Gate, 'sources' | 'options'>,
  kpis: readonly Kpi[],
  registryPath: string,
): Promise<readonly Finding[]> {
  const asked = kpis.filter((kpi) => isAsked(gate, kpi));
  const checked = await checkKpis({ eventSources: gate.options.eventSources, sources: gate.sources }, asked);
  return checked.flatMap(({ kpiId, source, findings }) =>
    findings
      .filter(({ status }) => status !== 'ok')
      .map(
        ({ check, status, detail }): Finding => ({
          file: registryPath,
          line: 1,
          column: 1,
          path: `${kpiId}.measure`,
          severity: status === 'failed' ? 'error' : 'warning',
          code: 'source_check',
          message: `The source ${source} of ${kpiId}, ${check}: ${detail}`,
          found: source,
          allowed: 'a source that can answer for this KPI',
          remedy: `Run where the gate service runs: changegate kpi test ${kpiId}`,
        }),
      ),
  );
}

/** A KPI that cannot be asked for makes the contract undecidable as it stands, whatever its history says. */
export function withSourceFindings(forecast: Forecast, kpis: readonly Kpi[], found: readonly Finding[]): Forecast {
  const failed = found.filter(({ severity }) => severity === 'error');
  const findings = [...forecast.findings, ...found];
  if (failed.length === 0) return { ...forecast, findings };
  const ids = new Set(failed.map(({ path }) => path.slice(0, path.lastIndexOf('.'))));
  const titles = kpis.filter(({ id }) => ids.has(id)).map(({ title }) => `"${title}"`);
  return {
    ...forecast,
    conclusion: 'adjust',
    summary: `The source of ${titles.join(' and ')} cannot answer yet. ${forecast.summary}`,
    adjustments: [...failed.map(({ message }) => message), ...forecast.adjustments],
    findings,
  };
}
