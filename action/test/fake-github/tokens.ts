import { Refusal } from './refusal.ts';
import { type Actor, GITHUB_ACTIONS } from './state.ts';

export type Access = 'read' | 'write' | 'none';

/** Keys as in a workflow's `permissions:`. */
export type Permissions = Partial<
  Record<'actions' | 'checks' | 'contents' | 'deployments' | 'issues' | 'pull-requests', Access>
>;

export interface Token {
  permissions: Permissions;
  actor: Actor;
}

export type TokenSeed = { permissions: Permissions; actor?: Actor };

type Grant = [keyof Permissions, 'read' | 'write'];

/** Alternatives of which one suffices. An operation that is not listed needs only the metadata every token may read. */
const NEEDED: Record<string, Grant[]> = {
  'repos/get-content': [['contents', 'read']],
  'repos/get-commit': [['contents', 'read']],
  'repos/compare-commits-with-basehead': [['contents', 'read']],
  'repos/list-pull-requests-associated-with-commit': [['pull-requests', 'read']],
  'pulls/get': [['pull-requests', 'read']],
  'pulls/list-files': [['pull-requests', 'read']],
  'issues/list-for-repo': [['issues', 'read']],
  'issues/create': [['issues', 'write']],
  'issues/list-comments': [
    ['issues', 'read'],
    ['pull-requests', 'read'],
  ],
  'issues/get-comment': [
    ['issues', 'read'],
    ['pull-requests', 'read'],
  ],
  'issues/create-comment': [
    ['issues', 'write'],
    ['pull-requests', 'write'],
  ],
  'issues/update-comment': [
    ['issues', 'write'],
    ['pull-requests', 'write'],
  ],
  'issues/delete-comment': [
    ['issues', 'write'],
    ['pull-requests', 'write'],
  ],
  'checks/create': [['checks', 'write']],
  'checks/update': [['checks', 'write']],
  'checks/get': [['checks', 'read']],
  'checks/list-for-ref': [['checks', 'read']],
  'repos/list-deployments': [['deployments', 'read']],
  'repos/get-deployment': [['deployments', 'read']],
  'repos/create-deployment': [['deployments', 'write']],
  'repos/list-deployment-statuses': [['deployments', 'read']],
  'repos/create-deployment-status': [['deployments', 'write']],
  'actions/create-workflow-dispatch': [['actions', 'write']],
};

export class Tokens {
  readonly #tokens = new Map<string, Token>();

  register(token: string, seed: TokenSeed): void {
    this.#tokens.set(token, { permissions: seed.permissions, actor: seed.actor ?? GITHUB_ACTIONS });
  }

  /** @throws Refusal 401 as GitHub answers a missing or unknown token */
  authenticate(authorization: string | undefined): Token {
    if (authorization === undefined) throw new Refusal(401, 'Requires authentication');
    const token = this.#tokens.get(authorization.replace(/^(token|bearer) /i, ''));
    if (token === undefined) throw new Refusal(401, 'Bad credentials');
    return token;
  }
}

/** @throws Refusal 403 in the words of GitHub, with the header that names the permission which would have done */
export function checkPermission(token: Token, operationId: string): void {
  const needed = NEEDED[operationId] ?? [];
  const isGranted = needed.some(([scope, access]) => {
    const granted = token.permissions[scope];
    return granted === 'write' || granted === access;
  });
  if (needed.length > 0 && !isGranted) {
    const accepted = needed.map(([scope, access]) => `${scope.replace('-', '_')}=${access}`).join('; ');
    throw new Refusal(403, 'Resource not accessible by integration', {
      headers: { 'x-accepted-github-permissions': accepted },
    });
  }
  if (/^checks\/(create|update)$/.test(operationId) && token.actor.app === undefined) {
    throw new Refusal(403, 'You must authenticate via a GitHub App.');
  }
}
