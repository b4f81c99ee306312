import { CONTRACT_DEFAULTS } from './change-contract.ts';
import { isBeforeAfterDocument } from './check-rollout.ts';
import { parseDurationMinutes } from './effect.ts';
import type { Finding } from './finding.ts';
import { type KpiFacts, textAt } from './registry-facts.ts';
import { type DocumentPath, findingAt, valueAt, type YamlDocument } from './yaml-document.ts';

const WEEK_MINUTES = 10_080;

/** What a comparison with the weeks before needs: whole weeks, and a comparison KPI that is measured alike. */
export function checkBeforeAfter(document: YamlDocument, kpiAt: (path: DocumentPath) => KpiFacts | null): Finding[] {
  if (isBeforeAfterDocument(document)) return [...checkWeeks(document), ...checkComparison(document, kpiAt)];
  if (valueAt(document.value, ['before_after']) === undefined) return [];
  return [
    findingAt(document, ['before_after'], {
      code: 'unknown_key',
      message: '`before_after` has no meaning when the change is compared with the traffic without it',
      allowed: 'only with `design: before_after`',
      remedy: 'Remove it, or write `design: before_after`.',
    }),
  ];
}

function checkWeeks(document: YamlDocument): Finding[] {
  const text = textAt(document, ['window']) ?? CONTRACT_DEFAULTS.window;
  const minutes = parseDurationMinutes(text);
  if (minutes === null || minutes % WEEK_MINUTES === 0) return [];
  return [
    findingAt(document, ['window'], {
      code: 'out_of_range',
      message: `A window of ${text} cannot be compared with weeks before: it does not see every weekday equally often`,
      allowed: '7d, 14d, 21d or 28d',
      remedy: 'Write `window: 7d`.',
    }),
  ];
}

function checkComparison(document: YamlDocument, kpiAt: (path: DocumentPath) => KpiFacts | null): Finding[] {
  const path = ['before_after', 'comparison'];
  const primary = ['primary', 'kpi'];
  const [other, main] = [kpiAt(path), kpiAt(primary)];
  const isItself = textAt(document, path) !== null && textAt(document, path) === textAt(document, primary);
  const isOutOfStep = other !== null && main !== null && other.withinMinutes !== main.withinMinutes;
  if (!isItself && !isOutOfStep) return [];
  return [
    findingAt(document, path, {
      code: 'invalid_value',
      message: isItself
        ? 'A KPI cannot be compared with itself'
        : 'The weeks of this KPI do not line up with those of the primary one: their `within` differ',
      allowed: 'another KPI with the same `within` as the primary one, which the change cannot touch',
      remedy: 'Choose another KPI, such as the same one of another region, or remove `comparison`.',
    }),
  ];
}
