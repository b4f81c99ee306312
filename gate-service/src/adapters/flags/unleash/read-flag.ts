import type { FlagReading, FlagResult, FlagStrategy } from '../../../ports/flag-control.ts';
import { environmentPath, featurePath } from './allowed-calls.ts';
import {
  type AdminFeature,
  type AdminStrategy,
  adminFeature,
  adminFeatureEnvironment,
  eventSearch,
} from './answers.ts';
import { exposureShare, treatmentHash } from './exposure.ts';
import type { HttpClient } from './http-client.ts';

/** Where the gate's flags live: one project and one environment per configuration. */
export interface FlagPlace {
  readonly project: string;
  readonly environment: string;
}

/**
 * Reads the newest event id *before* the state: an edit between the two then shows as a later event. The
 * other way round it would hide behind an id that already counts it.
 */
export async function readFlag(
  http: HttpClient,
  place: FlagPlace,
  flag: string,
  deadline: AbortSignal,
): Promise<FlagResult<FlagReading>> {
  const query = { feature: `IS:${flag}`, limit: '1' };
  const events = await http.send({ method: 'GET', path: '/api/admin/search/events', query }, eventSearch, deadline);
  if (!events.ok) return events;

  const path = featurePath(place.project, flag);
  const feature = await http.send({ method: 'GET', path }, adminFeature, deadline);
  if (feature.ok) return describe(feature.value, place, events.value.events[0]);
  if (feature.failure.kind !== 'not_found') return feature;
  // The flag exists, but not here: a mistake in the configuration, which must not look like a new flag.
  if (feature.failure.detail.includes("but there's a feature with that name in project")) return feature;
  return missingOrArchived(http, place, flag, deadline);
}

/**
 * An archived flag answers 404 as a feature, yet 200 as an environment of a feature (and may say enabled
 * there: it is served to nobody all the same). Asked for the feature once more, so that a flag that was
 * created between the calls is not taken for an archived one.
 */
async function missingOrArchived(
  http: HttpClient,
  { project, environment }: FlagPlace,
  flag: string,
  deadline: AbortSignal,
): Promise<FlagResult<FlagReading>> {
  const path = environmentPath(project, flag, environment);
  const inEnvironment = await http.send({ method: 'GET', path }, adminFeatureEnvironment, deadline);
  if (!inEnvironment.ok) {
    return inEnvironment.failure.kind === 'not_found' ? { ok: true, value: { kind: 'missing' } } : inEnvironment;
  }
  const again = await http.send({ method: 'GET', path: featurePath(project, flag) }, adminFeature, deadline);
  if (again.ok) return { ok: false, failure: { kind: 'unreadable', detail: `Flag ${flag} appeared while being read` } };
  return again.failure.kind === 'not_found' ? { ok: true, value: { kind: 'archived' } } : again;
}

function describe(
  feature: AdminFeature,
  place: FlagPlace,
  newest: { readonly id: number; readonly createdBy: string } | undefined,
): FlagResult<FlagReading> {
  if (feature.archived) return { ok: true, value: { kind: 'archived' } };
  const environment = feature.environments.find((candidate) => candidate.name === place.environment);
  if (!environment) {
    const known = feature.environments.map((candidate) => candidate.name).join(', ') || 'none';
    const detail = `Flag ${feature.name} has no environment "${place.environment}" in project "${place.project}"; it has: ${known}`;
    return { ok: false, failure: { kind: 'not_found', detail } };
  }
  const strategies = environment.strategies.map(toStrategy);
  return {
    ok: true,
    value: {
      kind: 'present',
      enabled: environment.enabled,
      strategies,
      share: exposureShare(environment.enabled, strategies),
      treatmentHash: treatmentHash(environment.strategies.map(toTreatment)),
      createdAt: feature.createdAt,
      lastEventId: newest?.id ?? 0,
      lastEventBy: newest?.createdBy ?? '',
    },
  };
}

function toStrategy({ id, name, disabled, parameters }: AdminStrategy): FlagStrategy {
  return {
    id,
    name,
    disabled: disabled ?? false,
    rollout: parameters.rollout ?? null,
    stickiness: parameters.stickiness ?? null,
    groupId: parameters.groupId ?? null,
  };
}

function toTreatment({ name, disabled, parameters, constraints, segments, variants }: AdminStrategy) {
  return {
    name,
    disabled: disabled ?? false,
    parameters,
    constraints,
    segments: segments ?? [],
    variants: variants ?? [],
  };
}
