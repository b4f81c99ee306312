import { describe, expect, it } from 'vitest';
import { historyOf, START } from '../../../test/support/decision/evidence.ts';
import { DAY_MINUTES, startOfMinute, WEEK_MINUTES } from '../model/time.ts';
import { assessSignal, isBlind, type SignalInput, silentFrom } from './assess-signal.ts';

const busy = historyOf('k', 600, 0.3);
const quiet = historyOf('k', 1, 0.3);

function assess(changes: Partial<SignalInput> & { readonly after: number }) {
  return assessSignal({
    source: { status: 'ok' },
    lastSeen: { kpi: START + changes.after - 1, change: START + changes.after - 1 },
    history: busy,
    windowStart: START,
    trafficUntil: START + WEEK_MINUTES,
    eligibleShare: 1,
    now: startOfMinute(START + changes.after),
    monitorWorks: true,
    closedBlocks: 9,
    unwatched: null,
    adverse: null,
    previousBlindSince: null,
    ...changes,
  });
}

describe('assessSignal', () => {
  it.each([
    ['answers', assess({ after: 100 }), 'ok'],
    ['harm', assess({ after: 100, adverse: 'Harm is established.' }), 'adverse'],
    ['nothing to hold it against', assess({ after: 100, unwatched: 'No history.' }), 'too_few_events'],
    ['no closed block', assess({ after: 100, closedBlocks: 0 }), 'too_few_events'],
    [
      'the source fails, whatever was known',
      assess({ after: 100, adverse: 'x', source: { status: 'error', detail: 'timeout' } }),
      'source_error',
    ],
    ['the monitor cannot run', assess({ after: 100, monitorWorks: false }), 'source_error'],
    [
      'nobody for 15 minutes at 10 a minute',
      assess({ after: 100, lastSeen: { kpi: START + 85, change: START + 85 } }),
      'stale',
    ],
    ['nobody for 14 minutes', assess({ after: 100, lastSeen: { kpi: START + 86, change: START + 86 } }), 'ok'],
    [
      'nobody for 9 hours where one an hour is usual',
      assess({ after: 600, history: quiet, lastSeen: { kpi: START + 60, change: START + 60 } }),
      'ok',
    ],
    [
      'nobody for 10 hours where one an hour is usual',
      assess({ after: 660, history: quiet, lastSeen: { kpi: START + 60, change: START + 60 } }),
      'stale',
    ],
    [
      'the KPI lives without this change',
      assess({ after: 100, lastSeen: { kpi: START + 99, change: START + 80 } }),
      'no_data',
    ],
    [
      'the KPI lives, and this change never came',
      assess({ after: 100, lastSeen: { kpi: START + 99, change: null } }),
      'no_data',
    ],
    [
      'a change on a hundredth of the traffic may be silent longer',
      assess({ after: 100, eligibleShare: 0.01, lastSeen: { kpi: START + 99, change: START + 80 } }),
      'ok',
    ],
    [
      'nothing is awaited after the flag went off',
      assess({ after: 500, trafficUntil: START + 400, lastSeen: { kpi: START + 499, change: START + 399 } }),
      'ok',
    ],
  ])('%s', (_, { signal }, expected) => {
    expect(signal).toBe(expected);
  });

  it('dates blindness by the data, not by the look that noticed it', () => {
    const lastSeen = { kpi: START + 10, change: START + 10 };
    expect(assess({ after: 100, lastSeen }).blindSince).toBe(startOfMinute(START + 25));
    expect(assess({ after: 300, lastSeen }).blindSince).toBe(startOfMinute(START + 25));
    expect(assess({ after: 300, lastSeen, previousBlindSince: startOfMinute(START + 5) }).blindSince).toBe(
      startOfMinute(START + 5),
    );
  });

  it('is blind after the grace time, and never while it answers', () => {
    const since = startOfMinute(START);
    expect([29, 30].map((after) => isBlind(since, startOfMinute(START + after)))).toEqual([false, true]);
    expect(isBlind(null, startOfMinute(START + 9999))).toBe(false);
  });

  it('waits a day where there is no history', () => {
    expect(silentFrom(historyOf('k', 1, 0.3, 0), START, 1)).toBe(START + DAY_MINUTES);
  });
});
