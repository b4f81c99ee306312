import { fileURLToPath } from 'node:url';
import { createFakeGitHub, type FakeGitHub, type Permissions } from '../fake-github/index.ts';
import type { RunnerEvent } from '../runner/events.ts';
import { type ActionRun, runAction } from '../runner/index.ts';
import { REGISTRY, REGISTRY_PATH } from './sample-files.ts';
import { type StubGate, startStubGate, TOKENS } from './stub-gate.ts';

export const REPOSITORY = { owner: 'sparky', repo: 'booking' } as const;
export const GITHUB_TOKEN = 'ghs_test_token';
export const BUNDLE = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
export const ACTION_YML = fileURLToPath(new URL('../../../action.yml', import.meta.url));

/** What the documented workflow grants. */
export const PERMISSIONS: Permissions = {
  contents: 'read',
  'pull-requests': 'write',
  checks: 'write',
  deployments: 'write',
};

export interface Stage {
  readonly github: FakeGitHub;
  readonly gate: StubGate;
  run(
    event: RunnerEvent,
    inputs?: Record<string, string>,
    extra?: { env?: Record<string, string>; runId?: number; apiUrl?: string },
  ): Promise<ActionRun>;
  close(): Promise<void>;
}

/** A repository with a KPI registry on GitHub's fake, and a gate beside it. */
export async function openStage(options: { registry?: string | null; permissions?: Permissions } = {}): Promise<Stage> {
  const github = createFakeGitHub(REPOSITORY);
  github.registerToken(GITHUB_TOKEN, { permissions: options.permissions ?? PERMISSIONS });
  const registry = options.registry === undefined ? REGISTRY : options.registry;
  if (registry !== null) github.addFile('main', REGISTRY_PATH, registry);
  const gate = await startStubGate();
  await github.start();
  return {
    github,
    gate,
    run: (event, inputs = {}, extra = {}) =>
      runAction({
        bundle: BUNDLE,
        actionYml: ACTION_YML,
        apiUrl: github.url,
        token: GITHUB_TOKEN,
        ...event,
        ...extra,
        inputs: { 'gate-url': gate.url, 'gate-token': TOKENS.gate, ...inputs },
      }),
    async close() {
      await Promise.all([github.close(), gate.close()]);
    },
  };
}
