import type { z } from 'zod';
import { GateError } from '../../contract/gate-error.ts';
import type { BusinessClock } from '../../ports/clock.ts';
import type { MetricSource } from '../../ports/metric-source.ts';
import { FilesSourceSchema } from './files/config.ts';
import { createFilesSource } from './files/files-source.ts';
import { PostgresSourceSchema } from './postgres/config.ts';
import { createPostgresSource } from './postgres/postgres-source.ts';
import { PrometheusSourceSchema } from './prometheus/config.ts';
import { createPrometheusSource } from './prometheus/prometheus-source.ts';

interface SourceKind {
  readonly schema: z.ZodType;
  readonly secrets: readonly string[];
  create(
    name: string,
    settings: unknown,
    secrets: Readonly<Record<string, string>>,
    clock: BusinessClock,
  ): MetricSource;
}

/** Every kind of source that is asked, by its `type` in the configuration file; one folder here each. */
export const SOURCE_KINDS: Readonly<Record<string, SourceKind>> = {
  prometheus: kindOf(PrometheusSourceSchema, ['TOKEN', 'USERNAME', 'PASSWORD'], (name, settings, secrets, clock) => {
    for (const secret of { none: [], bearer: ['TOKEN'], basic: ['USERNAME', 'PASSWORD'] }[settings.auth])
      if (secrets[secret.toLowerCase()] === undefined) throw noSecret(name, secret);
    return createPrometheusSource(settings, secrets, { now: () => clock.now() });
  }),
  postgres: kindOf(PostgresSourceSchema, ['PASSWORD'], (name, settings, { password }, clock) => {
    if (password === undefined) throw noSecret(name, 'PASSWORD');
    return createPostgresSource(name, settings, { password }, { clock });
  }),
  files: kindOf(FilesSourceSchema, [], (name, settings, _, clock) =>
    createFilesSource(name, settings, { now: () => clock.now() }),
  ),
};

/** Opens what was configured, by name. @throws GateError invalid_config, when a secret is missing */
export function openSources(
  configured: readonly {
    readonly name: string;
    readonly type: string;
    readonly settings: unknown;
    readonly secrets: Readonly<Record<string, string>>;
  }[],
  clock: BusinessClock,
): ReadonlyMap<string, MetricSource> {
  return new Map(
    configured.map(({ name, type, settings, secrets }) => [
      name,
      SOURCE_KINDS[type]!.create(name, settings, secrets, clock),
    ]),
  );
}

function kindOf<Schema extends z.ZodType>(
  schema: Schema,
  secrets: readonly string[],
  create: (
    name: string,
    settings: z.output<Schema>,
    secrets: Readonly<Record<string, string>>,
    clock: BusinessClock,
  ) => MetricSource,
): SourceKind {
  return {
    schema,
    secrets,
    // What the configuration holds came from this very schema.
    create: (name, settings, found, clock) => create(name, settings as z.output<Schema>, found, clock),
  };
}

function noSecret(name: string, secret: string): GateError {
  const variable = `SOURCE_${name.toUpperCase().replaceAll('-', '_')}_${secret}`;
  return new GateError(
    'invalid_config',
    `The source ${name} has no ${secret.toLowerCase()}.`,
    `Set ${variable}, or ${variable}_FILE.`,
  );
}
