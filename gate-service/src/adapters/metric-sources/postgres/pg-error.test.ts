import { describe, expect, test } from 'vitest';
import { PostgresFault, toAnswer } from './fault.ts';
import { lookAlikes } from './look-alikes.ts';
import { toFault } from './pg-error.ts';

const failed = (code: string | undefined, message = 'the words of the server') =>
  Object.assign(new Error(message), { code });

describe('what a failed call means', () => {
  test.each([
    ['28P01', 'unauthorised', false],
    ['28000', 'unauthorised', false],
    ['42501', 'unauthorised', false],
    ['3D000', 'not_configured', false],
    ['53300', 'overloaded', false],
    ['55P03', 'lock_wait', false],
    ['57014', 'deadline', false],
    ['25P03', 'deadline', true],
    ['25006', 'refused', false],
    ['22012', 'bad_value', false],
    ['42601', 'bad_query', false],
    ['0A000', 'bad_query', false],
    ['40001', 'overloaded', true],
    ['57P01', 'unreachable', true],
    ['57P03', 'unreachable', true],
    ['08006', 'unreachable', true],
    ['XX000', 'refused', false],
    ['ECONNREFUSED', 'unreachable', true],
    ['ENOTFOUND', 'unreachable', true],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'unreachable', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'unreachable', false],
    ['CERT_HAS_EXPIRED', 'unreachable', false],
    [undefined, 'unreachable', true],
  ])('%s', (code, fault, passing) => {
    expect(toFault(failed(code))).toMatchObject({ fault, passing });
  });

  test('words that can hold a value of the database, or who signed in, are not kept', () => {
    for (const code of ['22P02', '28P01', 'XX000', 'ECONNRESET', '55P03']) {
      expect(toFault(failed(code, 'invalid input: "hunter2"')).message).not.toContain('hunter2');
    }
    expect(toFault(failed('42601', 'syntax error at or near "form"')).message).toContain(
      'syntax error at or near "form"',
    );
  });

  test.each([
    ['42P01', 'relation "shop.ordrs" does not exist', 'table', 'ordrs'],
    ['42703', 'column "valeu" does not exist', 'column', 'valeu'],
    ['42703', 'column o.valeu does not exist', 'column', 'valeu'],
    ['42883', 'function date_trnc(unknown, timestamp with time zone) does not exist', 'function', 'date_trnc'],
    ['3F000', 'schema "pubic" does not exist', 'schema', 'pubic'],
    ['42P01', 'Relation »ordrs« existiert nicht', 'table', null],
  ])('%s %s', (code, message, kind, name) => {
    expect(toFault(failed(code, message)).missing).toEqual(name === null ? null : { kind, name });
  });

  test('what was thrown as a fault stays one; anything else is no answer', () => {
    const fault = new PostgresFault('too_large', 'x');
    expect(toFault(fault)).toBe(fault);
    for (const thing of [null, 'text', {}, new TypeError('x')]) expect(toFault(thing).fault).toBe('unreachable');
  });

  test('a fault as an answer', () => {
    const statusOf = (fault: PostgresFault['fault']) => toAnswer(new PostgresFault(fault, 'x'), null).status;
    expect(statusOf('empty')).toBe('no_data');
    expect(statusOf('replica_lag')).toBe('stale');
    expect(statusOf('lock_wait')).toBe('source_error');
  });
});

test('what looks alike', () => {
  const rows = ['orders', 'order_items', 'visits'].map((name) => ({ name }));
  expect(lookAlikes({ kind: 'table', name: 'ordrs' }, rows)).toBe('There is orders.');
  expect(lookAlikes({ kind: 'table', name: 'customers_of_2019' }, rows)).toContain(
    'the first that the role may use: orders, order_items, visits',
  );
  expect(lookAlikes({ kind: 'table', name: 'ordrs' }, [])).toBe('There is no table like it that the role may use.');
});
