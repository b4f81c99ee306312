import { bernoulliDivergence } from './bernoulli-divergence.ts';
import { type EstimateStatus, isProbabilityLevel } from './estimate.ts';
import { type Onset, scheduledMass } from './onset-schedule.ts';

/** Nats that not knowing the effect, and overshoot, cost the monitor on average (docs/statistics.md N5). */
const UNKNOWN_EFFECT_NATS = 1.2;
/** Nats that protection against a late onset costs at once: what is bet with the first block (docs/statistics.md N5). */
const ONSET_NATS = -Math.log(scheduledMass('mixture', 0));

/** The harm and the traffic for which to forecast the time to an alarm. */
export interface DetectionInput {
  /** Rate of bad events (or of successes, when they fall) in control and under harm, in [0, 1]. */
  readonly pA: number;
  readonly pB: number;
  /** Units of both arms per minute, > 0. */
  readonly arrivalsPerMinute: number;
  /** Treatment units / all units, in (0, 1). */
  readonly treatmentShare: number;
  /** Error budget of the alarm, e.g. 0.05. */
  readonly alpha: number;
  readonly onset: Extract<Onset, string>;
}

/** Growth of the log wealth of the right bet at which a monitor of many bets alarms, on average (docs/statistics.md N5). */
export function detectionNats(alpha: number, onset: DetectionInput['onset']): number {
  return Math.log(1 / alpha) + UNKNOWN_EFFECT_NATS + (onset === 'mixture' ? ONSET_NATS : 0);
}

/**
 * Expected minutes until the harm monitor alarms, and the events that harm will have cost by then (docs/statistics.md
 * N5).
 * @returns `ok` with minutes > 0 and eventsHarmed, the treatment's units with a bad outcome beyond what control's rate
 *          would have given; `insufficient` with Infinity when the rates are equal; `invalid` with NaN for broken input
 * @see     Wald's identity with the two-arm information of R1; simulated 50 min for S1 with onset protection, by the bets of K16
 */
export function detectionTime(input: DetectionInput): {
  status: EstimateStatus;
  minutes: number;
  eventsHarmed: number;
} {
  const { pA, pB, arrivalsPerMinute, treatmentShare: f, alpha, onset } = input;
  const pooled = (1 - f) * pA + f * pB;
  const information = (1 - f) * bernoulliDivergence(pA, pooled) + f * bernoulliDivergence(pB, pooled);
  const valid = arrivalsPerMinute > 0 && Number.isFinite(arrivalsPerMinute) && isProbabilityLevel(f);
  if (!valid || !isProbabilityLevel(alpha) || Number.isNaN(information)) {
    return { status: 'invalid', minutes: Number.NaN, eventsHarmed: Number.NaN };
  }
  if (information === 0) {
    return { status: 'insufficient', minutes: Number.POSITIVE_INFINITY, eventsHarmed: 0 };
  }
  const minutes = detectionNats(alpha, onset) / (arrivalsPerMinute * information);
  return { status: 'ok', minutes, eventsHarmed: minutes * arrivalsPerMinute * f * Math.abs(pB - pA) };
}
