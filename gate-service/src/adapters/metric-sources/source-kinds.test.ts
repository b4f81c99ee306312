import { expect, test } from 'vitest';
import { openSources, SOURCE_KINDS } from './source-kinds.ts';

const open = (entry: object, secrets: Record<string, string> = {}) => {
  const { type } = entry as { type: string };
  const settings = SOURCE_KINDS[type]!.schema.parse(entry);
  return openSources([{ name: 'shop-db', type, settings, secrets }], { now: () => 0 });
};
const PROMETHEUS = { type: 'prometheus', url: 'https://prometheus.example', scrape_interval_seconds: 15, events: {} };
const POSTGRES = { type: 'postgres', host: 'db.example', database: 'shop', user: 'reader', kpis: {} };

test.each([
  [{ ...PROMETHEUS, auth: 'bearer' }, {}, 'The source shop-db has no token.'],
  [{ ...PROMETHEUS, auth: 'basic' }, { username: 'me' }, 'The source shop-db has no password.'],
  [POSTGRES, {}, 'The source shop-db has no password.'],
])('a secret that is missing is told with its variable', (entry, secrets, message) => {
  expect(() => open(entry, secrets)).toThrow(message);
  try {
    open(entry, secrets);
  } catch (error) {
    expect((error as { remedy: string }).remedy).toMatch(/^Set SOURCE_SHOP_DB_(TOKEN|PASSWORD), or SOURCE_/);
  }
});

test('a source that needs no secret opens without', () => {
  expect([...open(PROMETHEUS).keys()]).toEqual(['shop-db']);
});
