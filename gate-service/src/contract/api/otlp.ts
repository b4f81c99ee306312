import { z } from 'zod';

/** The value of an attribute in OTLP's JSON; arrays and maps are not read here. */
const AnyValueSchema = z.object({
  stringValue: z.string().optional(),
  boolValue: z.boolean().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
  doubleValue: z.number().optional(),
});
const AttributesSchema = z
  .array(z.object({ key: z.string(), value: AnyValueSchema.optional() }))
  .max(1_000)
  .default([]);
const NanosSchema = z.union([z.string().regex(/^\d{1,20}$/), z.number().int().nonnegative()]).optional();

export const LogRecordSchema = z.object({
  timeUnixNano: NanosSchema,
  observedTimeUnixNano: NanosSchema,
  severityNumber: z.number().int().optional(),
  eventName: z.string().optional(),
  attributes: AttributesSchema,
});

/** What OTLP/HTTP posts to /v1/logs, as JSON; fields that are not read here may be there. */
export const OtlpLogsSchema = z.object({
  resourceLogs: z
    .array(
      z.object({
        resource: z.object({ attributes: AttributesSchema }).optional(),
        scopeLogs: z.array(z.object({ logRecords: z.array(LogRecordSchema).default([]) })).default([]),
      }),
    )
    .default([]),
});

/** `ExportLogsServiceResponse`: without `partialSuccess` everything was taken. */
export const OtlpResponseSchema = z.object({
  partialSuccess: z.object({ rejectedLogRecords: z.number().int(), errorMessage: z.string() }).optional(),
});

export type LogRecord = z.output<typeof LogRecordSchema>;
export type OtlpAttributes = z.output<typeof AttributesSchema>;
export type OtlpResponse = z.output<typeof OtlpResponseSchema>;
