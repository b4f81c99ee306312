import type { ForecastView } from '../api/forecast.ts';
import type { ChangeContract } from '../change-contract.ts';
import { type FindingView, hasErrors } from './finding-list.ts';
import type { RenderLinks } from './links.ts';

/** One contract file of a pull request and what is known about it. */
export interface ContractForecast {
  readonly path: string;
  /** The parsed contract; null when the file has errors (then `findings` say which). */
  readonly contract: ChangeContract | null;
  /** The gate's forecast; null when there was none to ask for. */
  readonly forecast: ForecastView | null;
  /** Problems found before the gate was asked; those of the forecast are added. */
  readonly findings?: readonly FindingView[];
}

/** Everything that the forecast of one pull request says. */
export interface ForecastInput extends RenderLinks {
  /** In the order of their paths; empty when the pull request has no contract. */
  readonly forecasts: readonly ContractForecast[];
  /** Whether the default branch has a KPI registry: `missing` is the first adoption. */
  readonly registry: 'present' | 'missing';
  /** Paths of this pull request for which the policy wants a contract; empty when it doesn't. */
  readonly contractRequiredFor?: readonly string[];
  /** Why there is no answer from the gate; null or absent when there is one. */
  readonly problem?: { readonly message: string; readonly remedy: string } | null;
  /** Head of the pull request. */
  readonly headSha?: string;
}

export type ForecastConclusion = 'go' | 'adjust' | 'no_contract' | 'errors' | 'no_answer';

export function findingsOf(entry: ContractForecast): readonly FindingView[] {
  return [...(entry.findings ?? []), ...(entry.forecast?.findings ?? [])];
}

/** The conclusion for one contract; a file with errors is never `go`, whatever else is said. */
export function contractConclusion(entry: ContractForecast): ForecastConclusion {
  if (hasErrors(findingsOf(entry))) return 'errors';
  return entry.forecast?.conclusion ?? 'no_answer';
}

/** From the worst to the best. */
const SEVERITY: readonly ForecastConclusion[] = ['errors', 'no_answer', 'adjust', 'no_contract', 'go'];

/** The conclusion for the whole pull request: that of its worst contract. */
export function forecastConclusion(input: ForecastInput): ForecastConclusion {
  const all = input.forecasts.map(contractConclusion);
  if (all.includes('errors')) return 'errors';
  if (input.registry === 'missing') return 'adjust';
  if (input.problem !== undefined && input.problem !== null) return 'no_answer';
  if (all.length === 0) return 'no_contract';
  return SEVERITY.find((conclusion) => all.includes(conclusion)) ?? 'no_answer';
}
