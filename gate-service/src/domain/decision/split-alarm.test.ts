import { describe, expect, it } from 'vitest';
import { START } from '../../../test/support/decision/evidence.ts';
import { lookAt, startOf } from '../../../test/support/decision/looks.ts';
import { startOfMinute } from '../model/time.ts';
import { isSplitBroken } from './split-alarm.ts';

const PHASES = [
  { index: 0, cause: 'activation', share: 0.5, startMinute: START, endMinute: START + 60 },
  { index: 1, cause: 'throttle', share: 0.1, startMinute: START + 62, endMinute: START + 90 },
  { index: 2, cause: 'turn_off', share: 0, startMinute: START + 92, endMinute: null },
] as const;

describe('isSplitBroken', () => {
  it.each([
    ['an honest split', [{ phaseIndex: 0, off: 5000, on: 5100 }], false],
    ['52 to 48 of ten thousand', [{ phaseIndex: 0, off: 5250, on: 4750 }], true],
    ['the same of a thousand', [{ phaseIndex: 0, off: 525, on: 475 }], false],
    ['a phase with its own share', [{ phaseIndex: 1, off: 9000, on: 1010 }], false],
    [
      'two phases that say it together',
      [
        { phaseIndex: 0, off: 5160, on: 4840 },
        { phaseIndex: 1, off: 9150, on: 850 },
      ],
      true,
    ],
    ['stray units of a flag that is off', [{ phaseIndex: 2, off: 900, on: 9 }], false],
    ['nothing', [], false],
    ['broken counts', [{ phaseIndex: 0, off: Number.NaN, on: 9000 }], false],
  ])('%s', (_, exposures, broken) => {
    expect(isSplitBroken(exposures, PHASES)).toBe(broken);
  });
});

describe('the split in the looks', () => {
  const off = { tallies: {}, overrides: { exposures: [{ phaseIndex: 0, off: 5250, on: 4750 }] } };

  it('alerts once, keeps when, and touches nothing', () => {
    const before = lookAt({ tallies: {} }, startOf({ tallies: {} }), 20);
    expect([before.watch.splitAlarmAt, before.alerts.filter(({ kind }) => kind === 'sample_ratio')]).toEqual([
      null,
      [],
    ]);
    const first = lookAt(off, before.watch, 30);
    expect(first.watch.splitAlarmAt).toBe(startOfMinute(START + 30));
    expect(first.alerts.filter(({ kind }) => kind === 'sample_ratio')).toMatchObject([
      { kpiId: null, since: startOfMinute(START + 30) },
    ]);
    expect(first.plan.kind).toBe('none');
    const later = lookAt({ tallies: {} }, first.watch, 40);
    expect(later.watch.splitAlarmAt).toBe(startOfMinute(START + 30));
    expect(later.alerts.filter(({ kind }) => kind === 'sample_ratio')).toEqual([]);
  });
});
