import { GateError } from '../../../contract/gate-error.ts';

/** A call that an adapter may make: `*` in the path stands for exactly one segment. */
export interface AllowedCall {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
}

const CLIENT_FEATURES = '/api/client/features';

/** Reads that both the watch and activation need. */
function reads(project: string, environment: string): readonly AllowedCall[] {
  return [
    { method: 'GET', path: '/api/admin/search/events' },
    { method: 'GET', path: `${featuresPath(project)}/*` },
    { method: 'GET', path: environmentPath(project, '*', environment) },
  ];
}

/** All that the watch may call. No entry can raise exposure, except a PATCH: `lowerRollout` checks that one. */
export function watchCalls(project: string, environment: string): readonly AllowedCall[] {
  return [
    ...reads(project, environment),
    { method: 'POST', path: `${environmentPath(project, '*', environment)}/off` },
    { method: 'PATCH', path: `${environmentPath(project, '*', environment)}/strategies/*` },
  ];
}

/** All that activation may call. */
export function activationCalls(project: string, environment: string): readonly AllowedCall[] {
  return [
    ...reads(project, environment),
    { method: 'POST', path: featuresPath(project) },
    { method: 'POST', path: `${environmentPath(project, '*', environment)}/strategies` },
    { method: 'POST', path: `${environmentPath(project, '*', environment)}/on` },
  ];
}

/** All that the observer may call. */
export function observerCalls(): readonly AllowedCall[] {
  return [{ method: 'GET', path: `${CLIENT_FEATURES}/*` }];
}

export function clientFeaturePath(flag: string): string {
  return `${CLIENT_FEATURES}/${flag}`;
}

export function featuresPath(project: string): string {
  return `/api/admin/projects/${project}/features`;
}

export function featurePath(project: string, flag: string): string {
  return `${featuresPath(project)}/${flag}`;
}

export function environmentPath(project: string, flag: string, environment: string): string {
  return `${featurePath(project, flag)}/environments/${environment}`;
}

/**
 * Unleash's own alphabet for names. Nothing else may appear in a path: an encoded slash or a dot segment
 * could become another call behind a proxy that normalises paths.
 */
const SEGMENT = /^[A-Za-z0-9._~-]+$/;

/**
 * @throws GateError `internal` when no entry of the list allows the call: a mistake of ours, or a name that
 *         is not one of the flag service
 */
export function assertAllowed(allowed: readonly AllowedCall[], method: string, path: string): void {
  const segments = path.split('/').slice(1);
  const safe = segments.every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..');
  if (safe && allowed.some((call) => call.method === method && matches(call.path, segments))) return;
  throw new GateError(
    'internal',
    `The call ${method} ${path} is not on the list of calls that this part of the gate may make to the flag service.`,
    'Check the names of the flag, the project and the environment: letters, digits, ".", "_", "~" and "-" are allowed.',
    { context: { method, path } },
  );
}

function matches(template: string, segments: readonly string[]): boolean {
  const expected = template.split('/').slice(1);
  return (
    expected.length === segments.length && expected.every((segment, at) => segment === '*' || segment === segments[at])
  );
}
