/**
 * A stateful fake of the part of GitHub's REST API that Changegate uses, over real HTTP on 127.0.0.1.
 * Requests and its own answers are checked against GitHub's official description (github-openapi.generated.json).
 * It is stricter than GitHub where that finds bugs: an unknown key in a body is refused, the repository is private,
 * and a deployment without `required_contexts` is always a conflict.
 */
import { loadDescription } from './description.ts';
import type { Violation, World } from './dispatch.ts';
import type { Fault } from './faults.ts';
import { createPayloads } from './payloads.ts';
import { createSeed, type Seed } from './seed.ts';
import { BASE_PATH, createGitHubServer, type LoggedRequest, listen } from './server.ts';
import { createState, type GitHubState, type RepositoryIdentity } from './state.ts';
import { type TokenSeed, Tokens } from './tokens.ts';

export interface FakeGitHubOptions extends RepositoryIdentity {
  /** The clock of every timestamp and of `hideNewCommentsForMs`. */
  now?: () => Date;
}

export interface FakeGitHub extends Seed {
  /** GITHUB_API_URL: with the base path, known once started. */
  readonly url: string;
  readonly state: GitHubState;
  /** Every request, in order of arrival. */
  readonly requests: LoggedRequest[];
  /** Push a fault to script it; each leaves the list when it has hit its number of times. */
  readonly faults: Fault[];
  /** Must be empty at the end of a test. */
  readonly violations: Violation[];
  registerToken(token: string, seed: TokenSeed): void;
  start(): Promise<void>;
  close(): Promise<void>;
}

export function createFakeGitHub(options: FakeGitHubOptions): FakeGitHub {
  const now = options.now ?? (() => new Date());
  const state = createState(options);
  const seed = createSeed(state, now);
  seed.addCommit({ message: 'Initial commit' });
  const tokens = new Tokens();
  const requests: LoggedRequest[] = [];
  const faults: Fault[] = [];
  const violations: Violation[] = [];
  let url = '';
  const payloads = createPayloads(state, () => url);
  const world = async (): Promise<World> => ({
    backend: await loadDescription(),
    state,
    payloads,
    tokens,
    violations,
    now,
  });
  const server = createGitHubServer({ world, requests, faults, baseUrl: () => url });
  return {
    ...seed,
    get url() {
      return url;
    },
    state,
    requests,
    faults,
    violations,
    registerToken: (token, tokenSeed) => tokens.register(token, tokenSeed),
    async start() {
      await loadDescription();
      url = `http://127.0.0.1:${await listen(server)}${BASE_PATH}`;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

export type { Violation } from './dispatch.ts';
export type { Fault } from './faults.ts';
export type { CommitSeed, MergeSeed, PullRequestSeed } from './seed.ts';
export type { LoggedRequest } from './server.ts';
export * from './state.ts';
export type { Permissions, TokenSeed } from './tokens.ts';
