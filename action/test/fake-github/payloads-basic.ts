import { completeFromSchema } from './complete-from-schema.ts';
import { namedSchema } from './description.ts';
import { userActor } from './git.ts';
import type { Actor, GitHubState } from './state.ts';

export type Json = Record<string, unknown>;

const WEB = 'https://github.com';

/** The parts that other payloads are made of: people, apps, repositories. */
export function createBasicPayloads(state: GitHubState, apiUrl: () => string) {
  const api = () => `${apiUrl()}/repos/${state.owner}/${state.repo}`;
  const web = `${WEB}/${state.owner}/${state.repo}`;
  const nodeId = (kind: string, id: number | string) => `${kind}_${id}`;
  const complete = (schema: string, given: Json): Json =>
    completeFromSchema(namedSchema(schema), given, `${api()}/unused`) as Json;

  const user = (actor: Actor): Json => {
    const { login, id, type } = actor;
    const html_url = actor.app === undefined ? `${WEB}/${login}` : `${WEB}/apps/${actor.app.slug}`;
    const url = `${apiUrl()}/users/${encodeURIComponent(login)}`;
    return complete('simple-user', { login, id, type, node_id: nodeId('U', id), html_url, url, site_admin: false });
  };

  const app = (actor: Actor): Json | null =>
    actor.app === undefined
      ? null
      : complete('nullable-integration', {
          ...actor.app,
          node_id: nodeId('A', actor.app.id),
          owner: user({ login: 'github', id: 9919, type: 'User' }),
          html_url: `${WEB}/apps/${actor.app.slug}`,
          permissions: {},
          events: [],
        });

  const repository = (fullName = `${state.owner}/${state.repo}`, schema = 'repository'): Json => {
    const [owner = '', name = ''] = fullName.split('/');
    const isOurs = fullName === `${state.owner}/${state.repo}`;
    const ownerActor = isOurs ? { ...userActor(owner), id: state.ownerId } : userActor(owner);
    const id = isOurs ? state.repositoryId : userActor(fullName).id;
    return complete(schema, {
      id,
      node_id: nodeId('R', id),
      name,
      full_name: fullName,
      owner: user(ownerActor),
      private: true,
      fork: !isOurs,
      html_url: `${WEB}/${fullName}`,
      url: `${apiUrl()}/repos/${fullName}`,
      default_branch: state.defaultBranch,
      visibility: 'private',
    });
  };

  return { api, web, nodeId, complete, user, app, repository };
}
