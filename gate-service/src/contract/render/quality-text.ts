import { inlineCode } from './escape-markdown.ts';

/** What a failed check means for the reader. Names that the gate may use for one thing stand together. */
const PROBLEMS: readonly (readonly [names: readonly string[], title: string, problem: string])[] = [
  [
    ['sample_ratio_mismatch', 'sample_ratio', 'srm'],
    'Split of the traffic',
    'The traffic did not split between control and change as the flag was set, so the two groups are not comparable.',
  ],
  [['window'], 'Window', 'The window or its last outcomes were not complete.'],
  [['coverage'], 'Coverage', 'Too large a part of the window has no data.'],
  [['no_data'], 'Data of this change', 'A metric got no data from this change.'],
  [['stale'], 'Freshness', 'A metric stopped getting data.'],
  [['source_error', 'source_errors'], 'Metric sources', 'A metric source could not be read.'],
  [['phases'], 'Known allocation', 'Too many trials lie in spans whose allocation is not known.'],
  [['margin'], 'Margin', 'The margin of a guardrail is not a number.'],
  [
    ['answers', 'non_answers', 'blind'],
    'Answers of the sources',
    'A metric went without an answer for too large a part of the window.',
  ],
  [['too_few_events', 'insufficient_data'], 'Amount of data', 'A metric has too little data for an answer.'],
  [['treatment_silent'], 'Signs of life', 'The control group sends data and the group with the change does not.'],
  [
    ['arms'],
    'Data of both groups',
    'The metric’s data did not split between control and change as the flag was set: a part of one group’s is missing.',
  ],
  [
    ['multi_exposure', 'multi_exposed', 'multiple_exposure'],
    'Switched units',
    'Too many users or jobs were served both variants.',
  ],
  [
    ['late_share', 'late_events', 'late_arrivals', 'late'],
    'Late events',
    'More of one variant’s data arrived late than of the other’s.',
  ],
  [
    ['event_conflicts', 'conflicts', 'duplicate_conflicts', 'event_id_conflicts'],
    'Contradicting events',
    'Too many events were sent again under the same id with other contents.',
  ],
  [['clock_skew'], 'Clocks', 'The clocks of the senders are more than five minutes off.'],
  [['flag_mismatch', 'variant_mismatch'], 'Flag and events', 'Events name another variant than the flag served.'],
  [
    ['missing_outcomes', 'outcome_missing'],
    'Missing outcomes',
    'Outcomes are missing more often for one variant than for the other.',
  ],
  [['clipped'], 'Extreme values', 'Too many values lay below 0 or above the cap of the KPI.'],
  [
    ['missing'],
    'Missing values',
    'Too many events that should have had a value had none, or more of one variant’s than of the other’s.',
  ],
  [
    ['skew'],
    'Large amounts',
    'A few large amounts carry so much of the total that the interval is not safe enough for a pass.',
  ],
  [
    ['level'],
    'Unit of the values',
    'The values of both groups jumped together, as when a source changes its unit, such as from seconds to milliseconds.',
  ],
  [['weeks'], 'Weeks before', 'There are too few usable weeks before the change to show harm to a guardrail.'],
  [
    ['volume'],
    'Usual traffic',
    'The window had less than half of the usual data, too little to hold against whole weeks.',
  ],
  [
    ['everybody'],
    'On for everybody',
    'For too large a part of the window only some had the change, so the effect is diluted.',
  ],
  [
    ['ordinary_week'],
    'Ordinary week',
    'The window has a day that the contract excludes, and nothing that would take it out.',
  ],
  [['comparable'], 'Comparable weeks', 'The weeks before do not tell what to expect of a guardrail.'],
  [['invalid', 'invalid_counts', 'counts'], 'Counts', 'The counts contradict each other.'],
  [['paused'], 'Operator switch', 'Interventions were paused by an operator for a part of the window.'],
  [['quarantined', 'quarantine'], 'Refused events', 'Too many events could not be counted.'],
];

function split(check: string): readonly [name: string, subject: string | null] {
  const colon = check.indexOf(':');
  return colon < 0 ? [check, null] : [check.slice(0, colon), check.slice(colon + 1)];
}

function find(name: string) {
  return PROBLEMS.find(([names]) => names.includes(name.toLowerCase()));
}

/** The name of a check for a table. Markdown; a check without words is shown as it is. */
export function qualityTitle(check: string): string {
  const [name, subject] = split(check);
  const known = find(name);
  if (known === undefined) return inlineCode(check, 120);
  return subject === null ? known[1] : `${known[1]}: ${inlineCode(subject, 80)}`;
}

/** One plain sentence about a failed check. Markdown. */
export function qualityProblem(check: string): string {
  const [name, subject] = split(check);
  const known = find(name);
  if (known === undefined) return `The data quality check ${inlineCode(check, 120)} failed.`;
  return subject === null ? known[2] : `${known[2]} (${inlineCode(subject, 80)})`;
}
