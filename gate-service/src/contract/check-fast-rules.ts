import { CONTRACT_DEFAULTS } from './change-contract.ts';
import { parseDurationMinutes, parseLevel } from './effect.ts';
import type { Finding } from './finding.ts';
import { countAt, type KpiFacts, textAt } from './registry-facts.ts';
import { type DocumentPath, findingAt, valueAt, type YamlDocument } from './yaml-document.ts';

/** Checks the limits of `fast`: whether they can be broken at all, and on the bad side. */
export function checkFastRules(document: YamlDocument, kpiAt: (path: DocumentPath) => KpiFacts | null): Finding[] {
  return Array.from({ length: countAt(document, ['fast']) }, (_, index) => index).flatMap((index) => {
    const kpi = kpiAt(['fast', index, 'kpi']);
    if (kpi?.type && kpi.type !== 'proportion') return [notAProportion(document, ['fast', index, 'kpi'], kpi.type)];
    return [
      ...checkLimit(document, ['fast', index, 'above'], kpi),
      ...checkLimit(document, ['fast', index, 'below'], kpi),
      ...checkSpan(document, ['fast', index, 'for']),
    ];
  });
}

function notAProportion(document: YamlDocument, path: DocumentPath, type: string): Finding {
  return findingAt(document, path, {
    code: 'fast_needs_proportion',
    message: `A limit is a share of trials, and this KPI is of the type ${type}`,
    allowed: 'a KPI of the type proportion, such as an error rate',
    remedy: 'Make it a guardrail, or limit an error rate.',
  });
}

function checkLimit(document: YamlDocument, path: DocumentPath, kpi: KpiFacts | null): Finding[] {
  const text = textAt(document, path);
  const limit = text === null ? null : parseLevel(text);
  if (text === null || limit === null) return [];
  const side = path.at(-1) === 'above' ? 'above' : 'below';
  const findings: Finding[] = [];
  if (kpi?.unit === 'ratio' && !text.trim().endsWith('%')) {
    findings.push(
      findingAt(document, path, {
        code: 'unit_mismatch',
        message: 'The KPI is a share, and this level has no %',
        allowed: 'a level such as 5%',
        remedy: limit <= 1 ? `Write \`${Number((limit * 100).toPrecision(12))}%\`.` : 'Write the level in %.',
      }),
    );
  } else if (kpi?.unit === 'ratio' && (limit > 1 || (side === 'above' ? limit >= 1 : limit <= 0))) {
    findings.push(
      findingAt(document, path, {
        code: 'unreachable',
        message: `No rate is ${side} ${text.trim()}: this limit can never be broken`,
        allowed: side === 'above' ? 'from 0% to below 100%' : 'above 0%, at most 100%',
        remedy: 'Write a limit that the rate would cross on a bad day.',
      }),
    );
  }
  const goodSide = kpi?.direction === 'increase_is_good' ? 'above' : kpi?.direction ? 'below' : null;
  if (goodSide === side) {
    findings.push(
      findingAt(document, path, {
        severity: 'warning',
        code: 'fast_good_side',
        message: `${side === 'above' ? 'High' : 'Low'} values of this KPI are good, and this limit complains about them`,
        allowed: side === 'above' ? 'below' : 'above',
        remedy: `Write \`${side === 'above' ? 'below' : 'above'}\`, unless such a good value is a sign of broken data.`,
      }),
    );
  }
  return findings;
}

function checkSpan(document: YamlDocument, path: DocumentPath): Finding[] {
  const text = textAt(document, path);
  const span = text === null ? null : parseDurationMinutes(text);
  const written = valueAt(document.value, ['window']) ?? CONTRACT_DEFAULTS.window;
  const window = typeof written === 'string' ? parseDurationMinutes(written) : null;
  if (span === null || (span >= 1 && (window === null || span <= window))) return [];
  return [
    findingAt(document, path, {
      code: 'out_of_range',
      message: span < 1 ? 'A rate over no time cannot be computed' : `The span is longer than the window (${written})`,
      allowed: `1m to ${window === null ? 'the window' : written}`,
      remedy: 'Write `for: 15m`, or longer for a KPI with few events.',
    }),
  ];
}
