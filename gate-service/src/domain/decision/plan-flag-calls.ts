import type { InterventionKind } from '../model/intervention.ts';

const ROUNDING = 1e-9;

/** What the plan needs to know of a flag; the flag port's reading has it. */
export interface FlagState {
  readonly strategies: readonly { readonly id: string; readonly disabled: boolean; readonly rollout: string | null }[];
}

export type FlagCall =
  | { readonly kind: 'turn_off' }
  | { readonly kind: 'lower'; readonly strategyId: string; readonly from: string; readonly to: string };

/**
 * The calls that bring a flag down to a target share (docs/reliability.md D13). Strategies are alternatives, so
 * each enabled gradual one is lowered to its part of the target; a flag with an enabled strategy that has no
 * percentage cannot be throttled and is turned off.
 * @param targetShare share of the treatment to reach, in [0, 1]
 * @returns calls in order; none when the flag is at or below the target already
 */
export function planFlagCalls(kind: InterventionKind, targetShare: number, flag: FlagState): readonly FlagCall[] {
  const enabled = flag.strategies.filter(({ disabled }) => !disabled);
  if (kind === 'turn_off' || enabled.length === 0 || enabled.some(({ rollout }) => rollout === null))
    return [{ kind: 'turn_off' }];
  // Whole percentages only; the slack undoes binary fractions such as 0.29 * 100 = 28.999….
  const part = Math.floor((targetShare * 100) / enabled.length + ROUNDING);
  return enabled.flatMap(({ id, rollout }) =>
    Number(rollout) > part ? [{ kind: 'lower' as const, strategyId: id, from: rollout!, to: String(part) }] : [],
  );
}
