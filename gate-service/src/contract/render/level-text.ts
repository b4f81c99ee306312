import { escapeMarkdown } from './escape-markdown.ts';
import { formatAmount, formatRate } from './format-number.ts';

/**
 * A level of a KPI in its own unit: "22.1%" for a share (the unit `ratio`), else "12.34 EUR", "812 ms". Markdown.
 * @returns "–" when there is no level
 */
export function levelText(level: number | null, unit: string): string {
  if (level === null || !Number.isFinite(level)) return '–';
  return unit === 'ratio' ? formatRate(level) : `${formatAmount(level)} ${escapeMarkdown(unit, 30)}`.trimEnd();
}

/** What is counted of each type of KPI, singular and plural. */
const COUNTED: Readonly<Record<string, readonly [singular: string, plural: string]>> = {
  rate: ['event of exposure', 'events of exposure'],
  quantile: ['trial', 'trials'],
  gauge: ['sample', 'samples'],
};

/** "unit" and "units", or what a KPI of this type has instead. */
export function countedWords(type: string): readonly [singular: string, plural: string] {
  return Object.hasOwn(COUNTED, type) ? COUNTED[type]! : ['unit', 'units'];
}
