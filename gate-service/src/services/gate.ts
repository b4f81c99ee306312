import type { BusinessClock, RealClock } from '../ports/clock.ts';
import type { FlagActivation, FlagControl, FlagObserver } from '../ports/flag-control.ts';
import type { Log } from '../ports/log.ts';
import type { MetricSource } from '../ports/metric-source.ts';
import type { Random } from '../ports/random.ts';
import type { Store } from '../ports/store.ts';

/** What the operator decides once for the whole service. */
export interface GateOptions {
  /** Minutes of business time between two looks at one change. */
  readonly lookEveryMinutes: number;
  /** Minutes of business time between two readings of a change's flag. */
  readonly flagReadEveryMinutes: number;
  /** How long the applications' flag SDKs may take to refresh, in minutes (rounded up): no phase covers that time. */
  readonly sdkRefreshMinutes: number;
  /** Minutes for which a metric may go without an answer before it is called blind. */
  readonly blindGraceMinutes: number;
  /** Whether an event without `hash` is kept apart. */
  readonly requireHash: boolean;
  /** Key of HMAC event hashes; null when only plain SHA-256 hashes are checked. */
  readonly ingestHmacKey: string | null;
  /** Secret from which the repositories' pseudonym keys and the token hashes are derived. */
  readonly secret: string;
  /** Names of sources that are the built-in event store. */
  readonly eventSources: readonly string[];
  /** Name of this process in leases. */
  readonly owner: string;
}

/** Everything a use case may touch. Only main.ts fills it with real adapters. */
export interface Gate {
  readonly store: Store;
  readonly business: BusinessClock;
  readonly real: RealClock;
  readonly flags: FlagControl;
  /** What applications see of a flag, by which an act is known to be published. */
  readonly observer: FlagObserver;
  /** By the name that KPIs give: the sources that are asked. Those that events are sent to are not in it. */
  readonly sources: ReadonlyMap<string, MetricSource>;
  readonly log: Log;
  readonly random: Random;
  readonly options: GateOptions;
}

/**
 * What the activation use case gets on top; nothing else ever receives it, since it is the only port that raises
 * exposure. There is none when this gate service may not activate.
 */
export interface ActivationGate extends Gate {
  readonly activation: FlagActivation;
}
