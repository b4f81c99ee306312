import { type Effect, parseEffect } from './effect.ts';
import type { Finding } from './finding.ts';
import { countAt, type KpiFacts, textAt } from './registry-facts.ts';
import { type DocumentPath, findingAt, formatPath, type YamlDocument } from './yaml-document.ts';

/** "+1000%" is eleven times the baseline: whoever writes more has mistaken the unit. */
const MAX_RELATIVE = 10;
/** A KPI that is a share of something lies in [0, 1]. */
const MAX_ABSOLUTE = 1;

interface WrittenEffect {
  readonly path: DocumentPath;
  readonly name: string;
  readonly text: string;
  readonly sign: '+' | '-' | '';
  readonly effect: Effect;
  /** Null when the registry does not know the KPI, or knows it only in part. */
  readonly kpi: KpiFacts | null;
}
type KpiOf = (path: DocumentPath) => KpiFacts | null;

/** Checks every effect and margin of a contract: sign, zero, unit, and whether any data could reach it. */
export function checkEffects(document: YamlDocument, kpiAt: KpiOf): Finding[] {
  const primary = kpiAt(['primary', 'kpi']);
  const read = (path: DocumentPath, kpi: KpiFacts | null) => readEffect(document, path, kpi);
  const signed = [read(['primary', 'at_least'], primary), read(['prediction', 'delta'], primary)];
  const guardrails = Array.from({ length: countAt(document, ['guardrails']) }, (_, index) =>
    read(['guardrails', index, 'no_worse_than'], kpiAt(['guardrails', index, 'kpi'])),
  );
  const margins = [read(['primary', 'no_worse_than'], primary), ...guardrails];
  const uncertainty = read(['prediction', 'uncertainty'], primary);
  return [
    ...signed.flatMap((effect) => (effect ? [...checkCommon(document, effect), ...checkSigned(document, effect)] : [])),
    ...margins.flatMap((effect) =>
      effect ? [...checkCommon(document, effect), ...checkMargin(document, effect)] : [],
    ),
    ...(uncertainty ? [...checkCommon(document, uncertainty), ...checkNoSign(document, uncertainty)] : []),
    ...checkSameUnit(document, signed[1] ?? null, uncertainty),
  ];
}

function readEffect(document: YamlDocument, path: DocumentPath, kpi: KpiFacts | null): WrittenEffect | null {
  const text = textAt(document, path)?.trim();
  const effect = text === undefined ? null : parseEffect(text);
  if (text === undefined || effect === null) return null;
  const first = text[0];
  return { path, name: formatPath(path), text, sign: first === '+' || first === '-' ? first : '', effect, kpi };
}

function checkCommon(document: YamlDocument, { path, name, effect, kpi }: WrittenEffect): Finding[] {
  const findings: Finding[] = [];
  if (effect.value === 0) {
    findings.push(
      findingAt(document, path, {
        code: 'zero_effect',
        message: `\`${name}\` is zero, which decides nothing`,
        allowed: 'more than zero',
        remedy: 'Write the smallest change that would matter to the business.',
      }),
    );
  }
  if (effect.kind === 'absolute' && kpi !== null && kpi.unit !== null && kpi.unit !== 'ratio') {
    findings.push(
      findingAt(document, path, {
        code: 'unit_mismatch',
        message: `\`${name}\` is in percentage points, but its KPI has the unit ${kpi.unit}`,
        allowed: '% (relative)',
        remedy: 'Write the effect in %, relative to the level without the change.',
      }),
    );
  }
  return findings;
}

function goodSign(kpi: KpiFacts): '+' | '-' {
  return kpi.direction === 'increase_is_good' ? '+' : '-';
}

function checkSigned(document: YamlDocument, written: WrittenEffect): Finding[] {
  const { path, name, sign, text, effect, kpi } = written;
  const good = kpi?.direction ? goodSign(kpi) : null;
  const findings: Finding[] = [];
  if (sign === '') {
    findings.push(
      findingAt(document, path, {
        code: 'missing_sign',
        message: `\`${name}\` has no sign`,
        allowed: good === null ? '+ or -' : `${good}${text}`,
        remedy: `Write the sign that is good for the KPI: + for more, - for less${good === null ? '' : `; here \`${good}${text}\``}.`,
      }),
    );
  } else if (good !== null && sign !== good && effect.value !== 0) {
    const promise = path[0] === 'primary';
    findings.push(
      findingAt(document, path, {
        severity: promise ? 'error' : 'warning',
        code: 'wrong_sign',
        message: `\`${name}\` ${promise ? 'promises' : 'predicts'} harm: ${good === '+' ? 'an increase' : 'a decrease'} of this KPI is good`,
        allowed: `${good}${text.slice(1)}`,
        remedy: promise
          ? `Write \`${good}${text.slice(1)}\`, or correct \`direction\` in the registry.`
          : 'Change the sign, or explain in `basis` why harm is expected.',
      }),
    );
  }
  const falls = (sign === '' ? good : sign) === '-';
  const limit = effect.kind === 'absolute' ? MAX_ABSOLUTE : falls ? 1 : MAX_RELATIVE;
  if (Math.abs(effect.value) > limit) findings.push(unreachable(document, written, limit));
  return findings;
}

function checkMargin(document: YamlDocument, written: WrittenEffect): Finding[] {
  const { effect, kpi } = written;
  const worseIsLess = kpi?.direction === 'increase_is_good';
  const limit = effect.kind === 'absolute' || worseIsLess ? 1 : MAX_RELATIVE;
  const size = Math.abs(effect.value);
  // A margin of all there is can never be crossed; a relative one for "more is worse" can, up to its limit.
  const never = limit === 1 ? size >= limit : size > limit;
  return [...checkNoSign(document, written), ...(never ? [unreachable(document, written, limit)] : [])];
}

function checkNoSign(document: YamlDocument, { path, name, sign, text }: WrittenEffect): Finding[] {
  if (sign === '') return [];
  return [
    findingAt(document, path, {
      code: 'sign_not_allowed',
      message: `\`${name}\` is a margin and has no sign`,
      allowed: text.slice(1),
      remedy: `Write \`${text.slice(1)}\`: which way is worse comes from the KPI's direction.`,
    }),
  ];
}

function checkSameUnit(document: YamlDocument, delta: WrittenEffect | null, other: WrittenEffect | null): Finding[] {
  if (delta === null || other === null || delta.effect.kind === other.effect.kind) return [];
  const unit = delta.effect.kind === 'relative' ? '%' : 'pp';
  return [
    findingAt(document, other.path, {
      code: 'unit_mismatch',
      message: `\`${other.name}\` has another unit than \`prediction.delta\``,
      allowed: `a number with ${unit}`,
      remedy: `Write it in ${unit}, like \`prediction.delta\`.`,
    }),
  ];
}

function unreachable(document: YamlDocument, { path, name, effect }: WrittenEffect, limit: number): Finding {
  const unit = effect.kind === 'relative' ? '%' : 'pp';
  return findingAt(document, path, {
    code: 'unreachable',
    message: `\`${name}\` is a threshold that no data can reach`,
    allowed: `at most ${limit * 100}${unit}`,
    remedy: 'Check the unit: % is relative to the level without the change, pp is the difference of two shares.',
  });
}
