/** The result of one look at one metric. Only `adverse` may lead to an intervention. */
export const SIGNALS = ['ok', 'adverse', 'no_data', 'stale', 'source_error', 'too_few_events'] as const;
export type Signal = (typeof SIGNALS)[number];

/** The signals that mean "the source did not answer for this change". */
export const NON_ANSWERS = ['no_data', 'stale', 'source_error'] as const satisfies readonly Signal[];

/** Whether the signal means "the source did not answer for this change". */
export function isNonAnswer(signal: Signal): signal is (typeof NON_ANSWERS)[number] {
  return (NON_ANSWERS as readonly Signal[]).includes(signal);
}
