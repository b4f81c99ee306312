/**
 * Type-7 quantile of raw values: linear between the two nearest order statistics (docs/statistics.md F1).
 * @param values in any order
 * @param q      in [0, 1]
 * @returns      in the unit of the values; NaN without values, with a value that is not finite, or with q outside
 * @see          checked against R 4.2.2 quantile(type = 7)
 */
export function quantileOfValues(values: readonly number[], q: number): number {
  if (values.length === 0 || !values.every(Number.isFinite)) return Number.NaN;
  return quantileOfSorted(
    values.toSorted((left, right) => left - right),
    q,
  );
}

/** As quantileOfValues for values that are finite and in ascending order already. */
export function quantileOfSorted(sorted: readonly number[], q: number): number {
  if (!(q >= 0 && q <= 1)) return Number.NaN;
  const position = (sorted.length - 1) * q;
  const index = Math.floor(position);
  const low = sorted[index] ?? Number.NaN;
  const high = sorted[index + 1] ?? low;
  return low + (position - index) * (high - low);
}
