/**
 * A root of f between two points where its signs differ, by Brent's method as R's uniroot does it: step for step, so that
 * on a step function it stops where R stops.
 * @param tolerance width of the final bracket
 * @returns         NaN when f does not change its sign, or is NaN at an end
 * @see             Brent 1973, zeroin; R 4.2.2 uniroot
 */
export function brentRoot(f: (x: number) => number, from: number, to: number, tolerance: number): number {
  let [a, b, c] = [from, to, from];
  let [fa, fb] = [f(a), f(b)];
  let fc = fa;
  if (fa === 0) return a;
  if (fb === 0) return b;
  if (!(fa * fb < 0)) return Number.NaN;
  for (let step = 0; step < 1000; step++) {
    const previous = b - a;
    if (Math.abs(fc) < Math.abs(fb)) {
      [a, b, c] = [b, c, b];
      [fa, fb, fc] = [fb, fc, fb];
    }
    const least = 2 * Number.EPSILON * Math.abs(b) + tolerance / 2;
    const half = (c - b) / 2;
    if (Math.abs(half) <= least || fb === 0) return b;
    let move = half;
    if (Math.abs(previous) >= least && Math.abs(fa) > Math.abs(fb)) {
      move = interpolate([a, b, c], [fa, fb, fc], previous, least) ?? half;
    }
    if (Math.abs(move) < least) move = move > 0 ? least : -least;
    [a, fa] = [b, fb];
    b += move;
    fb = f(b);
    if (fb * fc > 0) [c, fc] = [a, fa];
  }
  return b;
}

/** A step from b by secant or inverse quadratic interpolation; null when halving is the safer one. */
function interpolate(
  [a, b, c]: readonly [number, number, number],
  [fa, fb, fc]: readonly [number, number, number],
  previous: number,
  least: number,
): number | null {
  const width = c - b;
  let [p, q] = [width * (fb / fa), 1 - fb / fa];
  if (a !== c) {
    const [ratio, t1, t2] = [fa / fc, fb / fc, fb / fa];
    p = t2 * (width * ratio * (ratio - t1) - (b - a) * (t1 - 1));
    q = (ratio - 1) * (t1 - 1) * (t2 - 1);
  }
  if (p > 0) q = -q;
  else p = -p;
  const isSafe = p < 0.75 * width * q - Math.abs(least * q) / 2 && p < Math.abs((previous * q) / 2);
  return isSafe ? p / q : null;
}
