import { describe, expect, test } from 'vitest';
import { parseRole } from './role.ts';
import { horizonOf, parseState } from './server-state.ts';

const NOW_MS = 1_800_000_000_000;
const MINUTE = NOW_MS / 60_000;
const state = (more: Record<string, string | null>) => ({
  standby: 't',
  level: 'f',
  replayed_ms: String(NOW_MS),
  now_ms: String(NOW_MS),
  ...more,
});

describe('how far a server is', () => {
  test.each([
    ['a primary', { standby: 'f', level: null, replayed_ms: null }, { standby: false, replayedUntil: null, lagMs: 0 }],
    [
      'a standby that is level, its last transaction long ago',
      { level: 't', replayed_ms: '1' },
      { standby: true, replayedUntil: null, lagMs: 0 },
    ],
    [
      'a standby that is level and has replayed nothing yet',
      { level: 't', replayed_ms: null },
      { standby: true, replayedUntil: null, lagMs: 0 },
    ],
    [
      'a standby that is behind',
      { replayed_ms: String(NOW_MS - 90_000) },
      { standby: true, replayedUntil: MINUTE - 2, lagMs: 90_000 },
    ],
    [
      'a standby whose primary runs ahead of its clock',
      { replayed_ms: String(NOW_MS + 5_000) },
      { standby: true, replayedUntil: MINUTE, lagMs: 0 },
    ],
    [
      'a standby that does not know what it received',
      { level: null },
      { standby: true, replayedUntil: MINUTE, lagMs: 0 },
    ],
  ])('%s', (_, row, expected) => {
    expect(parseState([state(row)])).toEqual(expected);
  });

  test.each([
    ['a standby that knows nothing', [state({ replayed_ms: null })], 'replica_lag'],
    ['no row', [], 'bad_schema'],
    ['another row', [{ standby: 'maybe' }], 'bad_schema'],
  ])('%s', (_, rows, fault) => {
    expect(() => parseState(rows)).toThrow(expect.objectContaining({ fault }));
  });

  const behind = { standby: true, replayedUntil: 100, lagMs: 90_000 };
  test.each([
    ['a primary knows everything', { standby: false, replayedUntil: null, lagMs: 0 }, 500, 1, 500],
    ['what was replayed is answered, however far behind it is', behind, 100, 1, 100],
    ['a little behind: until there', behind, 110, 2, 100],
  ])('%s', (_, server, to, most, expected) => {
    expect(horizonOf(server, to, most)).toBe(expected);
  });

  test('too far behind is said with both numbers', () => {
    expect(() => horizonOf(behind, 101, 1)).toThrow(
      expect.objectContaining({
        fault: 'replica_lag',
        message: expect.stringContaining('1.5 minutes behind its primary; allowed: 1'),
      }),
    );
  });
});

describe('what a role may do', () => {
  const reader = { name: 'reader', superuser: 'f', special: 'f', member_of: null, owns: null, writes: null };
  test('one that only reads', () => {
    expect(parseRole([reader])).toBe('reader');
  });

  test.each([
    [{ superuser: 't', special: 't', owns: 'a' }, 'The role reader is or may become a superuser; allowed'],
    [{ special: 't' }, 'pass row security'],
    [{ member_of: 'pg_write_all_data', writes: 'a, b' }, 'is in pg_write_all_data, may write a, b;'],
    [{ owns: 'orders' }, 'owns orders'],
  ])('%j', (more, words) => {
    expect(() => parseRole([{ ...reader, ...more }])).toThrow(
      expect.objectContaining({ fault: 'refused', message: expect.stringContaining(words) }),
    );
  });

  test('an answer that says nothing is no permission', () => {
    for (const rows of [[], [{}], [{ ...reader, superuser: null }], [{ ...reader, special: null }]]) {
      expect(() => parseRole(rows)).toThrow(expect.objectContaining({ fault: 'bad_schema' }));
    }
  });
});
