import { bernoulliDivergence } from '../../src/domain/statistics/bernoulli-divergence.ts';
import { DEFAULT_PSI, pruneCandidates, weightsByTraffic } from '../../src/domain/statistics/candidates.ts';
import { nullLine } from '../../src/domain/statistics/null-line.ts';
import { ALPHA, type Rule } from './detector.ts';
import { type Past, startVariant, type Variant } from './idea-monitor.ts';
import type { Setting } from './settings.ts';
import { MINUTES_PER_WEEK } from './stream.ts';

/** Something that might make the monitor faster, as a change to its usual variant for a setting. */
export interface Idea {
  readonly name: string;
  readonly change: (setting: Setting) => Partial<Variant>;
}

const LINE = nullLine('none', 0, 'increase');
const LARGEST_HISTORY_WEIGHT = 1000;

/** Nats per arrival that a candidate would gain if it were true. */
function information({ pA, share }: Setting, psi: number): number {
  const odds = (psi * pA) / (1 - pA);
  const pB = odds / (1 + odds);
  const pooled = (1 - share) * pA + share * pB;
  return (1 - share) * bernoulliDivergence(pA, pooled) + share * bernoulliDivergence(pB, pooled);
}

const equal = (psi: readonly number[]): Pick<Variant, 'psi' | 'weights'> => ({
  psi,
  weights: psi.map(() => 1 / psi.length),
});
const weigh = (psi: readonly number[], weightOf: (psi: number) => number): Pick<Variant, 'psi' | 'weights'> => {
  const weights = psi.map(weightOf);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { psi, weights: weights.map((weight) => weight / total) };
};
const pruned = (setting: Setting, psi: readonly number[], alpha = ALPHA) =>
  pruneCandidates(
    psi,
    { thetaA: setting.pA, treatmentShare: setting.share, unitsPerWeek: setting.perMinute * MINUTES_PER_WEEK, alpha },
    LINE,
  );
const grid = (size: number, from = 1.1, to = 25) =>
  Array.from({ length: size }, (_, k) =>
    Math.exp(Math.log(from) * (Math.log(to) / Math.log(from)) ** (k / (size - 1))),
  );

/** The monitor as it was first, in typed arrays; the ideas differ from it in one respect each. */
export function usual(setting: Setting): Variant {
  const units = setting.perMinute * MINUTES_PER_WEEK;
  const tiny = units * Math.min(setting.share, 1 - setting.share) < 200;
  const nMin = tiny ? 2 : 3;
  return {
    ...equal(pruned(setting, DEFAULT_PSI)),
    isFull: ({ nA, nB }) => nA >= nMin && nB >= nMin,
    prior: { rate: setting.pA, weight: Math.min(LARGEST_HISTORY_WEIGHT, 4 * units) },
    control: 'control',
    firstMass: 1,
    extra: [],
  };
}

/** Nats in a look from which on a faster candidate gains nothing, and in a week below which it is seldom found. */
const FULL_LOOK = 3;
const THIN_WEEK = 6;

/** Weight falls for candidates that need less than a look, and for those that a week hardly shows. */
function balanced(setting: Setting, tilt: (psi: number) => number = () => 1) {
  return weigh(DEFAULT_PSI, (one) => {
    const perLook = information(setting, one) * setting.perMinute;
    const found = 1 - Math.exp((-perLook * MINUTES_PER_WEEK) / THIN_WEEK);
    return (found / (1 + (perLook / FULL_LOOK) ** 2)) * tilt(one) + 1e-9;
  });
}
/** Bell over ln ln psi around 2.5. */
const bell = (width: number) => (psi: number) =>
  Math.exp(-0.5 * ((Math.log(Math.log(psi)) - Math.log(Math.log(2.5))) / width) ** 2);

function upper(setting: Setting): readonly number[] {
  const psi = pruned(setting, DEFAULT_PSI);
  const fast = psi.filter((one) => information(setting, one) * setting.perMinute > Math.log(1 / ALPHA) + 1.2);
  return psi.filter((one) => !fast.includes(one) || one === fast[0]);
}

const half = (setting: Setting, kind: Variant['extra'][number]['kind']): Partial<Variant> => {
  const { psi, weights } = usual(setting);
  return { psi, weights: weights.map((weight) => weight / 2), extra: [{ kind, weight: 0.5 }] };
};
const only = (kind: Variant['extra'][number]['kind']): Partial<Variant> => ({
  psi: [],
  weights: [],
  extra: [{ kind, weight: 1 }],
});
const sized = (smallest: number) => ({ isFull: ({ nA, nB }: Past) => nA >= smallest && nB >= smallest });
const totalled = (smallest: number) => ({ isFull: ({ nA, nB }: Past) => nA >= 1 && nB >= 1 && nA + nB >= smallest });

const noHistory = (learnFirst: number) => (setting: Setting) => ({
  prior: { rate: setting.pA, weight: 0 },
  learnFirst,
});
const CONDITIONAL = { control: 'conditional' } as const;
const CUT = { ...CONDITIONAL, cap: 1 / ALPHA } as const;

/** Name of the monitor as it ships, all at the deploy. */
export const SHIPPED = 'C + WB, pruned: as shipped';
const shipped = (setting: Setting): Partial<Variant> => {
  const psi = pruned(setting, DEFAULT_PSI);
  const { pA: thetaA, share: treatmentShare, perMinute } = setting;
  const traffic = { thetaA, treatmentShare, unitsPerWeek: perMinute * MINUTES_PER_WEEK };
  return { ...CONDITIONAL, psi, weights: weightsByTraffic(psi, traffic, LINE) };
};

export const IDEAS: readonly Idea[] = [
  { name: 'first monitor, all at the deploy', change: () => ({}) },
  { name: 'candidates: none pruned', change: () => equal(DEFAULT_PSI) },
  { name: 'candidates: pruned below ln(1/alpha), not half', change: (s) => equal(pruned(s, DEFAULT_PSI, ALPHA ** 2)) },
  { name: 'candidates: pruned also if one look shows them', change: (s) => equal(upper(s)) },
  { name: 'candidates: 16', change: (s) => equal(pruned(s, grid(16))) },
  { name: 'candidates: 5', change: (s) => equal(pruned(s, grid(5))) },
  { name: 'candidates: 4, from 1.2 to 8', change: (s) => equal(pruned(s, grid(4, 1.2, 8))) },
  { name: 'weights: to large effects', change: (s) => weigh(pruned(s, DEFAULT_PSI), Math.log) },
  { name: 'weights: to the middle', change: (s) => weigh(pruned(s, DEFAULT_PSI), bell(1)) },
  { name: 'weights: by what looks and weeks show (W)', change: (s) => balanced(s) },
  { name: 'weights: W and a wide bell (WB)', change: (s) => balanced(s, bell(1.5)) },
  { name: 'weights: W and a narrow bell', change: (s) => balanced(s, bell(1)) },
  { name: 'blocks: from 1 unit an arm', change: () => sized(1) },
  { name: 'blocks: from 6 units an arm', change: () => sized(6) },
  { name: 'blocks: from 20 units an arm', change: () => sized(20) },
  { name: 'blocks: from 8 units in all', change: () => totalled(8) },
  {
    name: 'blocks: growing, 1.4 sqrt(units so far)',
    change: () => ({
      isFull: ({ nA, nB }, past) => nA >= 1 && nB >= 1 && nA + nB >= Math.max(6, 1.4 * Math.sqrt(past.nA + past.nB)),
    }),
  },
  { name: 'history: counts for 300 units', change: (s) => ({ prior: { rate: s.pA, weight: 300 } }) },
  { name: 'history: counts for 10,000 units', change: (s) => ({ prior: { rate: s.pA, weight: 10_000 } }) },
  { name: 'history: 3 times too high', change: (s) => ({ prior: { rate: Math.min(0.9, 3 * s.pA), weight: 1000 } }) },
  { name: 'history: none', change: noHistory(0) },
  { name: 'history: none, first block only learnt from', change: noHistory(1) },
  { name: 'control rate from both arms', change: () => ({ control: 'both' }) },
  { name: 'adaptive alternative, half the weight', change: (s) => half(s, 'plug_in') },
  { name: 'adaptive alternative alone', change: () => only('plug_in') },
  { name: 'Krichevsky-Trofimov per arm alone', change: () => only('kt') },
  { name: 'bets by online Newton steps, half', change: (s) => half(s, 'newton') },
  { name: 'bets by online Newton steps alone', change: () => only('newton') },
  { name: 'conditional on the block’s events (C)', change: () => CONDITIONAL },
  { name: 'C without history', change: (s) => ({ ...CONDITIONAL, prior: { rate: s.pA, weight: 0 } }) },
  { name: 'C, cut at 1/alpha (CX)', change: () => CUT },
  { name: 'C, cut at 5/alpha', change: () => ({ ...CONDITIONAL, cap: 5 / ALPHA }) },
  { name: 'C, cut at 20/alpha', change: () => ({ ...CONDITIONAL, cap: 20 / ALPHA }) },
  { name: 'C + WB, none pruned', change: (s) => ({ ...CONDITIONAL, ...balanced(s, bell(1.5)) }) },
  { name: SHIPPED, change: shipped },
  { name: 'CX + WB', change: (s) => ({ ...CUT, ...balanced(s, bell(1.5)) }) },
  { name: 'onset: half at the deploy', change: () => ({ firstMass: 0.5 }) },
  { name: 'onset: 60% at the deploy', change: () => ({ firstMass: 0.6 }) },
  { name: 'onset: 70% at the deploy', change: () => ({ firstMass: 0.7 }) },
  { name: 'onset: 80% at the deploy', change: () => ({ firstMass: 0.8 }) },
  { name: 'onset 70% + WB', change: (s) => ({ firstMass: 0.7, ...balanced(s, bell(1.5)) }) },
  { name: `${SHIPPED}, onset 70% (default)`, change: (s) => ({ firstMass: 0.7, ...shipped(s) }) },
  { name: 'onset 70% + CX + WB', change: (s) => ({ firstMass: 0.7, ...CUT, ...balanced(s, bell(1.5)) }) },
];

export function ideaRule({ name, change }: Idea): Rule {
  const variants = new Map<Setting, Variant>();
  return {
    name,
    start: (setting) => {
      const variant = variants.get(setting) ?? { ...usual(setting), ...change(setting) };
      variants.set(setting, variant);
      return startVariant(variant);
    },
  };
}
