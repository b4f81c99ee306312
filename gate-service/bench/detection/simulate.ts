import type { Detector, Rule } from './detector.ts';
import type { Course, Setting } from './settings.ts';
import { drawWeek, MINUTES_PER_WEEK, type Week } from './stream.ts';

/** What one rule did on the weeks it saw. */
export interface Outcome {
  readonly weeks: number;
  /** Alarms at or after the onset, or at any time where there is none. */
  readonly alarms: number;
  /** Minutes from the onset, a week without an alarm counting in full; weeks with an alarm before the onset are left out. */
  readonly delays: readonly number[];
}

/** Runs every rule over the same weeks; week i is the same whatever the rules are. */
export function simulate(
  rules: readonly Rule[],
  setting: Setting,
  course: Course,
  weeks: number,
  seed: readonly number[],
): readonly Outcome[] {
  const outcomes = rules.map(() => ({ weeks: 0, alarms: 0, delays: [] as number[] }));
  const onset = course.onset ?? 0;
  for (let i = 0; i < weeks; i += 1) {
    const week = drawWeek(setting, course, [...seed, i]);
    rules.forEach((rule, r) => {
      if (i % (rule.every ?? 1) !== 0) return;
      const alarm = runWeek(rule.start(setting), week);
      if (alarm !== null && alarm < onset) return;
      const outcome = outcomes[r]!;
      outcome.weeks += 1;
      if (alarm !== null) outcome.alarms += 1;
      outcome.delays.push((alarm === null ? MINUTES_PER_WEEK : alarm + 1) - onset);
    });
  }
  return outcomes;
}

/** The minute of the alarm, or null. */
export function runWeek(detector: Detector, week: Week): number | null {
  const { nA, yA, nB, yB } = week;
  let share = week.share(0);
  for (let minute = 0; minute < MINUTES_PER_WEEK; minute += 1) {
    week.ensure(minute);
    const now = week.share(minute);
    if (now !== share) {
      detector.allocation?.(now, now > share);
      share = now;
    }
    if (detector.feed(minute, nA[minute]!, yA[minute]!, nB[minute]!, yB[minute]!)) return minute;
  }
  return null;
}

export function meanDelay({ delays }: Outcome): number {
  return delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
}
