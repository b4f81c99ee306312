import { describe, expect, test } from 'vitest';
import { LogRecordSchema } from '../contract/api/otlp.ts';
import { otlpEvent } from './otlp-event.ts';

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
/** 2026-11-02T09:15:00.123Z and some nanoseconds. */
const TIME = '1793610900123456789';

function read(record: Record<string, unknown>, resource: { key: string; value: object }[] = []) {
  return otlpEvent(LogRecordSchema.parse({ timeUnixNano: TIME, ...record }), resource);
}

describe('a record of the semantic conventions', () => {
  // The attributes of the example in "Semantic conventions for feature flags in events".
  const attributes = [
    text('feature_flag.key', 'short-quote-form'),
    text('feature_flag.result.variant', 'on'),
    text('feature_flag.context.id', '5157782b-2203-4c80-a857-dbbd5e7761db'),
    text('feature_flag.provider.name', 'unleash'),
  ];

  test('becomes an exposure of that flag by that user', () => {
    expect(read({ eventName: 'feature_flag.evaluation', attributes })).toEqual({
      event: 'feature_flag.evaluation',
      timestamp: '2026-11-02T09:15:00.123Z',
      status: 'success',
      flags: { 'short-quote-form': 'on' },
      user_id: '5157782b-2203-4c80-a857-dbbd5e7761db',
    });
  });

  test.each([
    ['on', 'on'],
    ['Enabled', 'on'],
    ['treatment', 'on'],
    ['off', 'off'],
    ['disabled', 'off'],
    ['control', 'off'],
  ])('variant %s is %s', (variant, served) => {
    const record = {
      eventName: 'e',
      attributes: [text('feature_flag.key', 'f'), text('feature_flag.result.variant', variant)],
    };
    expect(read(record)).toMatchObject({ flags: { f: served } });
  });

  test('a value stands in for a variant', () => {
    const value = { key: 'feature_flag.result.value', value: { boolValue: false } };
    expect(read({ eventName: 'e', attributes: [text('feature_flag.key', 'f'), value] })).toMatchObject({
      flags: { f: 'off' },
    });
  });

  test.each([
    ['blue', 'found "blue"'],
    [null, 'it is missing'],
  ])('variant %s is no variant of a change', (variant, said) => {
    const result = variant === null ? [] : [text('feature_flag.result.variant', variant)];
    expect(read({ eventName: 'e', attributes: [text('feature_flag.key', 'f'), ...result] })).toContain(said);
  });
});

describe('other records', () => {
  test('carry a change, of the record or of its resource, and numbers', () => {
    const record = {
      eventName: 'job_booked',
      attributes: [
        text('log.record.uid', '01JBNQ5W8M'),
        text('user.id', 'u1'),
        text('enduser.id', 'another'),
        { key: 'changegate.value', value: { doubleValue: 12.5 } },
        { key: 'changegate.latency_ms', value: { intValue: '250' } },
        text('changegate.cohort', 'de'),
        text('changegate.impact_tag', 'checkout'),
      ],
    };
    const resource = [text('changegate.change_id', 'chg-7-0123456789'), text('changegate.version_flag', 'off')];
    expect(read(record, resource)).toEqual({
      event: 'job_booked',
      timestamp: '2026-11-02T09:15:00.123Z',
      status: 'success',
      change_id: 'chg-7-0123456789',
      version_flag: 'off',
      event_id: '01JBNQ5W8M',
      user_id: 'u1',
      user_cohort: 'de',
      latency_ms: 250,
      value: 12.5,
      customer_impact_tag: 'checkout',
    });
  });

  test('without an event name are ordinary log lines', () => {
    expect(read({ attributes: [text('user.id', 'u1')] })).toBeNull();
    expect(read({ eventName: '' })).toBeNull();
    expect(read({ attributes: [text('event.name', 'quote_viewed')] })).toMatchObject({ event: 'quote_viewed' });
  });

  test.each([
    [{ severityNumber: 17 }, 'error'],
    [{ severityNumber: 16 }, 'success'],
    [{ attributes: [text('error.type', 'timeout')] }, 'error'],
    [{ severityNumber: 17, attributes: [text('changegate.status', 'success')] }, 'success'],
  ])('%j is a %s', (record, status) => {
    expect(read({ eventName: 'e', ...record })).toMatchObject({ status });
  });

  test('have the time when they were seen when they have none of their own, and never one of 1970', () => {
    const seen = { timeUnixNano: '0', observedTimeUnixNano: TIME, eventName: 'e' };
    expect(read(seen)).toMatchObject({ timestamp: '2026-11-02T09:15:00.123Z' });
    expect(read({ timeUnixNano: 0, eventName: 'e' })).toMatch(/^timeUnixNano: /);
  });

  test('a change without the variant that was served is no exposure', () => {
    expect(read({ eventName: 'e' }, [text('changegate.change_id', 'chg-7-0123456789')])).toMatch(
      /^changegate\.version_flag: /,
    );
  });
});
