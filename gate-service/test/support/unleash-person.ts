import { GateError } from '../../src/contract/gate-error.ts';

/** A strategy that a person adds by hand. */
export interface PersonStrategy {
  readonly name?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly constraints?: readonly unknown[];
  readonly disabled?: boolean;
}

/** What people do to flags in the flag service's own user interface, next to the gate. */
export interface Person {
  createFlag(flag: string): Promise<void>;
  /** @returns the id of the new strategy */
  addStrategy(flag: string, strategy: PersonStrategy): Promise<string>;
  setRollout(flag: string, strategyId: string, percent: string): Promise<void>;
  setConstraints(flag: string, strategyId: string, constraints: readonly unknown[]): Promise<void>;
  turnOn(flag: string): Promise<void>;
  turnOff(flag: string): Promise<void>;
  archive(flag: string): Promise<void>;
  /** Deletes an archived flag for good; its name is free again. */
  remove(flag: string): Promise<void>;
}

export interface PersonOptions {
  readonly url: string;
  /** Personal access token of an editor, or an admin token. */
  readonly token: string;
  readonly project?: string;
  readonly environment?: string;
}

/** A person with an account on a real Unleash server. Every refusal is an error. */
export function createUnleashPerson(options: PersonOptions): Person {
  const features = `/api/admin/projects/${options.project ?? 'default'}/features`;
  const environment = (flag: string) => `${features}/${flag}/environments/${options.environment ?? 'development'}`;
  const call = async (method: string, path: string, body?: unknown): Promise<string> => {
    const answer = await fetch(options.url + path, {
      method,
      headers: { authorization: options.token, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.ok) return text;
    throw new GateError(
      'flag_service',
      `${method} ${path} answered ${answer.status}: ${text}`,
      'Read the answer above.',
    );
  };
  const patch = (flag: string, strategyId: string, path: string, value: unknown) =>
    call('PATCH', `${environment(flag)}/strategies/${strategyId}`, [{ op: 'replace', path, value }]);
  return {
    async createFlag(flag) {
      await call('POST', features, { name: flag, type: 'release' });
    },
    async addStrategy(flag, strategy) {
      const parameters = { rollout: '100', stickiness: 'default', groupId: flag };
      const body = { name: 'flexibleRollout', parameters, ...strategy };
      const created: { id: string } = JSON.parse(await call('POST', `${environment(flag)}/strategies`, body));
      return created.id;
    },
    async setRollout(flag, strategyId, percent) {
      await patch(flag, strategyId, '/parameters/rollout', percent);
    },
    async setConstraints(flag, strategyId, constraints) {
      await patch(flag, strategyId, '/constraints', constraints);
    },
    async turnOn(flag) {
      await call('POST', `${environment(flag)}/on`);
    },
    async turnOff(flag) {
      await call('POST', `${environment(flag)}/off`);
    },
    async archive(flag) {
      await call('DELETE', `${features}/${flag}`);
    },
    async remove(flag) {
      await call('DELETE', `/api/admin/archive/${flag}`);
    },
  };
}
