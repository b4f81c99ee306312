import type { z } from 'zod';
import { nearest } from '../contract/nearest.ts';

/** A kind of source that is asked: what it needs in the file, and which secrets it may have. */
export interface SourceKind {
  /** Of the whole entry, its `type` included. */
  readonly schema: z.ZodType;
  /** Such as PASSWORD: it comes from the variable SOURCE_<NAME>_PASSWORD. None is needed by itself. */
  readonly secrets: readonly string[];
}
export type SourceKinds = Readonly<Record<string, SourceKind>>;

/** One source that is asked, as it was configured. */
export interface SourceSettings {
  readonly name: string;
  readonly type: string;
  /** As its kind's schema gives it. */
  readonly settings: unknown;
  /** By the kind's own names, in lower case; those that are not set are absent. */
  readonly secrets: Readonly<Record<string, string>>;
}

export const EVENTS_TYPE = 'events';
/** What a KPI registry can name. */
const NAME = /^[a-z][a-z0-9_-]{0,62}$/;

/**
 * Reads the `sources` of the configuration file: events are sent to those of type `events`, the others are asked.
 * @param secretsOf reads variables of the environment; those that are not set are absent
 */
export function readSources(
  sources: Readonly<Record<string, unknown>>,
  kinds: SourceKinds,
  secretsOf: (names: readonly string[]) => Readonly<Record<string, string>>,
): {
  readonly eventSources: readonly string[];
  readonly sources: readonly SourceSettings[];
  readonly problems: readonly string[];
} {
  const eventSources: string[] = [];
  const asked: SourceSettings[] = [];
  const problems: string[] = [];
  const types = [EVENTS_TYPE, ...Object.keys(kinds)];
  const prefixes = new Map<string, string>();
  for (const [name, entry] of Object.entries(sources)) {
    const at = `sources.${name}`;
    if (!NAME.test(name)) {
      problems.push(`${at}: allowed: a name of small letters, digits, - and _, such as web`);
      continue;
    }
    const type = typeOf(entry);
    const kind = type === null || !Object.hasOwn(kinds, type) ? null : kinds[type]!;
    if (type === EVENTS_TYPE) {
      const others = Object.keys(entry as object).filter((key) => key !== 'type');
      if (others.length > 0) problems.push(`${at}: Unrecognized key: "${others[0]}"`);
      eventSources.push(name);
    } else if (type === null || !kind) {
      const meant = type === null ? null : nearest(type, types);
      problems.push(`${at}.type: allowed: ${types.join(', ')}${meant === null ? '' : `; did you mean ${meant}?`}`);
    } else {
      const prefix = `SOURCE_${name.toUpperCase().replaceAll('-', '_')}_`;
      const other = prefixes.get(prefix);
      if (other !== undefined) problems.push(`${at}: its secrets would be those of ${other}; name it otherwise`);
      prefixes.set(prefix, name);
      const parsed = kind.schema.safeParse(entry);
      for (const { path, message } of parsed.error?.issues ?? []) {
        problems.push(`${[at, ...path.map(String)].join('.')}: ${message}`);
      }
      const found = secretsOf(kind.secrets.map((secret) => prefix + secret));
      const secrets = kind.secrets.flatMap((secret) => {
        const value = found[prefix + secret];
        return value === undefined ? [] : [[secret.toLowerCase(), value] as const];
      });
      asked.push({ name, type, settings: parsed.data, secrets: Object.fromEntries(secrets) });
    }
  }
  return { eventSources, sources: asked, problems };
}

function typeOf(entry: unknown): string | null {
  const type = typeof entry === 'object' && entry !== null && 'type' in entry ? entry.type : null;
  return typeof type === 'string' ? type : null;
}
