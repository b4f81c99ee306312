import { GateError } from '../../contract/gate-error.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { type Columns, type Field, missingColumn } from './fields.ts';

type MeasuredField = Extract<
  Field,
  'outcome' | 'value' | 'numerator' | 'denominator' | 'count' | 'exposure' | 'latency_ms'
>;

/** What a row of a KPI says, by the KPI's type: the fields that it needs, and those that it may have. */
const FIELDS_BY_TYPE: Readonly<
  Record<Kpi['measure']['type'], { readonly needs: readonly MeasuredField[]; readonly may: readonly MeasuredField[] }>
> = {
  proportion: { needs: ['outcome'], may: [] },
  mean: { needs: ['value'], may: [] },
  ratio: { needs: ['numerator', 'denominator'], may: [] },
  rate: { needs: ['count'], may: ['exposure'] },
  quantile: { needs: ['latency_ms'], may: [] },
  gauge: { needs: ['value'], may: [] },
};

/** One value of a row: what it means, and where it stands; null when the file has no such column. */
export interface Cell {
  readonly field: MeasuredField;
  readonly at: number | null;
}

/** Whether every row of a KPI is of a unit: levels and events may be of nobody. */
export function needsUnit({ measure: { type } }: Kpi): boolean {
  return type !== 'gauge' && type !== 'rate';
}

/** The fields that rows of these KPIs can have, beside those that every row has. */
export function measuredFields(kpis: readonly Kpi[]): readonly Field[] {
  return [
    ...new Set(kpis.flatMap(({ measure: { type } }) => [...FIELDS_BY_TYPE[type].needs, ...FIELDS_BY_TYPE[type].may])),
  ];
}

/** The fields that each row of a KPI needs. */
export function neededFields({ measure: { type } }: Pick<Kpi, 'measure'>): readonly Field[] {
  return FIELDS_BY_TYPE[type].needs;
}

/** @throws GateError invalid_input: a column for a field that KPIs of its type do not have */
export function checkOwnColumns({ own }: Columns, kpis: readonly Kpi[]): void {
  for (const { kpiId, field } of own) {
    const kpi = kpis.find(({ id }) => id === kpiId);
    const allowed = kpi === undefined ? [] : measuredFields([kpi]);
    if (kpi === undefined || allowed.includes(field)) continue;
    throw new GateError(
      'invalid_input',
      `--map gives ${kpiId} the field ${field}; it is a ${kpi.measure.type}, with the fields ${allowed.join(' and ')}.`,
      `Write for example: --map "<column>=${allowed[0]}:${kpiId}"`,
    );
  }
}

/**
 * Where the values of one KPI stand: in the columns of its own, else in those for all.
 * @throws GateError invalid_input: one that its type needs is not there
 */
export function cellsOf(columns: Columns, kpi: Kpi): readonly Cell[] {
  const { needs, may } = FIELDS_BY_TYPE[kpi.measure.type];
  const isOwn = columns.own.some(({ kpiId }) => kpiId === kpi.id);
  return [...needs, ...may].map((field) => {
    const own = columns.own.find((one) => one.kpiId === kpi.id && one.field === field);
    const at = own?.at ?? columns.at[field] ?? null;
    if (at === null && needs.includes(field)) {
      const whose = { kpiId: kpi.id, type: kpi.measure.type, isOwn };
      throw missingColumn(field, columns.names, columns.file, whose);
    }
    return { field, at };
  });
}
