/** Nodes and weights of 16-point Gauss-Legendre quadrature on [-1, 1], the positive half. */
const HALF_RULE: readonly (readonly [node: number, weight: number])[] = gaussLegendre(16);

/**
 * Integral of a smooth function over [points[0], points.at(-1)], by 16-point Gauss-Legendre on each piece between
 * neighbouring points.
 * @param points ascending; put them where the function bends, since each piece is treated as a polynomial
 */
export function integrate(f: (x: number) => number, points: readonly number[]): number {
  let total = 0;
  for (const [i, end] of points.entries()) {
    const start = points[i - 1];
    if (start === undefined || !(end > start)) continue;
    const [centre, half] = [(start + end) / 2, (end - start) / 2];
    for (const [node, weight] of HALF_RULE)
      total += weight * half * (f(centre - node * half) + f(centre + node * half));
  }
  return total;
}

/** Positive nodes with weights for an even number of nodes, by Newton's method on the Legendre polynomial. */
function gaussLegendre(size: number): [number, number][] {
  return Array.from({ length: size / 2 }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (size + 0.5));
    let slope = 1;
    for (let step = 0; step < 20; step++) {
      let [value, previous] = [1, 0];
      for (let k = 1; k <= size; k++) [value, previous] = [((2 * k - 1) * x * value - (k - 1) * previous) / k, value];
      slope = (size * (x * value - previous)) / (x * x - 1);
      x -= value / slope;
    }
    return [x, 2 / ((1 - x * x) * slope * slope)];
  });
}
