import { bisect, lowestPoint } from './search.ts';

/**
 * Half-width of a band for a distribution function that holds at all times from tMin on: A sqrt((ln(1 + ln(t/tMin)) +
 * C)/t). Howard and Ramdas 2022, theorem 2; C solves for the error alpha at the best epoch length.
 * @param a constant A > 1/sqrt(2)
 */
export function dkwTypeBand(t: number, alpha: number, tMin: number, a: number): number {
  if (t < tMin) return Number.POSITIVE_INFINITY;
  const c = bisect(1, 100, (trial) => leastError(trial, a) <= alpha);
  return a * Math.sqrt((Math.log1p(Math.log(t / tMin)) + c) / t);
}

function leastError(c: number, a: number): number {
  const longest = bisect(1, 2 * a ** 2, (eta) => Math.sqrt(eta / 2) + Math.sqrt((2 * (eta - 1)) / c) >= a);
  return error(
    lowestPoint(1, longest, (eta) => error(eta, c, a)),
    c,
    a,
  );
}

function error(eta: number, c: number, a: number): number {
  const gamma = (2 / eta) * (a - Math.sqrt((2 * (eta - 1)) / c)) ** 2;
  if (gamma <= 1 || eta <= 1) return Number.POSITIVE_INFINITY;
  return 4 * Math.exp(-gamma * c) * (1 + 1 / ((gamma - 1) * Math.log(eta)));
}
