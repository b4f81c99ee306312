import type { ChangeContract } from '../change-contract.ts';
import { formatEffect } from '../effect.ts';
import { guardrailsInWords, rolloutInWords, ruleInWords } from './contract-words.ts';
import { escapeMarkdown, inlineCode } from './escape-markdown.ts';
import { findingList } from './finding-list.ts';
import { fitComment, type Section } from './fit.ts';
import {
  type ContractForecast,
  contractConclusion,
  type ForecastConclusion,
  type ForecastInput,
  findingsOf,
  forecastConclusion,
} from './forecast-input.ts';
import { detectionTable, fastRulesTable, oddsTable, powerTable, recordText } from './forecast-numbers.ts';
import { linksLine } from './links.ts';
import { bulletList, collapsed, markdownTable } from './markdown-table.ts';

const CONTRACTS_SHOWN = 30;
const TABLE_ROWS = 60;

const HEADLINES: Readonly<Record<ForecastConclusion, string>> = {
  go: '🟢 Forecast: go',
  adjust: '🟡 Forecast: adjust before you deploy',
  no_contract: '⚪ Forecast: no contract',
  errors: '🔴 Forecast: the contract has errors',
  no_answer: '🟠 Forecast: no answer from the gate',
};

const SHORT: Readonly<Record<ForecastConclusion, string>> = {
  go: 'go',
  adjust: 'adjust',
  no_contract: 'no contract',
  errors: 'errors',
  no_answer: 'no answer',
};

/** The first line of a forecast, without its mark. */
export function forecastHeadline(input: ForecastInput): string {
  return HEADLINES[forecastConclusion(input)];
}

const CONTRACT_EXAMPLE = `\`\`\`yaml
# .changegate/changes/short-quote-form.yml
hypothesis: A shorter quote form gets more visitors to book
flag: short-quote-form
primary: { kpi: booking_conversion, at_least: +5% }
leading: { kpi: quotes_started }
guardrails: [{ kpi: quote_error_rate, no_worse_than: 0.5pp }]
prediction: { delta: +8%, basis: "usability test with 12 customers" }
\`\`\``;

const REGISTRY_EXAMPLE = `\`\`\`yaml
# .changegate/kpis.yml
booking_conversion:
  title: Booking conversion
  definition: Share of quote visitors who book a job online
  owner: growth-team
  unit: ratio
  direction: increase_is_good
  measure: { source: web, type: proportion, of: quote_viewed, success: job_booked, within: 24h }
\`\`\``;

function noContractText(input: ForecastInput): string {
  const required = input.contractRequiredFor ?? [];
  const shown = required.slice(0, 10).map((path) => inlineCode(path, 160));
  const beyond = required.length > shown.length ? ` and ${required.length - shown.length} more` : '';
  const why =
    required.length === 0
      ? 'This pull request adds no contract, so nothing is measured. That is fine when no customer can notice the change.'
      : `The policy asks for a contract because of ${shown.join(', ')}${beyond}.`;
  return `${why}\n\nTo measure it, add one file:\n\n${CONTRACT_EXAMPLE}`;
}

const REGISTRY_MISSING = `The default branch has no KPI registry yet, so a contract has nothing to name. To begin:\n\n1. Add \`.changegate/kpis.yml\` in a pull request of its own and merge it (the registry in force is always that of the default branch).\n2. Send events for the KPI; a few weeks of them make a forecast possible.\n3. Run this check again.\n\n${REGISTRY_EXAMPLE}`;

function overview(input: ForecastInput): string {
  if (input.forecasts.length < 2) return '';
  const rows = input.forecasts
    .slice(0, TABLE_ROWS)
    .map((entry) => [inlineCode(entry.path, 120), `**${SHORT[contractConclusion(entry)]}**`]);
  const beyond = input.forecasts.length - rows.length;
  return `${markdownTable([{ title: 'Contract' }, { title: 'Forecast' }], rows)}${beyond > 0 ? `\n\n_And ${beyond} more contracts._` : ''}`;
}

function promise(contract: ChangeContract): string {
  const guardrails = guardrailsInWords(contract);
  const prediction = contract.prediction;
  return [
    `**Hypothesis:** ${escapeMarkdown(contract.hypothesis, 500)}`,
    bulletList([
      `**Decides:** ${inlineCode(contract.primary.kpi, 64)}. ${ruleInWords(contract)}`,
      ...(contract.leading === null ? [] : [`**Early signal:** ${inlineCode(contract.leading.kpi, 64)}`]),
      ...(guardrails.length === 0 ? [] : [`**Must not get worse:** ${guardrails.join('; ')}`]),
      ...(prediction === null
        ? ['**Prediction:** none, so there are no odds']
        : [`**Prediction:** ${formatEffect(prediction.delta)} (${escapeMarkdown(prediction.basis, 500)})`]),
      `**Rollout:** ${rolloutInWords(contract)}`,
    ]),
  ].join('\n\n');
}

function numbers(entry: ContractForecast): string {
  if (entry.forecast === null) return '';
  const { forecast, contract } = entry;
  const parts = [
    `${escapeMarkdown(forecast.primary.title, 120)} (${inlineCode(forecast.primary.kpi_id, 64)})`,
    powerTable(forecast, contract),
    oddsTable(forecast),
    recordText(forecast),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function watch(entry: ContractForecast): string {
  if (entry.forecast === null) return '';
  const tables = [
    detectionTable(entry.forecast, entry.contract?.windowMinutes ?? null),
    fastRulesTable(entry.forecast, entry.contract),
  ];
  return tables.filter((table) => table !== '').join('\n\n');
}

const READING =
  'Effects are signed so that plus is better; % is relative, pp is percentage points. The odds follow from the history of the KPI and the author’s own prediction, which is a guess like any other.';

function contractSections(entry: ContractForecast, alone: boolean): Section[] {
  const { forecast, contract } = entry;
  const findings = findingsOf(entry);
  const adjustments = (forecast?.adjustments ?? []).slice(0, 20).map((text) => escapeMarkdown(text, 400));
  const summary = forecast === null ? '' : escapeMarkdown(forecast.summary, 600);
  const title = alone
    ? `Contract ${inlineCode(entry.path, 160)}`
    : `### ${inlineCode(entry.path, 160)}: ${SHORT[contractConclusion(entry)]}`;
  const detection = watch(entry);
  const required = alone ? 0 : 3;
  return [
    {
      name: 'summaries',
      text: alone
        ? [summary, title].filter((part) => part !== '').join('\n\n')
        : [title, summary].filter((part) => part !== '').join('\n\n'),
      importance: required,
    },
    {
      name: 'findings',
      text: findings.length === 0 ? '' : findingList(findings),
      importance: alone ? 1 : 4,
      condensed: findings.length === 0 ? '' : findingList(findings, 3),
    },
    {
      name: 'adjustments',
      text: adjustments.length === 0 ? '' : `**What would make it decidable**\n\n${bulletList(adjustments)}`,
      importance: alone ? 2 : 5,
    },
    { name: 'contract in words', text: contract === null ? '' : promise(contract), importance: 7 },
    { name: 'numbers', text: numbers(entry), importance: 6 },
    {
      name: 'detection times',
      text: detection === '' ? '' : collapsed('How fast harm would be noticed', detection),
      importance: 9,
    },
  ];
}

/** The forecast's parts in reading order, the conclusion first, for every place that shows one. */
export function forecastSections(input: ForecastInput): Section[] {
  const { forecasts, problem } = input;
  const alone = forecasts.length === 1;
  const beyond = forecasts.length - CONTRACTS_SHOWN;
  const hasNumbers = forecasts.some((entry) => entry.forecast !== null);
  return [
    { name: 'conclusion', text: `## ${forecastHeadline(input)}`, importance: 0 },
    {
      name: 'problem',
      text: problem
        ? `${escapeMarkdown(problem.message, 600)}\n\n**Next step:** ${escapeMarkdown(problem.remedy, 600)}`
        : '',
      importance: 0,
    },
    { name: 'first steps', text: input.registry === 'missing' ? REGISTRY_MISSING : '', importance: 0 },
    {
      name: 'contract example',
      text: forecasts.length === 0 && input.registry === 'present' && !problem ? noContractText(input) : '',
      importance: 0,
    },
    { name: 'overview', text: overview(input), importance: 0 },
    ...forecasts.slice(0, CONTRACTS_SHOWN).flatMap((entry) => contractSections(entry, alone)),
    {
      name: 'contracts',
      text: beyond > 0 ? `_Details of ${beyond} more contracts are not shown._` : '',
      importance: 8,
    },
    { name: 'reading help', text: hasNumbers ? READING : '', importance: 8 },
    { name: 'links', text: linksLine(input), importance: 5 },
  ];
}

/** The comment that tells the forecast of a pull request; one per pull request, edited in place. */
export function renderForecastComment(input: ForecastInput): string {
  const marker = { kind: 'forecast', ...(input.headSha === undefined ? {} : { sha: input.headSha }) } as const;
  return fitComment(marker, forecastSections(input));
}
