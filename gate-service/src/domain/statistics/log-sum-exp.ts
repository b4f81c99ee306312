/**
 * ln(sum of exp(x_i)) without overflow or underflow: e-process state is kept in the log domain (docs/statistics.md A).
 * @param logs natural logs; -Infinity stands for 0
 * @returns    -Infinity for an empty list or only zeros; NaN if any input is NaN
 */
export function logSumExp(logs: readonly number[]): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of logs) {
    if (Number.isNaN(value)) return Number.NaN;
    if (value > largest) largest = value;
  }
  if (!Number.isFinite(largest)) return largest;
  let sum = 0;
  for (const value of logs) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}

/** ln(exp(x) + exp(y)) without overflow; -Infinity stands for 0. */
export function logAddExp(x: number, y: number): number {
  const largest = Math.max(x, y);
  if (!Number.isFinite(largest)) return largest;
  return largest + Math.log1p(Math.exp(Math.min(x, y) - largest));
}
