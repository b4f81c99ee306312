import { beforeAfterChecks } from './before-after-checks.ts';
import type { Check, Size } from './check.ts';
import { kpiTypeChecks } from './kpi-type-checks.ts';
import { falseAlarmChecks, lateChecks, scoreChecks } from './monitor-checks.ts';
import { forecastChecks, verdictChecks } from './verdict-checks.ts';

/** Every promise of the acceptance list in docs/detection.md, measured. */
export const PARTS: Readonly<Record<Check['part'], (size: Size, seed: number) => readonly Check[]>> = {
  a: falseAlarmChecks,
  b: scoreChecks,
  c: lateChecks,
  d: verdictChecks,
  e: forecastChecks,
  f: beforeAfterChecks,
  g: kpiTypeChecks,
};
