import { expect, test } from 'vitest';
import { parseRetention } from './retention.ts';

test.each([
  ['15d', 15],
  ['1w3d', 10],
  ['36h', 1.5],
  ['3d or 10GB', 3],
  ['1y', 365],
  ['10GB', null],
  ['0s', null],
  ['', null],
  ['15 days', null],
])('a retention of %j is %j days', (text, days) => {
  expect(parseRetention(text)).toBe(days);
});
