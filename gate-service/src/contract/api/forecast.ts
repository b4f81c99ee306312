import { z } from 'zod';

export const FindingViewSchema = z.object({
  file: z.string(),
  line: z.number().int(),
  column: z.number().int(),
  path: z.string(),
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  message: z.string(),
  found: z.string(),
  allowed: z.string(),
  remedy: z.string(),
});

const OddsSchema = z.object({ pass: z.number(), fail: z.number(), inconclusive: z.number() });

const PredictionRecordSchema = z.object({
  count: z.number().int(),
  in_direction: z.number().int(),
  median_ratio: z.number(),
  brier: z.number().nullable(),
  brier_reference: z.number().nullable(),
  corrected_effect: z.number().nullable(),
});

export const ForecastViewSchema = z.object({
  conclusion: z.enum(['go', 'adjust', 'no_contract']),
  summary: z.string(),
  adjustments: z.array(z.string()),
  primary: z.object({
    kpi_id: z.string(),
    title: z.string(),
    type: z.enum(['proportion', 'mean', 'ratio', 'rate', 'quantile', 'gauge']).default('proportion'),
    unit: z.string().default('ratio'),
    scale: z.enum(['relative', 'absolute']),
    baseline: z.number().nullable(),
    history_weeks: z.number(),
    units: z.number().nullable(),
    minimum_effect: z.number(),
    predicted_effect: z.number().nullable(),
    minimum_detectable_effect: z.number().nullable(),
    power_at_minimum: z.number().nullable(),
    weeks_needed: z.number().nullable(),
    method: z.enum(['normal', 'exact']),
    record: PredictionRecordSchema.nullable().default(null),
  }),
  odds: OddsSchema.nullable(),
  odds_corrected: OddsSchema.nullable().default(null),
  detection: z.array(
    z.object({ kpi_id: z.string(), minutes: z.number().nullable(), units_harmed: z.number().nullable() }),
  ),
  fast_rules: z.array(z.object({ kpi_id: z.string(), firings_per_week: z.number().nullable() })),
  findings: z.array(FindingViewSchema),
});

export type ForecastView = z.infer<typeof ForecastViewSchema>;
