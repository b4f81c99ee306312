const BLANK = '·';
const FULL = '█';

const clamp = (value: number, lo: number, hi: number) => Math.min(Math.max(value, lo), hi);

/** A bar for a share in [0, 1]: "██████····". Anything above nothing shows at least one block. */
export function shareBar(share: number, width = 20): string {
  const filled = Number.isFinite(share) ? clamp(Math.round(share * width), share > 0 ? 1 : 0, width) : 0;
  return FULL.repeat(filled) + BLANK.repeat(width - filled);
}

export interface ChartedEffect {
  readonly estimate: number;
  readonly lo: number | null;
  readonly hi: number | null;
  readonly threshold: number | null;
}

/**
 * An interval against zero and its threshold, on a scale of its own: "···│··┊━━━●━━━···".
 * │ is no effect, ┊ the threshold, ● the estimate, ━ the interval; ◀ and ▶ are ends that leave the picture.
 */
export function intervalChart(effect: ChartedEffect, width = 31): string {
  const { estimate, threshold } = effect;
  const shown = [0, estimate, effect.lo, effect.hi, threshold].filter(
    (value): value is number => value !== null && Number.isFinite(value),
  );
  const from = Math.min(...shown);
  const span = Math.max(...shown) - from || 1;
  const place = (value: number) => 1 + Math.round(((value - from) / span) * (width - 3));
  const first = effect.lo === null ? 0 : place(effect.lo);
  const last = effect.hi === null ? width - 1 : place(effect.hi);
  const cells: string[] = Array.from({ length: width }, (_, index) => (index >= first && index <= last ? '━' : BLANK));
  if (effect.lo === null) cells[0] = '◀';
  if (effect.hi === null) cells[width - 1] = '▶';
  cells[place(0)] = '│';
  if (threshold !== null && Number.isFinite(threshold) && threshold !== 0) cells[place(threshold)] = '┊';
  cells[place(estimate)] = '●';
  return cells.join('');
}
