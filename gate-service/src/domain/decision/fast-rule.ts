import type { FastRule } from '../../contract/change-contract.ts';
import type { FastRuleState, MinuteTally } from '../model/look.ts';
import { addTallies, NO_TALLY, type Tally } from '../model/tally.ts';
import { type EpochMinute, type EpochMs, startOfMinute } from '../model/time.ts';
import { clopperPearsonLower, clopperPearsonUpper } from '../statistics/clopper-pearson.ts';

/** Confidence with which the rate must lie beyond the limit: a limit of policy is checked every minute of the week. */
export const FAST_RULE_CONFIDENCE = 0.999;
/** Fewer trials than this in the sliding span never fire. */
export const FAST_RULE_TRIALS = 20;
/** The sliding span is kept in at most this many slots, so that a rule over a day needs no day of minutes. */
const MOST_SLOTS = 60;

export interface FastRuleSpan {
  /** First minute not seen yet, and the first one after those that are complete now. */
  readonly from: EpochMinute;
  readonly to: EpochMinute;
  /** Minutes before this one are forgotten: the window's start, or a person's raise. */
  readonly notBefore: EpochMinute;
  /** Time until the KPI's outcomes are known; only shifts the times that are reported. */
  readonly withinMinutes: number;
}

/** The first times in this span at which the rule came to hold. */
export interface FastRuleStep {
  readonly state: FastRuleState;
  readonly firings: readonly EpochMs[];
  readonly sharedIncidents: readonly EpochMs[];
  /** Ends of slots at which the rule held on the treatment alone, ascending: for "still holds after the throttle". */
  readonly heldAt: readonly EpochMinute[];
}

/** Length of one slot of the sliding span: a minute up to an hour's span, a sixtieth of it beyond. */
function slotMinutes(rule: Pick<FastRule, 'forMinutes'>): number {
  return Math.max(1, Math.ceil(rule.forMinutes / MOST_SLOTS));
}

/**
 * Whether a rate lies beyond the rule's limit with one-sided 99.9% Clopper-Pearson confidence (docs/statistics.md B2).
 * @returns false under 20 trials and for broken counts
 */
function isBeyondLimit(rule: Pick<FastRule, 'side' | 'limit'>, tally: Tally): boolean {
  if (!(tally.n >= FAST_RULE_TRIALS)) return false;
  switch (rule.side) {
    case 'above':
      return clopperPearsonLower(tally.y, tally.n, FAST_RULE_CONFIDENCE) > rule.limit;
    case 'below':
      return clopperPearsonUpper(tally.y, tally.n, FAST_RULE_CONFIDENCE) < rule.limit;
    default:
      return rule.side satisfies never;
  }
}

/**
 * Slides one fast rule over the minutes that became complete. The rule fires when the treatment is beyond the limit with
 * confidence and the control is not: a control whose own rate (of 20 trials or more) is beyond it too makes it a shared
 * incident. Evaluated at the end of every slot, so the looks' times never matter.
 * @param minutes ascending, inside [from, to)
 */
export function advanceFastRule(
  rule: FastRule,
  state: FastRuleState,
  minutes: readonly MinuteTally[],
  span: FastRuleSpan,
): FastRuleStep {
  const size = slotMinutes(rule);
  const length = Math.ceil(rule.forMinutes / size);
  const bySlot = new Map(
    state.slots.filter(({ slot }) => slot * size >= span.notBefore).map((slot) => [slot.slot, slot]),
  );
  for (const { minute, off, on } of minutes) {
    if (minute < Math.max(span.from, span.notBefore) || minute >= span.to) continue;
    const slot = Math.floor(minute / size);
    const known = bySlot.get(slot) ?? { slot, off: NO_TALLY, on: NO_TALLY };
    bySlot.set(slot, { slot, off: addTallies(known.off, off), on: addTallies(known.on, on) });
  }
  const firings: EpochMs[] = [];
  const sharedIncidents: EpochMs[] = [];
  const heldAt: EpochMinute[] = [];
  let { firedAt, sharedIncidentAt } = state;
  for (let slot = Math.floor(span.from / size); (slot + 1) * size <= span.to; slot++) {
    const found = slideTo(rule, bySlot, slot, length);
    const at = startOfMinute((slot + 1) * size + span.withinMinutes);
    if (found === 'treatment' && firedAt === null) firings.push(at);
    if (found === 'both' && sharedIncidentAt === null) sharedIncidents.push(at);
    firedAt = found === 'treatment' ? (firedAt ?? at) : null;
    sharedIncidentAt = found === 'both' ? (sharedIncidentAt ?? at) : null;
    if (found === 'treatment') heldAt.push((slot + 1) * size);
  }
  const oldest = Math.floor(span.to / size) - length;
  const slots = [...bySlot.values()]
    .filter(({ slot }) => slot >= oldest)
    .toSorted((left, right) => left.slot - right.slot);
  return { state: { firedAt, sharedIncidentAt, slots }, firings, sharedIncidents, heldAt };
}

function slideTo(
  rule: FastRule,
  bySlot: ReadonlyMap<number, { readonly off: Tally; readonly on: Tally }>,
  last: number,
  length: number,
): 'treatment' | 'both' | 'no' {
  let [off, on] = [NO_TALLY, NO_TALLY];
  for (let slot = last - length + 1; slot <= last; slot++) {
    const tally = bySlot.get(slot);
    if (!tally) continue;
    off = addTallies(off, tally.off);
    on = addTallies(on, tally.on);
  }
  if (!isBeyondLimit(rule, on)) return 'no';
  return off.n >= FAST_RULE_TRIALS && isRateBeyond(rule, off) ? 'both' : 'treatment';
}

function isRateBeyond({ side, limit }: Pick<FastRule, 'side' | 'limit'>, { n, y }: Tally): boolean {
  return side === 'above' ? y / n > limit : y / n < limit;
}
