import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** What the share of a flag depends on. */
export interface ExposedStrategy {
  readonly disabled: boolean;
  /** Percentage as a string ("50"); null for a strategy without one. */
  readonly rollout: string | null;
}

/** What the treatment of a flag depends on; the flag service's answers carry it as opaque JSON. */
export interface TreatmentStrategy {
  readonly name: string;
  readonly disabled: boolean;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly constraints: readonly unknown[];
  readonly segments: readonly unknown[];
  readonly variants: readonly unknown[];
}

/**
 * Largest share of units that a flag may serve. Strategies are alternatives (OR) whose cohorts may be
 * disjoint, so percentages add up; constraints only narrow and are left out.
 *
 * @returns in [0, 1]: 0 when off; 1 when enabled without an enabled strategy (SDKs then serve everyone) or
 *          with one that has no percentage
 */
export function exposureShare(enabled: boolean, strategies: readonly ExposedStrategy[]): number {
  if (!enabled) return 0;
  const active = strategies.filter((strategy) => !strategy.disabled);
  if (active.length === 0 || active.some((strategy) => strategy.rollout === null)) return 1;
  const percent = active.reduce((sum, strategy) => sum + Number(strategy.rollout), 0);
  return Math.min(1, percent / 100);
}

/**
 * Identity of what units get, whatever their number: SHA-256 hex over the canonical JSON (RFC 8785) of the
 * enabled strategies without percentages and ids. Strategies, constraints and segments are sets, so their
 * order does not count. A segment counts by its id: an edit inside a segment is not seen.
 */
export function treatmentHash(strategies: readonly TreatmentStrategy[]): string {
  const treatments = strategies
    .filter((strategy) => !strategy.disabled)
    .map(({ name, parameters, constraints, segments, variants }) => {
      const { rollout: _percentage, ...others } = parameters;
      return { name, parameters: others, constraints: sorted(constraints), segments: sorted(segments), variants };
    });
  return createHash('sha256')
    .update(canonical(sorted(treatments)))
    .digest('hex');
}

/** Whether the text is a percentage as the gate writes it: digits, at most 100. An empty text is none. */
export function isPercent(text: string): boolean {
  return /^\d{1,3}(\.\d+)?$/.test(text) && Number(text) <= 100;
}

function sorted(values: readonly unknown[]): unknown[] {
  return values
    .map((value) => [canonical(value), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, value]) => value);
}

function canonical(value: unknown): string {
  return canonicalize(value) ?? 'null';
}
