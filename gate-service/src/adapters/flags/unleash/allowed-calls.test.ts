import { describe, expect, test } from 'vitest';
import { GateError } from '../../../contract/gate-error.ts';
import { type AllowedCall, activationCalls, assertAllowed, observerCalls, watchCalls } from './allowed-calls.ts';

const FLAG = '/api/admin/projects/default/features/f';
const DEVELOPMENT = `${FLAG}/environments/development`;
const watch = watchCalls('default', 'development');
const activation = activationCalls('default', 'development');

describe('calls that are allowed', () => {
  test.each<[string, readonly AllowedCall[], string, string]>([
    ['watch reads a flag', watch, 'GET', FLAG],
    ['watch reads events', watch, 'GET', '/api/admin/search/events'],
    ['watch turns off', watch, 'POST', `${DEVELOPMENT}/off`],
    ['watch patches a strategy', watch, 'PATCH', `${DEVELOPMENT}/strategies/01ABC`],
    ['activation creates', activation, 'POST', '/api/admin/projects/default/features'],
    ['activation adds a strategy', activation, 'POST', `${DEVELOPMENT}/strategies`],
    ['activation enables', activation, 'POST', `${DEVELOPMENT}/on`],
    ['observer reads', observerCalls(), 'GET', '/api/client/features/f'],
  ])('%s', (_, calls, method, path) => expect(() => assertAllowed(calls, method, path)).not.toThrow());
});

describe('calls that are refused', () => {
  test.each<[string, readonly AllowedCall[], string, string]>([
    ['watch enables', watch, 'POST', `${DEVELOPMENT}/on`],
    ['watch creates', watch, 'POST', '/api/admin/projects/default/features'],
    ['watch adds a strategy', watch, 'POST', `${DEVELOPMENT}/strategies`],
    ['watch replaces a strategy', watch, 'PUT', `${DEVELOPMENT}/strategies/01ABC`],
    ['watch deletes a strategy', watch, 'DELETE', `${DEVELOPMENT}/strategies/01ABC`],
    ['watch in another environment', watch, 'POST', `${FLAG}/environments/production/off`],
    ['watch in another project', watch, 'POST', '/api/admin/projects/x/features/f/environments/development/off'],
    ['watch with a dot segment', watch, 'GET', '/api/admin/projects/default/features/..'],
    ['watch with an encoded slash', watch, 'GET', '/api/admin/projects/default/features/f%2Fenvironments'],
    ['watch with an empty name', watch, 'GET', '/api/admin/projects/default/features/'],
    ['watch with a query in the path', watch, 'GET', `${FLAG}?x=1`],
    ['activation turns off', activation, 'POST', `${DEVELOPMENT}/off`],
    ['activation patches', activation, 'PATCH', `${DEVELOPMENT}/strategies/01ABC`],
    ['observer reads the admin API', observerCalls(), 'GET', FLAG],
  ])('%s', (_, calls, method, path) => expect(() => assertAllowed(calls, method, path)).toThrow(GateError));

  test('no list holds a method or path beyond the known ones', () => {
    const written = [...watch].filter((call) => call.method !== 'GET').map((call) => `${call.method} ${call.path}`);
    expect(written).toEqual([
      'POST /api/admin/projects/default/features/*/environments/development/off',
      'PATCH /api/admin/projects/default/features/*/environments/development/strategies/*',
    ]);
  });
});
