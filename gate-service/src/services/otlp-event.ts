import type { EventLine } from '../contract/api/event.ts';
import type { LogRecord, OtlpAttributes } from '../contract/api/otlp.ts';

type Attribute = string | number | boolean;
type Attributes = ReadonlyMap<string, Attribute>;

const ON = new Set(['on', 'enabled', 'true', 'treatment']);
const OFF = new Set(['off', 'disabled', 'false', 'control']);
/** Log records from this severity on are errors (OpenTelemetry log data model, SeverityNumber). */
const ERROR_SEVERITY = 17;
const USER_ATTRIBUTES = ['user.id', 'enduser.id', 'feature_flag.context.id'] as const;

/**
 * An OpenTelemetry log record as an event (docs/events.md, "From OpenTelemetry"). The flag that was evaluated comes from
 * the semantic-convention attributes; what they have no name for from attributes that begin with `changegate.`, of the
 * record or of its resource.
 * @returns null for a record without an event name: an ordinary log line; a sentence when it is an event that cannot be
 *          read
 * @see     OpenTelemetry semantic conventions for feature flags in events (`feature_flag.evaluation`)
 */
export function otlpEvent(record: LogRecord, resource: OtlpAttributes): EventLine | string | null {
  const own = mapOf(record.attributes);
  const attributes: Attributes = new Map([...mapOf(resource), ...own]);
  const event = record.eventName || textOf(own, 'event.name');
  if (!event) return null;
  const timestamp = timestampOf(record);
  if (timestamp === null) return 'timeUnixNano: allowed: the time of the event';
  const exposure = exposureOf(own, attributes);
  if (typeof exposure === 'string') return exposure;
  return {
    event,
    timestamp,
    status: statusOf(record, own),
    ...exposure,
    ...given('event_id', textOf(own, 'log.record.uid')),
    ...given(
      'user_id',
      USER_ATTRIBUTES.map((key) => textOf(own, key)).find((id) => id !== undefined),
    ),
    ...given('user_cohort', textOf(attributes, 'changegate.cohort')),
    ...given('latency_ms', numberOf(own, 'changegate.latency_ms')),
    ...given('value', numberOf(own, 'changegate.value')),
    ...given('customer_impact_tag', textOf(own, 'changegate.impact_tag')),
  };
}

function exposureOf(own: Attributes, attributes: Attributes): Partial<EventLine> | string {
  const flag = textOf(own, 'feature_flag.key');
  if (flag !== undefined) {
    const variant = own.get('feature_flag.result.variant') ?? own.get('feature_flag.result.value');
    const served = variantOf(variant);
    if (served === null) {
      return `feature_flag.result.variant: ${variant === undefined ? 'it is missing' : `found ${JSON.stringify(variant)}`}; allowed: on or off (enabled, disabled, true, false, treatment, control)`;
    }
    return { flags: { [flag]: served } };
  }
  const changeId = textOf(attributes, 'changegate.change_id');
  if (changeId === undefined) return {};
  const served = variantOf(attributes.get('changegate.version_flag'));
  return served === null
    ? 'changegate.version_flag: allowed: on or off, together with changegate.change_id'
    : { change_id: changeId, version_flag: served };
}

function variantOf(value: Attribute | undefined): 'on' | 'off' | null {
  const word = String(value).toLowerCase();
  if (ON.has(word)) return 'on';
  return OFF.has(word) ? 'off' : null;
}

function statusOf({ severityNumber = 0 }: LogRecord, own: Attributes): 'success' | 'error' {
  const said = own.get('changegate.status');
  if (said === 'success' || said === 'error') return said;
  return textOf(own, 'error.type') !== undefined || severityNumber >= ERROR_SEVERITY ? 'error' : 'success';
}

/** RFC 3339 with milliseconds; null when the record has no time. 0 means unknown in OTLP. */
function timestampOf({ timeUnixNano, observedTimeUnixNano }: LogRecord): string | null {
  for (const nanos of [timeUnixNano, observedTimeUnixNano]) {
    const ms = nanos === undefined ? 0 : Number(BigInt(nanos) / 1_000_000n);
    if (ms > 0 && ms < 8.64e15) return new Date(ms).toISOString();
  }
  return null;
}

function mapOf(attributes: OtlpAttributes): Attributes {
  const pairs = attributes.flatMap(({ key, value }): [string, Attribute][] => {
    const { stringValue, boolValue, intValue, doubleValue } = value ?? {};
    const plain = stringValue ?? boolValue ?? doubleValue ?? (intValue === undefined ? undefined : Number(intValue));
    return plain === undefined ? [] : [[key, plain]];
  });
  return new Map(pairs);
}

function textOf(attributes: Attributes, key: string): string | undefined {
  const value = attributes.get(key);
  return value === undefined || value === '' ? undefined : String(value);
}

function numberOf(attributes: Attributes, key: string): number | undefined {
  const value = attributes.get(key);
  return value === undefined || value === '' ? undefined : Number(value);
}

function given<Key extends keyof EventLine>(key: Key, value: EventLine[Key] | undefined): Partial<EventLine> {
  return value === undefined ? {} : { [key]: value };
}
