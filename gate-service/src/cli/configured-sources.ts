import type { MetricSource } from '../ports/metric-source.ts';

/** The sources of the gate service's own configuration, opened by a command. */
export interface ConfiguredSources {
  /** Names of those that events are sent to. */
  readonly eventSources: readonly string[];
  /** Those that are asked, by name. */
  readonly sources: ReadonlyMap<string, MetricSource>;
}

export async function closeSources({ sources }: ConfiguredSources): Promise<void> {
  await Promise.all([...sources.values()].map((source) => source.close()));
}
