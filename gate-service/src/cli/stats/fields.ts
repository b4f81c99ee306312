import { z } from 'zod';

/** Longer lists are refused: the command answers line by line and must stay quick. */
const LONGEST_LIST = 100_000;
const LARGEST_COUNT = 1e15;

/** A number as the interface writes it: JSON, with these three as text. */
const NUMBER_WORDS = { Infinity: Infinity, '-Infinity': -Infinity, NaN: Number.NaN } as const;

export const finite = z.number();
export const positive = z.number().positive();
export const notNegative = z.number().nonnegative();
export const count = z.number().int().min(0).max(LARGEST_COUNT);
/** Strictly between 0 and 1: a confidence, an error budget, a power. */
export const level = z.number().gt(0).lt(1);
/** A share or a rate, ends included. */
export const rate = z.number().min(0).max(1);
export const sides = z.union([z.literal(1), z.literal(2)]);
export const harmDirection = z.enum(['increase', 'decrease']);
export const verdictRule = z.enum(['meets_minimum', 'beats_zero', 'proves_minimum', 'no_worse_than']);

/** Any number, infinite and missing ones included. */
export const anyNumber = z.union([
  z.number(),
  z.enum(['Infinity', '-Infinity', 'NaN']).transform((word) => NUMBER_WORDS[word]),
]);

/** A place on the line, its ends included. */
export const bound = z.union([z.number(), z.enum(['Infinity', '-Infinity']).transform((word) => NUMBER_WORDS[word])]);

/** Confidence of a two-sided interval; a verdict's is the default. */
export const conf = level.default(0.9);
/** Error budget; that of a throttle is the default. */
export const alpha = level.default(0.05);

export function list<Item extends z.ZodType>(item: Item, fewest = 1) {
  return z.array(item).min(fewest).max(LONGEST_LIST);
}

/** Rows of numbers in a fixed order, as the monitors' batches are written. */
export function rows<Items extends [z.ZodType, ...z.ZodType[]]>(...items: Items) {
  return list(z.tuple(items));
}

/** Both arms of a proportion. */
export const twoProportions = { xA: count, nA: count, xB: count, nB: count };
/** Both arms of a rate. */
export const twoRates = { countA: count, expA: notNegative, countB: count, expB: notNegative };
