import type { BenchOptions } from './bench-detection.ts';
import { boundMinutes } from './bench-detection.ts';
import { IDEAS, ideaRule } from './ideas.ts';
import { SETTINGS } from './settings.ts';
import { meanDelay, simulate } from './simulate.ts';

export interface IdeasResult {
  readonly kind: 'ideas';
  readonly settings: readonly string[];
  readonly ideas: readonly {
    readonly name: string;
    readonly scores: readonly number[];
    readonly lateMinutes: number;
    /** Of all A/A weeks of S1, S4 and S5. */
    readonly falseAlarmShare: number;
  }[];
}

/** S1 with smaller and larger harm: what is tuned to a doubling must not lose elsewhere unseen. */
const OTHER_HARM = [0.012, 0.04].map((pB) => ({ ...SETTINGS[0]!, name: `1% to ${pB * 100}%`, pB }));
const LATE_MINUTES = 24 * 60;
const CALM = ['S1', 'S4', 'S5'];

/** Every idea on the same weeks: its score per setting, harm that begins late, and its false alarms. */
export function benchIdeas({ quick, seed, settings }: BenchOptions, progress: (text: string) => void): IdeasResult {
  const weeks = quick ? { harm: 30, late: 5, calm: 5 } : { harm: 600, late: 60, calm: 100 };
  const rules = IDEAS.map(ideaRule);
  const decidable = [...settings.filter(({ target }) => target !== null), ...OTHER_HARM];
  const harm = decidable.map((setting, index) => {
    const outcomes = simulate(rules, setting, { onset: 0 }, weeks.harm, [seed, 2, index]);
    progress(`ideas: ${setting.name} done`);
    return outcomes.map((outcome) => meanDelay(outcome) / boundMinutes(setting));
  });
  const late = simulate(rules, SETTINGS[0]!, { onset: LATE_MINUTES }, weeks.late, [seed, 3, 24]);
  const calm = SETTINGS.filter(({ name }) => CALM.includes(name)).map((setting) => {
    const outcomes = simulate(rules, setting, { onset: null }, weeks.calm, [seed, 1, SETTINGS.indexOf(setting)]);
    progress(`ideas: A/A weeks of ${setting.name} done`);
    return outcomes;
  });
  return {
    kind: 'ideas',
    settings: decidable.map(({ name }) => name),
    ideas: IDEAS.map(({ name }, i) => ({
      name,
      scores: harm.map((scores) => scores[i]!),
      lateMinutes: meanDelay(late[i]!),
      falseAlarmShare:
        calm.reduce((sum, outcomes) => sum + outcomes[i]!.alarms, 0) /
        calm.reduce((sum, outcomes) => sum + outcomes[i]!.weeks, 0),
    })),
  };
}
