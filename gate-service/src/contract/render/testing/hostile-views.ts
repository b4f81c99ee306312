import type { ChangeView, VerdictView } from '../../api/change.ts';
import type { ForecastView } from '../../api/forecast.ts';
import type { ChangeContract } from '../../change-contract.ts';
import type { ForecastInput } from '../forecast-input.ts';
import {
  sampleChange,
  sampleContract,
  sampleFinding,
  sampleForecast,
  sampleMetrics,
  sampleSegments,
  sampleThrottle,
  sampleTurnOff,
  sampleVerdict,
} from './sample-views.ts';

/** A verdict in which every text that somebody else wrote is `text`. */
export function verdictWith(text: string): VerdictView {
  return {
    ...sampleVerdict,
    summary: text,
    reasons: [text, `guardrail:${text}`, `data_quality:${text}`],
    advice: { kpi_id: text, advice: 'keep', p_gain: 0.81, loss_keep: 1, loss_revert: 2 },
    metrics: sampleMetrics.map((metric, index) => ({
      ...metric,
      ...(index === 0 ? {} : { type: 'mean', levels: { control: 1, treatment: 2 } }),
      unit: text,
      kpi_id: text,
      title: text,
      finding: text,
      status: text,
      method: text,
    })),
    segments: [
      {
        ...sampleSegments,
        kpi_id: text,
        cohorts: sampleSegments.cohorts.map((one) => ({ ...one, cohort: text, finding: text })),
      },
      { ...sampleSegments, kpi_id: text, cohorts: [], note: text },
    ],
    quality: [
      { check: text, status: 'failed', detail: text },
      { check: text, status: 'ok', detail: text },
    ],
    warnings: [text],
    rule_version: text,
    ledger_head: { size: 1, hash: text },
  };
}

/** A change in which every text that somebody else wrote is `text`. */
export function changeWith(text: string): ChangeView {
  return {
    ...sampleChange,
    change_id: text,
    commit_sha: text,
    contract_path: text,
    contract_hash: text,
    kpis_hash: text,
    flag: text,
    hypothesis: text,
    looks: sampleChange.looks.map((look) => ({ ...look, kpi_id: text, detail: text, signal: 'adverse' })),
    interventions: [
      { ...sampleThrottle, intervention_id: text, reason: text, outcome: text },
      { ...sampleTurnOff, reason: text },
    ],
    verdicts: [verdictWith(text)],
    decisions: [{ decision: text, by: text, reason: text, at: 0 }],
  };
}

function forecastWith(text: string): ForecastView {
  const finding = {
    ...sampleFinding,
    file: text,
    path: text,
    code: text,
    message: text,
    found: text,
    allowed: text,
    remedy: text,
  };
  return {
    ...sampleForecast,
    summary: text,
    adjustments: [text, text],
    primary: { ...sampleForecast.primary, kpi_id: text, title: text, type: 'mean', unit: text },
    detection: [{ kpi_id: text, minutes: 1, units_harmed: 1 }],
    fast_rules: [{ kpi_id: text, firings_per_week: 1 }],
    findings: [finding, { ...finding, severity: 'warning' }],
  };
}

function contractWith(text: string): ChangeContract {
  return {
    ...sampleContract,
    hypothesis: text,
    flag: text,
    primary: { ...sampleContract.primary, kpi: text },
    leading: { kpi: text },
    guardrails: sampleContract.guardrails.map((guardrail) => ({ ...guardrail, kpi: text })),
    prediction: { ...sampleContract.prediction!, basis: text },
  };
}

/** A forecast of two contracts in which every text that somebody else wrote is `text`. */
export function forecastInputWith(text: string): ForecastInput {
  const entry = { path: text, contract: contractWith(text), forecast: forecastWith(text) };
  return {
    forecasts: [entry, { ...entry, findings: entry.forecast.findings }],
    registry: 'present',
    problem: { message: text, remedy: text },
    headSha: text,
  };
}
