/** U+202F: groups digits without a locale's opinion, and lines don't break there. */
const THIN_SPACE = '\u202f';
export type Scale = 'relative' | 'absolute';
const UNKNOWN = 'unknown';

/** 12345 as "12 345". */
export function formatCount(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  const digits = Math.abs(Math.round(value)).toFixed(0);
  return `${value <= -0.5 ? '-' : ''}${digits.replace(/\B(?=(\d{3})+(?!\d))/g, THIN_SPACE)}`;
}

/** "1 unit", "2 units": the plural is the singular and s unless given. */
export function formatCountOf(value: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(value)} ${Math.round(value) === 1 ? singular : plural}`;
}

/** More digits for small numbers, so that 0.12% and 0.18% look different. */
function percentDigits(percent: number): string {
  const size = Math.abs(percent);
  if (size >= 10 || size === 0) return percent.toFixed(1);
  if (size >= 0.095) return percent.toFixed(2);
  return size >= 0.00095 ? percent.toFixed(4) : percent.toPrecision(1);
}

/** A rate such as 0.2213 as "22.1%". */
export function formatRate(rate: number | null): string {
  return rate === null || !Number.isFinite(rate) ? UNKNOWN : `${percentDigits(rate * 100)}%`;
}

/** An amount with four digits that count: "12.34", "0.0123", "1 235". */
export function formatAmount(value: number): string {
  const rounded = Number(value.toPrecision(4));
  return Math.abs(rounded) >= 1_000 ? formatCount(value) : String(rounded);
}

/** Successes of trials as "22.1% (1 105 of 5 000)"; without trials there is no rate. */
export function formatTally(tally: { readonly n: number; readonly y: number }): string {
  if (!(tally.n > 0)) return 'no data';
  return `${formatRate(tally.y / tally.n)} (${formatCount(tally.y)} of ${formatCount(tally.n)})`;
}

/** A chance or a share without false precision: "64%", "under 1%", "over 99%". */
export function formatShare(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return UNKNOWN;
  if (share > 0 && share < 0.005) return 'under 1%';
  if (share < 1 && share > 0.995) return 'over 99%';
  return `${Math.round(share * 100)}%`;
}

function signed(percent: number, digits: number, scale: Scale): string {
  const text = Math.abs(percent).toFixed(digits);
  const sign = Number(text) === 0 ? '' : percent > 0 ? '+' : '-';
  return `${sign}${text}${scale === 'relative' ? '%' : 'pp'}`;
}

/** A measured effect with sign and unit: "+6.3%" (relative), "-0.42pp" (percentage points). */
export function formatEstimate(value: number | null, scale: Scale): string {
  if (value === null || !Number.isFinite(value)) return 'not computable';
  const percent = value * 100;
  const digits = scale === 'absolute' || (percent !== 0 && Math.abs(percent) < 0.05) ? 2 : 1;
  return signed(percent, digits, scale);
}

/** An effect as a contract states it, without padding: "+5%", "-0.5pp". */
export function formatThreshold(value: number, scale: Scale): string {
  if (!Number.isFinite(value)) return UNKNOWN;
  const size = Number((Math.abs(value) * 100).toPrecision(4));
  return `${value > 0 ? '+' : value < 0 ? '-' : ''}${size}${scale === 'relative' ? '%' : 'pp'}`;
}

/** "+2.1% … +10.4%"; an end that the data don't bound says so. */
export function formatInterval(lo: number | null, hi: number | null, scale: Scale): string {
  if (lo === null && hi === null) return 'not computable';
  const end = (value: number | null, unbounded: string) => (value === null ? unbounded : formatEstimate(value, scale));
  return `${end(lo, 'no lower limit')} … ${end(hi, 'no upper limit')}`;
}

/** "+6.3% (90% interval +2.1% … +10.4%)". */
export function formatEffectWithInterval(
  effect: { readonly estimate: number | null; readonly lo: number | null; readonly hi: number | null },
  scale: Scale,
): string {
  if (effect.estimate === null) return 'not computable';
  return `${formatEstimate(effect.estimate, scale)} (90% interval ${formatInterval(effect.lo, effect.hi, scale)})`;
}
