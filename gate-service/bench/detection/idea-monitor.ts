import { ALPHA, type Detector, type Totals } from './detector.ts';

export type Past = Readonly<Totals>;

/** A monitor of the same kind as ours in which the parts can be exchanged; every variant is valid (docs/detection.md). */
export interface Variant {
  readonly psi: readonly number[];
  readonly weights: readonly number[];
  readonly isFull: (open: Past, past: Past) => boolean;
  /** Control's rate before the first block and the units it counts for. */
  readonly prior: { readonly rate: number; readonly weight: number };
  /** What each candidate takes for control's rate; `conditional` needs none: it bets on whose the block's events are. */
  readonly control: 'control' | 'both' | 'conditional';
  /** Share of the wealth that is bet from the first block on; the rest follows the shipped schedule's shape. */
  readonly firstMass: number;
  /** Units of control that are only learnt from before the first bet. */
  readonly learnFirst?: number;
  /** Cut the wealth here, where more would change nothing, and raise the stakes to match (only with `conditional`). */
  readonly cap?: number;
  readonly extra: readonly { readonly kind: 'plug_in' | 'kt' | 'newton'; readonly weight: number }[];
}

const MOST_RAISES = 40;
const SMALLEST_RAISE = 1e-9;

const clip = (rate: number) => Math.min(1 - 1e-6, Math.max(1e-6, rate));
const DAY = 24 * 60;
/** Units for which the adaptive alternative believes in twice the odds before it learns. */
const PLUG_IN_UNITS_OF_EVENTS = 1;

/** Runs one variant over a week; an alarm at wealth 1/alpha. */
export function startVariant(variant: Variant): Detector & { wealth(): number } {
  const { psi, extra } = variant;
  const weights = [...variant.weights, ...extra.map(({ weight }) => weight)];
  const logs = new Float64Array(weights.length).fill(Number.NEGATIVE_INFINITY);
  const open: Totals = { nA: 0, yA: 0, nB: 0, yB: 0 };
  const past: Totals = { nA: 0, yA: 0, nB: 0, yB: 0 };
  const newton = { bet: 0, squares: 1 };
  let reserve = 1;
  let moved = 0;
  const release = (minute: number) => {
    const mass = scheduled(variant.firstMass, minute);
    const due = mass > moved ? reserve * Math.min(1, (mass - moved) / (1 - moved)) : 0;
    if (due <= 0) return;
    for (let k = 0; k < weights.length; k += 1) logs[k] = logAdd(logs[k]!, Math.log(due * weights[k]!));
    reserve -= due;
    moved = mass;
  };
  const wealth = () => logs.reduce((sum, log) => sum + Math.exp(log), reserve);
  const close = (): boolean => {
    const f = open.nB / (open.nA + open.nB);
    if (past.nA < (variant.learnFirst ?? 0)) return settle();
    if (variant.cap !== undefined) raiseStakes(psi, variant.cap, logs, open, reserve);
    for (let k = 0; k < psi.length; k += 1) logs[k] = logs[k]! + candidate(variant, psi[k]!, open, past, f);
    extra.forEach(({ kind }, i) => {
      const k = psi.length + i;
      logs[k] = logs[k]! + (kind === 'newton' ? newtonStep(newton, open) : learnt(kind, variant, open, past, f));
    });
    return settle();
  };
  const settle = (): boolean => {
    past.nA += open.nA;
    past.yA += open.yA;
    past.nB += open.nB;
    past.yB += open.yB;
    open.nA = open.yA = open.nB = open.yB = 0;
    return wealth() >= 1 / ALPHA;
  };
  return {
    wealth,
    feed: (minute, nA, yA, nB, yB) => {
      if (nA + nB === 0) return false;
      open.nA += nA;
      open.yA += yA;
      open.nB += nB;
      open.yB += yB;
      if (!variant.isFull(open, past)) return false;
      release(minute);
      return close();
    },
    allocation: () => {
      if (open.nA > 0 && open.nB > 0) close();
      else open.nA = open.yA = open.nB = open.yB = 0;
    },
  };
}

function scheduled(first: number, minute: number): number {
  const part = (from: number, to: number) => Math.min(1, Math.max(0, (minute - from) / (to - from)));
  return first + (1 - first) * (0.5 * part(0, DAY) + 0.25 * part(DAY, 3 * DAY) + 0.25 * part(3 * DAY, 7 * DAY));
}

function candidate(variant: Variant, psi: number, open: Past, past: Past, f: number): number {
  if (variant.control === 'conditional') return conditional(psi, open);
  const { rate, weight } = variant.prior;
  const both = variant.control === 'both';
  const events = rate * weight + past.yA + 0.5 + (both ? past.yB : 0);
  // Under the candidate a unit of the treatment is worth about psi units of control (rare events).
  const units = weight + past.nA + 1 + (both ? past.nB * (psi / (1 + (psi - 1) * rate)) : 0);
  const tA = clip(events / units);
  const odds = (psi * tA) / (1 - tA);
  return ratio(open, tA, clip(odds / (1 + odds)), f);
}

/** ln likelihood ratio of a block against the nearest point of the null. */
function ratio({ nA, yA, nB, yB }: Past, tA: number, tB: number, f: number): number {
  if (tB <= tA) return 0;
  const c = (1 - f) * tA + f * tB;
  return (
    (yA === 0 ? 0 : yA * Math.log(tA / c)) +
    (nA - yA) * Math.log((1 - tA) / (1 - c)) +
    (yB === 0 ? 0 : yB * Math.log(tB / c)) +
    (nB - yB) * Math.log((1 - tB) / (1 - c))
  );
}

/** One alternative that follows the data: the treatment's rate as estimated from closed blocks. */
function learnt(kind: 'plug_in' | 'kt', { prior }: Variant, open: Past, past: Past, f: number): number {
  const tA = clip((prior.rate * prior.weight + past.yA + 0.5) / (prior.weight + past.nA + 1));
  if (kind === 'kt') {
    const own = clip((past.yA + 0.5) / (past.nA + 1));
    return ratio(open, own, clip((past.yB + 0.5) / (past.nB + 1)), f);
  }
  const twice = (2 * tA) / (1 + tA);
  const units = PLUG_IN_UNITS_OF_EVENTS / twice;
  return ratio(open, tA, clip((past.yB + PLUG_IN_UNITS_OF_EVENTS) / (past.nB + units)), f);
}

/** ln P(yB | events of the block, psi) / P(yB | events, 1): Fisher's noncentral hypergeometric law. */
function conditional(psi: number, { nA, yA, nB, yB }: Past): number {
  const events = yA + yB;
  const from = Math.max(0, events - nA);
  const to = Math.min(events, nB);
  let term = 1;
  let plain = 1;
  let tilted = 1;
  // Both sums start at j = from and share the factor of that term.
  for (let j = from; j < to; j += 1) {
    term *= ((nB - j) * (events - j)) / ((j + 1) * (nA - events + j + 1));
    plain += term;
    tilted += term * psi ** (j + 1 - from);
  }
  return (yB - from) * Math.log(psi) + Math.log(plain) - Math.log(tilted);
}

/**
 * Given the block's events, the null says how likely each split between the arms is, so what lies beyond the threshold can
 * be cut and the stakes raised until the block is worth its wealth again: sum_j P(j) min(reserve + b stakes_j, cap) =
 * wealth (after Fischer and Ramdas 2024, on avoiding overshoot). Raises the stakes by b.
 */
function raiseStakes(
  psi: readonly number[],
  cap: number,
  logs: Float64Array,
  { nA, yA, nB, yB }: Past,
  reserve: number,
): void {
  const events = yA + yB;
  const from = Math.max(0, events - nA);
  const to = Math.min(events, nB);
  const chances: number[] = [1];
  for (let j = from; j < to; j += 1)
    chances.push((chances.at(-1)! * (nB - j) * (events - j)) / ((j + 1) * (nA - events + j + 1)));
  const total = chances.reduce((sum, chance) => sum + chance, 0);
  const stakes = chances.map(() => 0);
  let staked = 0;
  psi.forEach((one, k) => {
    const stake = Math.exp(logs[k]!);
    staked += stake;
    const tilted = chances.reduce((sum, chance, j) => sum + chance * one ** j, 0);
    for (let j = 0; j < stakes.length; j += 1) stakes[j]! += (stake * one ** j * total) / tilted;
  });
  const room = cap - reserve;
  const worth = (b: number) =>
    chances.reduce((sum, chance, j) => sum + (chance / total) * Math.min(room, b * stakes[j]!), 0);
  let b = 1;
  // Rises towards the solution from below, so stopping early only leaves something unused.
  for (let i = 0; i < MOST_RAISES; i += 1) {
    const gap = staked / worth(b);
    if (!(gap > 1 + SMALLEST_RAISE)) break;
    b *= gap;
  }
  for (let k = 0; k < psi.length; k += 1) logs[k] = logs[k]! + Math.log(b);
}

/** ln(1 + bet * difference of the block's rates), the bet in [0, 1/2] moved by online Newton steps. */
function newtonStep(state: { bet: number; squares: number }, { nA, yA, nB, yB }: Past): number {
  const difference = yB / nB - yA / nA;
  const gain = 1 + state.bet * difference;
  const slope = -difference / gain;
  state.squares += slope * slope;
  state.bet = Math.min(0.5, Math.max(0, state.bet - (2 / (2 - Math.log(3))) * (slope / state.squares)));
  return Math.log(gain);
}

function logAdd(a: number, b: number): number {
  const high = Math.max(a, b);
  return high === Number.NEGATIVE_INFINITY ? high : high + Math.log(Math.exp(a - high) + Math.exp(b - high));
}
