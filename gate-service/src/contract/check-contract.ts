import { CONTRACT_DEFAULTS, VERDICT_RULES } from './change-contract.ts';
import { checkBeforeAfter } from './check-before-after.ts';
import { checkCohorts } from './check-cohorts.ts';
import { checkEffects } from './check-effects.ts';
import { checkFastRules } from './check-fast-rules.ts';
import { checkRollout } from './check-rollout.ts';
import { parseDurationMinutes } from './effect.ts';
import type { Finding } from './finding.ts';
import { nearest } from './nearest.ts';
import { countAt, isMapping, type KpiFacts, type RegistryFacts, textAt } from './registry-facts.ts';
import { type DocumentPath, findingAt, formatPath, valueAt, type YamlDocument } from './yaml-document.ts';

const DAY_MINUTES = 1440;
const MIN_WINDOW_DAYS = 1;
const MAX_WINDOW_DAYS = 28;
/** A leading indicator is looked at daily or faster. */
const MAX_LEADING_WITHIN = DAY_MINUTES;
const SHOWN_KPIS = 20;

/**
 * What no schema can say: KPIs that do not exist, signs, thresholds that cannot be reached, rules that do not fit.
 * Works on the plain data and passes over what the schema refuses, so that all problems are reported together.
 * @param registry null when there is no registry, or none that can be read: then KPIs are not looked up
 */
export function checkContract(document: YamlDocument, registry: RegistryFacts | null): Finding[] {
  const kpiAt = (path: DocumentPath): KpiFacts | null => {
    const id = textAt(document, path);
    return id === null ? null : (registry?.kpis.get(id) ?? null);
  };
  return [
    ...(registry === null ? [] : kpiPaths(document).flatMap((path) => checkKpi(document, path, registry))),
    ...checkEffects(document, kpiAt),
    ...checkRule(document),
    ...checkGuardrails(document),
    ...checkRollout(document),
    ...checkBeforeAfter(document, kpiAt),
    ...checkCohorts(document),
    ...checkWindow(document),
    ...checkLeading(document, kpiAt(['leading', 'kpi'])),
    ...checkFastRules(document, kpiAt),
  ];
}

function kpiPaths(document: YamlDocument): DocumentPath[] {
  const listed = (key: string) =>
    Array.from({ length: countAt(document, [key]) }, (_, index): DocumentPath => [key, index, 'kpi']);
  return [
    ['primary', 'kpi'],
    ['leading', 'kpi'],
    ['before_after', 'comparison'],
    ...listed('guardrails'),
    ...listed('fast'),
  ];
}

function checkKpi(document: YamlDocument, path: DocumentPath, registry: RegistryFacts): Finding[] {
  const id = textAt(document, path);
  if (id === null || registry.kpis.has(id)) return [];
  const ids = [...registry.kpis.keys()];
  const near = nearest(id, ids);
  const more = ids.length > SHOWN_KPIS ? `, and ${ids.length - SHOWN_KPIS} more` : '';
  return [
    findingAt(document, path, {
      code: 'unknown_kpi',
      message: `The registry ${registry.file} has no KPI \`${id.slice(0, 80)}\``,
      allowed:
        near.length > 0 ? near.join(', ') : ids.slice(0, SHOWN_KPIS).join(', ') + more || 'none: the registry is empty',
      remedy:
        near.length > 0
          ? `Write \`${near[0]}\`, or define the KPI in the registry.`
          : 'Define the KPI in the registry.',
    }),
  ];
}

function checkRule(document: YamlDocument): Finding[] {
  const rule = valueAt(document.value, ['rule']) ?? CONTRACT_DEFAULTS.rule;
  const primary = valueAt(document.value, ['primary']);
  if (!VERDICT_RULES.some((known) => known === rule) || !isMapping(primary)) return [];
  const [needed, other] = rule === 'no_worse_than' ? ['no_worse_than', 'at_least'] : ['at_least', 'no_worse_than'];
  const has = (key: string) => valueAt(primary, [key]) !== undefined;
  const findings: Finding[] = [];
  if (!has(needed!)) {
    findings.push(
      findingAt(document, ['primary', needed!], {
        code: 'missing_key',
        message: `\`primary.${needed}\` is missing: the rule ${rule} needs it`,
        allowed:
          needed === 'at_least' ? 'an effect with its good sign, such as +5%' : 'a margin without sign, such as 2%',
        remedy: `Add \`${needed}\` to \`primary\`${has(other!) ? `, or write \`rule: ${needed === 'at_least' ? 'no_worse_than' : 'meets_minimum'}\`` : ''}.`,
      }),
    );
  }
  if (has(other!)) {
    findings.push(
      findingAt(document, ['primary', other!], {
        code: 'rule_mismatch',
        message: `\`primary.${other}\` has no meaning under the rule ${rule}`,
        allowed: `\`primary.${needed}\` alone`,
        remedy: `Remove \`${other}\`, or change \`rule\`.`,
      }),
    );
  }
  return findings;
}

function checkGuardrails(document: YamlDocument): Finding[] {
  const ids = Array.from({ length: countAt(document, ['guardrails']) }, (_, i) =>
    textAt(document, ['guardrails', i, 'kpi']),
  );
  return ids.flatMap((id, index) => {
    const first = ids.indexOf(id);
    if (id === null || first === index) return [];
    return [
      findingAt(document, ['guardrails', index, 'kpi'], {
        code: 'duplicate_guardrail',
        message: `\`${id.slice(0, 80)}\` is a guardrail already: \`${formatPath(['guardrails', first])}\``,
        allowed: 'each KPI once',
        remedy: 'Remove one of the two.',
      }),
    ];
  });
}

function checkWindow(document: YamlDocument): Finding[] {
  const text = textAt(document, ['window']);
  const minutes = text === null ? null : parseDurationMinutes(text);
  if (minutes === null) return [];
  if (minutes >= MIN_WINDOW_DAYS * DAY_MINUTES && minutes <= MAX_WINDOW_DAYS * DAY_MINUTES) return [];
  return [
    findingAt(document, ['window'], {
      code: 'out_of_range',
      message: `A window of ${text} cannot be judged`,
      allowed: `${MIN_WINDOW_DAYS}d to ${MAX_WINDOW_DAYS}d`,
      remedy: 'Write 7d, or 14d for a KPI with few events: whole weeks see every weekday equally often.',
    }),
  ];
}

function checkLeading(document: YamlDocument, kpi: KpiFacts | null): Finding[] {
  if (kpi?.type === 'gauge') {
    return [
      findingAt(document, ['leading', 'kpi'], {
        severity: 'warning',
        code: 'unwatched_leading',
        message: 'This leading indicator is a gauge, which is judged at the end and not watched for harm before',
        allowed: 'a KPI of another type',
        remedy: 'Choose a KPI that is counted or measured for each unit or request.',
      }),
    ];
  }
  if (kpi === null || kpi.withinMinutes === null || kpi.withinMinutes <= MAX_LEADING_WITHIN) return [];
  return [
    findingAt(document, ['leading', 'kpi'], {
      severity: 'warning',
      code: 'slow_leading',
      message: 'This leading indicator answers late: each unit counts only when its `within` has passed',
      allowed: 'a KPI whose `within` is at most 24h',
      remedy: 'Choose a KPI that answers sooner, such as the step before it.',
    }),
  ];
}
