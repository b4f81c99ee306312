import { z } from 'zod';
import { EventNameSchema } from '../../../contract/identifiers.ts';
import { LABEL_NAME, METRIC_NAME } from './promql.ts';

const MetricName = z
  .string()
  .regex(METRIC_NAME, { error: 'allowed: the name of a metric, such as http_requests_total' });
const LabelName = z.string().regex(LABEL_NAME, { error: 'allowed: the name of a label, such as change_id' });
const LabelValue = z.string().max(500, { error: 'allowed: a text of at most 500 characters' });
const HeaderText = z.string().regex(/^[\x20-\x7e]{1,500}$/, { error: 'allowed: 1 to 500 printable ASCII characters' });

const MATCH_ERROR = 'allowed: a text, or one of { matches }, { not }, { not_matches }';
const Matchers = z
  .record(
    LabelName,
    z.union(
      [
        LabelValue,
        z.strictObject({ matches: LabelValue }),
        z.strictObject({ not: LabelValue }),
        z.strictObject({ not_matches: LabelValue }),
      ],
      { error: MATCH_ERROR },
    ),
  )
  .transform((matchers) =>
    Object.entries(matchers).map(([label, wanted]) => {
      if (typeof wanted === 'string') return { label, op: '=' as const, value: wanted };
      if ('matches' in wanted) return { label, op: '=~' as const, value: wanted.matches };
      if ('not' in wanted) return { label, op: '!=' as const, value: wanted.not };
      return { label, op: '!~' as const, value: wanted.not_matches };
    }),
  );
const matchers = Matchers.prefault({}).describe('Which series of the metric.');

/** What an event name of the registry is inside of this Prometheus. */
const EventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('counter').describe('A counter of the events.'),
    metric: MetricName,
    matchers,
    errors: Matchers.optional().describe('Which of them ended in error, for a status KPI.'),
  }),
  z.strictObject({
    type: z.literal('amount').describe('Two counters: a sum of amounts, and the sum of their squares.'),
    sum: MetricName,
    squares: MetricName.optional().describe('Without it there is no variance, and no mean is judged.'),
    matchers,
  }),
  z.strictObject({
    type: z.literal('histogram').describe('A histogram, by the name without _bucket.'),
    metric: MetricName,
    matchers,
    unit: z.enum(['seconds', 'milliseconds']).describe('What its buckets are in.'),
    native: z.boolean().default(false).describe('A native histogram instead of a classic one.'),
  }),
  z.strictObject({
    type: z.literal('gauge'),
    metric: MetricName,
    matchers,
    series: z
      .enum(['one', 'many'])
      .default('one')
      .describe('one: each variant (and cohort) has one series. many: every series is a sample of the same level.'),
  }),
  z.strictObject({
    type: z.literal('summary').describe('Always refused; said so that the reason can be told.'),
    metric: MetricName,
    matchers,
  }),
]);

/** Headers that would give a second way to sign in, or change how the message is read. */
const RESERVED_HEADERS = new Set([
  'authorization',
  'cookie',
  'host',
  'content-length',
  'content-type',
  'transfer-encoding',
  'connection',
  'accept',
  'accept-encoding',
]);
const HeaderName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,100}$/, { error: 'allowed: the name of a header, such as X-Scope-OrgID' })
  .refine((name) => !RESERVED_HEADERS.has(name.toLowerCase()), {
    error: 'allowed: any header that is not about signing in or transport; see auth',
  });
const ParamName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,49}(\[\])?$/, { error: 'allowed: the name of a parameter, such as partial_response' })
  .refine((name) => !['query', 'time', 'start', 'end', 'step', 'timeout'].includes(name), {
    error: 'allowed: any parameter that is not the question itself',
  });

/** One Prometheus, or anything that speaks its HTTP API, in the gate's own configuration file (docs/sources.md). */
export const PrometheusSourceSchema = z
  .strictObject({
    type: z.literal('prometheus'),
    url: z.url({ protocol: /^https?$/, error: 'allowed: an http or https URL' }),
    insecure: z.boolean().default(false).describe('Whether http without TLS is allowed.'),
    auth: z.enum(['none', 'bearer', 'basic']).default('none').describe('The secret itself comes from the environment.'),
    headers: z.record(HeaderName, HeaderText).default({}),
    params: z.record(ParamName, HeaderText).default({}).describe('Sent with every query, such as partial_response.'),
    scrape_interval_seconds: z.number().int().min(1).max(60).default(15),
    lookback_minutes: z.number().int().min(1).max(60).default(5).describe("The server's query.lookback-delta."),
    settle_seconds: z.number().int().min(0).max(600).default(15).describe('How long samples may be under way.'),
    stale_after_minutes: z.number().int().min(1).max(1_440).default(15),
    min_coverage: z.number().min(0.5).max(1).default(0.9),
    retention_days: z.number().int().min(1).max(3_650).optional().describe('Where the server does not say.'),
    labels: z
      .strictObject({
        change_id: LabelName.default('change_id'),
        version_flag: LabelName.default('version_flag'),
        cohort: LabelName.optional(),
      })
      .prefault({}),
    variants: z
      .strictObject({ on: LabelValue.min(1).default('on'), off: LabelValue.min(1).default('off') })
      .prefault({}),
    replica_labels: z
      .array(LabelName)
      .max(5)
      .default(['prometheus_replica', '__replica__'])
      .describe('Labels that may have one value only: two mean that everything is there twice.'),
    allowed_warnings: z.array(z.string().min(5)).default([]).describe('Parts of warnings that do not matter.'),
    max_series: z.number().int().min(10).max(100_000).default(10_000),
    events: z.record(EventNameSchema, EventSchema),
  })
  .refine(({ url, insecure }) => insecure || !url.startsWith('http:'), {
    path: ['url'],
    error: 'allowed: https; or http together with insecure: true',
  })
  .refine(({ url }) => isBareUrl(url), { path: ['url'], error: 'allowed: a URL without user, query and fragment' })
  .refine(({ variants }) => variants.on !== variants.off, {
    path: ['variants'],
    error: 'allowed: two different values',
  });

export type PrometheusConfig = z.output<typeof PrometheusSourceSchema>;
export type PrometheusEvent = PrometheusConfig['events'][string];

/** What `auth` needs; both come from the environment or from a file that it names. */
export interface PrometheusSecrets {
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
}

function isBareUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && !url.username && !url.password && !url.search && !url.hash;
}
