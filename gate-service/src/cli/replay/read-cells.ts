import type { Amount } from '../../contract/kpi-measure.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { isConversion } from '../../domain/model/measure.ts';
import { logBucket } from '../../domain/statistics/log-histogram.ts';
import {
  EMPTY_IS_ERROR,
  EMPTY_IS_ZERO,
  LARGEST_NUMBER,
  NUMBER_ALLOWED,
  OUTCOME_ALLOWED,
  parseNumber,
  type Vocabulary,
} from './parse-value.ts';

/** One row counts as at most this many steps, either way: sums stay exact, whatever their order. */
const MOST_STEPS = 1e9;
/** Lies between the level of 0 and those of the other buckets: none of them is below -8191. */
const LEVEL_OF_ONE = 8192;
const WHOLE_ALLOWED = 'a whole number from 0';

export const EMPTY_OUTCOME = 'The outcome is empty';
/** What is said of a cell that is empty and must not be. */
export const EMPTY_AMOUNTS = ['value', 'numerator', 'denominator', 'count'].map(emptyProblem);

/**
 * What a row says of one trial, in whole numbers. `y`: 1 when it ended well; steps of an amount, a numerator or a level;
 * events counted; or how slow, see `bucketOfLevel`. `d`: the denominator, or the exposure.
 */
export interface CellValues {
  readonly y: number;
  readonly d: number;
  /** Whether one was empty, and on the user's word no success or 0. */
  readonly hasEmpty: boolean;
}

export interface BadCell {
  readonly problem: string;
  readonly found: string;
  readonly allowed: string;
}

type Read = number | BadCell;

/** Reads the values of one KPI's row; `texts` are those of its fields in their order, null where there is no column. */
export function readCells(kpi: Kpi, texts: readonly (string | null)[], vocabulary: Vocabulary): CellValues | BadCell {
  const { measure } = kpi;
  const [first = null, second = null] = texts;
  switch (measure.type) {
    case 'proportion':
      return valuesOf(texts, readOutcome(first ?? '', isConversion(measure), vocabulary));
    case 'mean':
      return valuesOf(texts, orZero(first, 'value', vocabulary) ?? steps(first, measure.amount, 'value'));
    case 'ratio':
      return valuesOf(
        texts,
        orZero(first, 'numerator', vocabulary) ?? steps(first, measure.numerator, 'numerator'),
        orZero(second, 'denominator', vocabulary) ?? whole(second, 'denominator'),
      );
    case 'rate':
      return valuesOf(
        texts,
        orZero(first, 'count', vocabulary) ?? whole(first, 'count'),
        second === null ? 1 : (emptyCell(second, 'exposure') ?? whole(second, 'exposure')),
      );
    case 'quantile':
      return valuesOf(texts, emptyCell(first, 'latency_ms') ?? latencyLevel(first));
    case 'gauge':
      return valuesOf(texts, emptyCell(first, 'value') ?? steps(first, measure.amount, 'value'));
    default:
      return measure satisfies never;
  }
}

/** The bucket of a level; null for the level of 0. */
export function bucketOfLevel(level: number): number | null {
  return level === 0 ? null : level - LEVEL_OF_ONE;
}

function valuesOf(texts: readonly (string | null)[], y: Read, d: Read = 0): CellValues | BadCell {
  if (typeof y !== 'number') return y;
  if (typeof d !== 'number') return d;
  return { y, d, hasEmpty: texts.includes('') };
}

function readOutcome(text: string, awaits: boolean, { outcomes }: Vocabulary): Read {
  const isEmpty = text === '';
  // Only of a conversion can nothing be an answer; a request without a status has simply none.
  const good = isEmpty && !awaits ? undefined : outcomes.get(text.toLowerCase());
  if (good !== undefined) return good ? 1 : 0;
  const allowed = awaits ? `${OUTCOME_ALLOWED}; empty for no success only with ${EMPTY_IS_ERROR}` : OUTCOME_ALLOWED;
  return { problem: isEmpty ? EMPTY_OUTCOME : 'The outcome is unknown', found: text, allowed };
}

function emptyProblem(field: string): string {
  return `The ${field} is empty`;
}

function emptyCell(text: string | null, field: string, allowed = NUMBER_ALLOWED): BadCell | null {
  return text === '' ? { problem: emptyProblem(field), found: '', allowed } : null;
}

/** What an empty amount is; null when it is not empty. */
function orZero(text: string | null, field: string, { emptyIsZero }: Vocabulary): Read | null {
  if (emptyIsZero && text === '') return 0;
  return emptyCell(text, field, `${NUMBER_ALLOWED}; empty for 0 only with ${EMPTY_IS_ZERO}`);
}

function steps(text: string | null, { add, step }: Amount, field: string): Read {
  if (add === 'events') return whole(text, field);
  const value = parseNumber(text ?? '');
  if (value === null) return badNumber(field, text, NUMBER_ALLOWED);
  const count = Math.round(value / step);
  return Math.max(-MOST_STEPS, Math.min(MOST_STEPS, count)) + 0;
}

function whole(text: string | null, field: string): Read {
  const value = parseNumber(text ?? '');
  if (value !== null && Number.isInteger(value) && value >= 0 && value <= MOST_STEPS) return value + 0;
  return badNumber(field, text, WHOLE_ALLOWED);
}

function latencyLevel(text: string | null): Read {
  const value = parseNumber(text ?? '');
  if (value === null || value < 0) return badNumber('latency_ms', text, `milliseconds from 0 to ${LARGEST_NUMBER}`);
  const bucket = logBucket(value);
  return bucket === null ? 0 : Math.max(1, bucket + LEVEL_OF_ONE);
}

function badNumber(field: string, text: string | null, allowed: string): BadCell {
  return { problem: `The ${field} cannot be read`, found: text ?? '', allowed };
}
