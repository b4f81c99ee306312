import { parseDurationMinutes } from './effect.ts';
import { MEASURE_TYPES, type Measure } from './kpi-measure.ts';
import { type DocumentPath, valueAt, type YamlDocument } from './yaml-document.ts';

/** What a contract's checks need of a KPI; null where the registry itself is wrong there. */
export interface KpiFacts {
  readonly direction: 'increase_is_good' | 'decrease_is_good' | null;
  readonly type: Measure['type'] | null;
  readonly unit: string | null;
  readonly withinMinutes: number | null;
}
export interface RegistryFacts {
  readonly file: string;
  readonly kpis: ReadonlyMap<string, KpiFacts>;
}

/** Reads the facts from plain data, so that a mistake in one KPI does not hide the mistakes of a contract. */
export function readRegistryFacts(document: YamlDocument): RegistryFacts {
  const ids = isMapping(document.value) ? Object.keys(document.value) : [];
  return { file: document.file, kpis: new Map(ids.map((id) => [id, factsOf(document, id)])) };
}

function factsOf(document: YamlDocument, id: string): KpiFacts {
  const direction = textAt(document, [id, 'direction']);
  const within = textAt(document, [id, 'measure', 'within']);
  return {
    direction: direction === 'increase_is_good' || direction === 'decrease_is_good' ? direction : null,
    type: MEASURE_TYPES.find((type) => type === textAt(document, [id, 'measure', 'type'])) ?? null,
    unit: textAt(document, [id, 'unit']),
    withinMinutes: within === null ? null : parseDurationMinutes(within),
  };
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text at a path; null when something else, or nothing, is there. */
export function textAt(document: YamlDocument, path: DocumentPath): string | null {
  const value = valueAt(document.value, path);
  return typeof value === 'string' ? value : null;
}

/** The number of items of the list at a path; 0 when there is none. */
export function countAt(document: YamlDocument, path: DocumentPath): number {
  const value = valueAt(document.value, path);
  return Array.isArray(value) ? value.length : 0;
}
