/** Enough halvings to bring any bracket down to neighbouring doubles. */
const HALVINGS = 200;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** The point between `no`, where the predicate fails, and `yes`, where it holds; it changes once between them. */
export function bisect(no: number, yes: number, predicate: (x: number) => boolean): number {
  let [low, high] = [no, yes];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) break;
    if (predicate(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Where a function with one valley in [from, to] is lowest, by golden section. */
export function lowestPoint(from: number, to: number, f: (x: number) => number): number {
  let [low, high] = [from, to];
  for (let i = 0; i < HALVINGS && high - low > 1e-12 * (1 + Math.abs(high)); i++) {
    const left = high - GOLDEN * (high - low);
    const right = low + GOLDEN * (high - low);
    if (f(left) <= f(right)) high = right;
    else low = left;
  }
  return (low + high) / 2;
}
