import type { Kpi } from '../../src/contract/kpi-registry.ts';
import { type Change, windowEnd } from '../../src/domain/model/change.ts';
import type { AcceptedEvent } from '../../src/domain/model/event.ts';
import { isConversion, isStatus } from '../../src/domain/model/measure.ts';
import { type EpochMinute, MINUTE_MS, minuteOf, weekOf } from '../../src/domain/model/time.ts';
import type { Variant } from '../../src/domain/model/variant.ts';

/** One trial with where it is counted; `arm` is null in a KPI's own history. */
export interface Trial {
  readonly minute: EpochMinute;
  readonly arm: Variant | null;
  readonly y: 0 | 1;
}

/**
 * What the definitions say, computed the slow way from all events at once. Shares nothing with the store:
 * if both agree for every order of arrival, the store's bookkeeping is right.
 */
export class NaiveEvents {
  readonly #events: readonly AcceptedEvent[];

  constructor(events: readonly AcceptedEvent[]) {
    const byId = new Map(events.map((event) => [`${event.repository} ${event.eventId}`, event]));
    this.#events = [...byId.values()].sort(
      (left, right) => left.at - right.at || Buffer.compare(Buffer.from(left.eventId), Buffer.from(right.eventId)),
    );
  }

  /** What is left when only these cohorts ever came: a unit is in that of its first exposure, nobody in their own. */
  only(change: Change, isIn: (cohort: string | null) => boolean): NaiveEvents {
    const cohorts = new Map<string, string | null>();
    for (const { event } of this.inside(change)) {
      if (event.unit !== null && !cohorts.has(event.unit)) cohorts.set(event.unit, event.cohort);
    }
    const cohortOf = ({ unit, cohort }: AcceptedEvent) => (unit === null ? cohort : (cohorts.get(unit) ?? null));
    return new NaiveEvents(this.#events.filter((event) => isIn(cohortOf(event))));
  }

  count(change: Change): number {
    return this.#events.filter((event) => variantIn(event, change) !== null).length;
  }

  /** Events of the change's window in order, each with the variant that it names. */
  inside(change: Change): { event: AcceptedEvent; variant: Variant }[] {
    const end = windowEnd(change);
    return this.#events.flatMap((event) => {
      const variant = variantIn(event, change);
      const minute = minuteOf(event.at);
      return variant !== null && end !== null && minute >= change.effectiveAt! && minute < end
        ? [{ event, variant }]
        : [];
    });
  }

  /** Events of a repository in order. */
  all(repository: string): readonly AcceptedEvent[] {
    return this.#events.filter((event) => event.repository === repository);
  }

  /** Trials of the change's window. */
  trials(change: Change, kpi: Kpi): Trial[] {
    const inside = this.inside(change);
    const of = inside.filter(({ event }) => event.event === kpi.measure.of);
    if (!isConversion(kpi.measure)) {
      return statusTrials(
        of.map(({ event, variant }) => ({ event, arm: variant })),
        kpi,
      );
    }
    const firstArm = new Map<string, Variant>();
    for (const { event, variant } of inside) {
      if (event.unit !== null && !firstArm.has(event.unit)) firstArm.set(event.unit, variant);
    }
    const firstOf = new Map<string, AcceptedEvent>();
    for (const { event } of of) if (event.unit !== null && !firstOf.has(event.unit)) firstOf.set(event.unit, event);
    return [...firstOf].map(([unit, event]) => this.#conversion(event, kpi, firstArm.get(unit)!));
  }

  /** Trials of the KPI's own history: conversions once a unit and week, without window. */
  history(repository: string, kpi: Kpi): Trial[] {
    const of = this.#events.filter((event) => event.repository === repository && event.event === kpi.measure.of);
    if (!isConversion(kpi.measure))
      return statusTrials(
        of.map((event) => ({ event, arm: null })),
        kpi,
      );
    const first = new Map<string, AcceptedEvent>();
    for (const event of of) {
      const key = `${event.unit} ${weekOf(minuteOf(event.at))}`;
      if (event.unit !== null && !first.has(key)) first.set(key, event);
    }
    return [...first.values()].map((event) => this.#conversion(event, kpi, null));
  }

  exposures(change: Change): Trial[] {
    const first = new Map<string, Trial>();
    for (const { event, variant } of this.inside(change)) {
      if (event.unit === null || first.has(event.unit)) continue;
      first.set(event.unit, { minute: minuteOf(event.at), arm: variant, y: 0 });
    }
    return [...first.values()];
  }

  multiExposed(change: Change, from: EpochMinute, to: EpochMinute): number {
    const seen = new Map<string, Set<Variant>>();
    for (const { event, variant } of this.inside(change)) {
      const minute = minuteOf(event.at);
      if (event.unit === null || minute < from || minute >= to) continue;
      seen.set(event.unit, (seen.get(event.unit) ?? new Set()).add(variant));
    }
    return [...seen.values()].filter((variants) => variants.size === 2).length;
  }

  #conversion(trial: AcceptedEvent, kpi: Kpi, arm: Variant | null): Trial {
    const until = trial.at + kpi.measure.withinMinutes * MINUTE_MS;
    const succeeded = this.#events.some(
      (event) =>
        event.repository === trial.repository &&
        isConversion(kpi.measure) &&
        event.event === kpi.measure.success &&
        event.unit === trial.unit &&
        event.at > trial.at &&
        event.at <= until,
    );
    return { minute: minuteOf(trial.at), arm, y: succeeded ? 1 : 0 };
  }
}

function variantIn(event: AcceptedEvent, change: Change): Variant | null {
  return event.exposures.find(({ changeId }) => changeId === change.changeId)?.variant ?? null;
}

function statusTrials(events: readonly { event: AcceptedEvent; arm: Variant | null }[], kpi: Kpi): Trial[] {
  const keyOf = ({ event, arm }: { event: AcceptedEvent; arm: Variant | null }) =>
    event.unit === null ? `event ${event.eventId}` : `${event.unit} ${minuteOf(event.at)} ${arm}`;
  const groups = new Map<string, { event: AcceptedEvent; arm: Variant | null }[]>();
  for (const item of events) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()].map((group) => {
    const bad = group.some(({ event }) => event.status === 'error');
    const counted = isStatus(kpi.measure) && kpi.measure.counts === 'error' ? bad : !bad;
    return { minute: minuteOf(group[0]!.event.at), arm: group[0]!.arm, y: counted ? 1 : 0 };
  });
}
