/**
 * Version of the rules that turn evidence into signals, plans and verdicts. It changes whenever the same evidence could
 * get another answer; a verdict is recomputed only by the version that made it.
 */
export const RULE_VERSION = '3';
