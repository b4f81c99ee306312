import { z } from 'zod';

const Labels = z.record(z.string(), z.string());
/** Seconds since 1970 and a number written as a text: "NaN" and "+Inf" are among them. */
const Point = z.tuple([z.number(), z.string()]);
/** Which edges belong to the bucket, its lower and upper edge, and how many values it has. */
const NativeBucket = z.tuple([z.number(), z.string(), z.string(), z.string()]);
const NativePoint = z.tuple([
  z.number(),
  z.object({ count: z.string(), sum: z.string(), buckets: z.array(NativeBucket).default([]) }),
]);

export const MatrixSchema = z.object({
  resultType: z.literal('matrix'),
  result: z.array(
    z.object({ metric: Labels, values: z.array(Point).default([]), histograms: z.array(NativePoint).default([]) }),
  ),
});
export type Matrix = z.output<typeof MatrixSchema>;

export const VectorSchema = z.object({
  resultType: z.literal('vector'),
  result: z.array(z.object({ metric: Labels, value: Point.optional() })),
});

/** Type of a metric by its name; servers that scrape nothing themselves answer an empty object. */
export const MetadataSchema = z.record(z.string(), z.array(z.object({ type: z.string() })));

export const NamesSchema = z.array(z.string());
export const RuntimeInfoSchema = z.object({ storageRetention: z.string().default('') });

/** A number as Prometheus writes it; NaN for what is not finite or no number. */
export function finite(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}
