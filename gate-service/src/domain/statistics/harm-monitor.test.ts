import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PSI, equalWeights } from './candidates.ts';
import {
  advanceHarmMonitor,
  closeOrDiscardOpenBlock,
  displayWealth,
  type HarmMonitorConfig,
  type HarmMonitorState,
  logWealth,
  type MonitorMinute,
  rampStep,
  startHarmMonitor,
} from './harm-monitor.ts';

const base: HarmMonitorConfig = {
  psi: DEFAULT_PSI,
  weights: equalWeights(DEFAULT_PSI.length),
  marginKind: 'none',
  margin: 0,
  harm: 'increase',
  nMin: 3,
  history: { y: 50, n: 1000 },
  onset: 'mixture',
};

function minutesOf(batches: number[][]): MonitorMinute[] {
  return batches.map(([nA = 0, yA = 0, nB = 0, yB = 0], minute) => ({ minute, nA, yA, nB, yB }));
}

function run(config: HarmMonitorConfig, minutes: readonly MonitorMinute[], from = startHarmMonitor(config)) {
  return minutes.reduce<HarmMonitorState[]>((states, minute) => {
    states.push(advanceHarmMonitor(config, states.at(-1) ?? from, minute));
    return states;
  }, []);
}

const batches = fc.array(
  fc
    .tuple(fc.nat(40), fc.nat(40), fc.nat(40), fc.nat(40))
    .map(([nA, yA, nB, yB]) => [nA, yA % (nA + 1), nB, yB % (nB + 1)]),
  { minLength: 1, maxLength: 60 },
);
const configs = fc
  .record({
    marginKind: fc.constantFrom('none' as const, 'ratio' as const, 'difference' as const),
    margin: fc.constantFrom(0, 0.005, 0.05, 0.5),
    harm: fc.constantFrom('increase' as const, 'decrease' as const),
    nMin: fc.constantFrom(1, 2, 3),
    history: fc.constantFrom(null, { y: 0, n: 100 }, { y: 100, n: 100 }, { y: 7, n: 2000 }),
    onset: fc.constantFrom('mixture' as const, 'immediate' as const),
    bets: fc.constantFrom('conditional' as const, 'reference' as const),
  })
  .map((part): HarmMonitorConfig => ({ ...base, ...part }));

describe('harm monitor', () => {
  it('keeps a finite wealth whatever the counts, margin, direction and history', () => {
    fc.assert(
      fc.property(configs, batches, (config, rows) => {
        for (const state of run(config, minutesOf(rows))) expect(Number.isFinite(logWealth(state))).toBe(true);
      }),
    );
  });

  it('goes on bit for bit after being serialised anywhere, and ignores minutes it has seen', () => {
    fc.assert(
      fc.property(configs, batches, fc.nat(60), (config, rows, cut) => {
        const minutes = minutesOf(rows);
        const straight = run(config, minutes).at(-1);
        const middle = run(config, minutes.slice(0, cut)).at(-1) ?? startHarmMonitor(config);
        const resumed = run(config, minutes, JSON.parse(JSON.stringify(middle))).at(-1);
        expect(JSON.stringify(resumed)).toBe(JSON.stringify(straight));
      }),
    );
  });

  it('never gains from moving a bad event from treatment to control', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 60 }), fc.integer({ min: 1, max: 60 }), fc.nat(20), (n, bad, other) => {
        const yB = Math.min(n, bad);
        const yA = Math.min(n - 1, other);
        const [worse] = run(base, [{ minute: 0, nA: n, yA, nB: n, yB }]);
        const [better] = run(base, [{ minute: 0, nA: n, yA: yA + 1, nB: n, yB: yB - 1 }]);
        expect(logWealth(better!)).toBeLessThanOrEqual(logWealth(worse!) + 1e-9);
      }),
    );
  });

  it.each(['none', 'ratio', 'difference'] as const)(
    'has mean wealth at most 1 on the edge of the null: %s',
    (marginKind) => {
      // One block of 4 and 6 units: the mean over all tables, exactly. Edges: equal, 20% worse, 5 points worse.
      for (const harm of ['increase', 'decrease'] as const) {
        const margin = marginKind === 'ratio' ? 0.2 : 0.05;
        const config = { ...base, marginKind, margin, harm, onset: 'immediate' as const, history: { y: 300, n: 1000 } };
        for (const pA of [0.06, 0.3, 0.5, 0.8]) {
          const sign = harm === 'increase' ? 1 : -1;
          const pB = { none: pA, ratio: pA * (1 + sign * margin), difference: pA + sign * margin }[marginKind];
          let mean = 0;
          for (let yA = 0; yA <= 4; yA++) {
            for (let yB = 0; yB <= 6; yB++) {
              const [state] = run(config, [{ minute: 0, nA: 4, yA, nB: 6, yB }]);
              mean += chance(yA, 4, pA) * chance(yB, 6, pB) * Math.exp(logWealth(state!));
            }
          }
          expect(mean).toBeLessThanOrEqual(1 + 1e-9);
        }
      }
    },
  );

  it('has mean wealth exactly 1 with conditional bets and equal rates, at any rate, after several blocks', () => {
    // Two blocks of 2 and 3 units with rates of their own: the mean over all pairs of tables, exactly.
    const config = { ...base, bets: 'conditional' as const, history: null };
    for (const [first, second] of [
      [0.02, 0.6],
      [0.5, 0.5],
      [0.9, 0.1],
    ] as const) {
      for (const better of [1, 0.5]) {
        let mean = 0;
        for (const one of tables(2, 3)) {
          for (const two of tables(2, 3)) {
            const rows = [one, two].map(({ yA, yB }, minute) => ({ minute, nA: 2, yA, nB: 3, yB }));
            const state = run({ ...config, nMin: 2 }, rows).at(-1)!;
            const p = [first, second].map((pA, i) => {
              const { yA, yB } = [one, two][i]!;
              return chance(yA, 2, pA) * chance(yB, 3, better * pA);
            });
            mean += p[0]! * p[1]! * Math.exp(logWealth(state));
          }
        }
        if (better === 1) expect(mean).toBeCloseTo(1, 9);
        else expect(mean).toBeLessThan(1);
      }
    }
  });

  it('bets conditionally only where that is valid: without a margin, without tempering, in blocks not too large', () => {
    const rows = minutesOf([[100, 5, 100, 15]]);
    const wealthOf = (part: Partial<HarmMonitorConfig>, minutes = rows) =>
      logWealth(run({ ...base, ...part }, minutes)[0]!);
    const conditional = { bets: 'conditional' as const };
    const margin = { marginKind: 'ratio' as const, margin: 0.1 };
    const tempering = base.psi.map(() => 0.5);
    expect(wealthOf(conditional)).not.toBe(wealthOf({}));
    expect(wealthOf({ ...conditional, tempering: base.psi.map(() => 1) })).toBe(wealthOf(conditional));
    expect(wealthOf({ ...conditional, ...margin })).toBe(wealthOf(margin));
    expect(wealthOf({ ...conditional, tempering })).toBe(wealthOf({ tempering }));
    const huge = minutesOf([[600_000, 30_000, 600_000, 30_100]]);
    expect(wealthOf(conditional, huge)).toBe(wealthOf({}, huge));
    expect(wealthOf({ bets: 'reference' })).toBe(wealthOf({}));
  });

  it('needs no history for conditional bets', () => {
    const rows = minutesOf(Array.from({ length: 20 }, () => [50, 1, 50, 3]));
    const bets = 'conditional' as const;
    const known = run({ ...base, bets }, rows).at(-1)!;
    const unknown = run({ ...base, bets, history: null }, rows).at(-1)!;
    expect(unknown).toEqual(known);
    expect(logWealth(known)).toBeGreaterThan(Math.log(20));
  });

  it('watches falling successes exactly as rising failures', () => {
    const fall = run({ ...base, harm: 'decrease', history: { y: 950, n: 1000 } }, minutesOf([[20, 18, 20, 9]]));
    const rise = run(base, minutesOf([[20, 2, 20, 11]]));
    expect(fall).toEqual(rise);
    expect(logWealth(rise[0]!)).toBeGreaterThan(1);
  });

  it('grows slower with a margin than without, and not at all when the margin covers everything', () => {
    const rows = minutesOf([[100, 5, 100, 15]]);
    const logs = (['none', 'ratio', 'difference'] as const).map((marginKind) =>
      logWealth(run({ ...base, marginKind, margin: 0.05, onset: 'immediate' }, rows)[0]!),
    );
    expect(logs[0]).toBeGreaterThan(logs[1]!);
    expect(logs[1]).toBeGreaterThan(logs[2]!);
    const covered = { ...base, marginKind: 'ratio' as const, margin: 1000, onset: 'immediate' as const };
    expect(logWealth(run(covered, rows)[0]!)).toBeCloseTo(0, 12);
  });

  it('drifts down slowly when no arm has events (reference bets), and sees a total failure within a few units', () => {
    const quiet = run(base, minutesOf(Array.from({ length: 500 }, () => [5, 0, 5, 0])));
    expect(logWealth(quiet.at(-1)!)).toBeLessThan(0);
    const broken = run(
      { ...base, history: { y: 20, n: 1000 } },
      minutesOf(Array.from({ length: 3 }, () => [40, 1, 4, 4])),
    );
    expect(logWealth(broken.at(-1)!)).toBeGreaterThan(Math.log(20));
  });

  it('refuses broken minutes: counted, wealth untouched', () => {
    const start = startHarmMonitor(base);
    const good = { minute: 0, nA: 9, yA: 1, nB: 9, yB: 1 };
    for (const bad of [
      { nA: Number.NaN },
      { yB: 10 },
      { nB: -1 },
      { yA: 0.5 },
      { minute: -1 },
      { nA: Number.POSITIVE_INFINITY },
    ]) {
      const state = advanceHarmMonitor(base, start, { ...good, ...bad });
      expect(state.rejectedMinutes).toBe(1);
      expect(logWealth(state)).toBe(0);
      expect(state.closedBlocks).toBe(0);
    }
  });

  it.each<[string, Partial<HarmMonitorConfig>]>([
    ['psi of 1', { psi: [1], weights: [1] }],
    ['NaN psi', { psi: [Number.NaN], weights: [1] }],
    ['no psi', { psi: [], weights: [] }],
    ['weights that do not sum to 1', { psi: [2, 3], weights: [0.5, 0.6] }],
    ['a negative margin', { marginKind: 'ratio', margin: -0.1 }],
    ['a NaN margin', { marginKind: 'difference', margin: Number.NaN }],
    ['a drop margin of 100%', { marginKind: 'ratio', margin: 1, harm: 'decrease' }],
    ['more events than units in history', { history: { y: 5, n: 4 } }],
    ['nMin 0', { nMin: 0 }],
    ['unknown bets', { bets: 'all' as 'reference' }],
    ['a schedule of more than everything', { onset: { massPerMinute: [0.7, 0.7] } }],
    ['a NaN schedule', { onset: { massPerMinute: [Number.NaN] } }],
  ])('never moves with an unusable configuration: %s', (_, part) => {
    const config = { ...base, ...part };
    const start = startHarmMonitor(config);
    expect(start.status).toBe('invalid');
    expect(advanceHarmMonitor(config, start, { minute: 0, nA: 9, yA: 0, nB: 9, yB: 9 })).toEqual(start);
  });

  it('turns invalid when it is resumed with another number of candidates', () => {
    const other = { ...base, psi: [2], weights: [1] };
    expect(advanceHarmMonitor(other, startHarmMonitor(base), { minute: 0, nA: 9, yA: 0, nB: 9, yB: 9 }).status).toBe(
      'invalid',
    );
  });

  it('ends the open block at a change of allocation: closed with a unit in both arms, else discarded', () => {
    const [both] = run(base, minutesOf([[2, 0, 1, 1]]));
    expect(closeOrDiscardOpenBlock(base, both!)).toMatchObject({
      closedBlocks: 1,
      open: { nA: 0, nB: 0 },
      past: { n: 2 },
    });
    const [one] = run(base, minutesOf([[0, 0, 9, 9]]));
    expect(closeOrDiscardOpenBlock(base, one!)).toMatchObject({
      closedBlocks: 0,
      open: { nA: 0, nB: 0 },
      past: { n: 0 },
    });
  });

  it('moves a tenth of the remaining reserve at a ramp step and keeps the wealth', () => {
    const [state] = run(base, minutesOf([[50, 2, 50, 2]]));
    const stepped = rampStep(base, state!);
    expect(stepped.logReserve! - state!.logReserve!).toBeCloseTo(Math.log(0.9), 12);
    expect(logWealth(stepped)).toBeCloseTo(logWealth(state!), 12);
  });

  it('has emptied its reserve after seven days and still serialises', () => {
    const states = run(base, [
      { minute: 10_080, nA: 5, yA: 0, nB: 5, yB: 0 },
      { minute: 10_081, nA: 5, yA: 0, nB: 5, yB: 5 },
    ]);
    expect(states[1]!.logReserve).toBeNull();
    expect(JSON.parse(JSON.stringify(states[1]))).toEqual(states[1]);
  });

  it('caps the display, not the state', () => {
    const rows = Array.from({ length: 50 }, () => [50, 0, 50, 50]);
    const log = logWealth(run(base, minutesOf(rows)).at(-1)!);
    expect(log).toBeGreaterThan(1000);
    expect(displayWealth(log)).toBe(1e12);
  });
});

/** Every outcome of a block of these sizes. */
function tables(nA: number, nB: number): { yA: number; yB: number }[] {
  return Array.from({ length: (nA + 1) * (nB + 1) }, (_, i) => ({ yA: i % (nA + 1), yB: Math.floor(i / (nA + 1)) }));
}

function chance(y: number, n: number, p: number): number {
  let choose = 1;
  for (let i = 0; i < y; i++) choose = (choose * (n - i)) / (i + 1);
  return choose * p ** y * (1 - p) ** (n - y);
}
