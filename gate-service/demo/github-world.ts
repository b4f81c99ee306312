import { fileURLToPath } from 'node:url';
import { createFakeGitHub, type FakeGitHub } from '../../action/test/fake-github/index.ts';
import { pullRequestEvent, pushEvent, type RunnerEvent, scheduleEvent } from '../../action/test/runner/events.ts';
import { type ActionRun, runAction } from '../../action/test/runner/index.ts';
import { GateError } from '../src/contract/gate-error.ts';
import type { DrivenClock } from './driven-clock.ts';
import { REGISTRY, type Story } from './stories.ts';

const OWNER = 'sparky-electric';
const REPO = 'website';
export const REPOSITORY = `${OWNER}/${REPO}`;
const TOKEN = 'ghs_demo_installation_token';
const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export interface GateAccess {
  readonly url: string;
  readonly token: string;
  readonly activateToken: string;
}

export interface PostedComment {
  readonly pullRequest: number;
  readonly body: string;
}

/** GitHub as the demo needs it, and the runner that starts the real Action bundle for each event. */
export class GitHubWorld {
  readonly fake: FakeGitHub;
  readonly #gate: GateAccess;
  readonly #mergeShas = new Map<number, string>();

  private constructor(fake: FakeGitHub, gate: GateAccess) {
    this.fake = fake;
    this.#gate = gate;
  }

  static async open(clock: DrivenClock, gate: GateAccess): Promise<GitHubWorld> {
    const fake = createFakeGitHub({
      owner: OWNER,
      repo: REPO,
      defaultBranch: 'main',
      now: () => new Date(clock.now()),
    });
    await fake.start();
    fake.registerToken(TOKEN, {
      permissions: {
        contents: 'read',
        'pull-requests': 'write',
        issues: 'write',
        checks: 'write',
        deployments: 'write',
      },
    });
    fake.addFile('main', '.changegate/kpis.yml', REGISTRY);
    return new GitHubWorld(fake, gate);
  }

  /** Opens the story's pull request and runs the Action on it. */
  async forecast(story: Story): Promise<ActionRun> {
    const headSha = this.fake.openPullRequest({
      number: story.pullRequest,
      title: story.title,
      head: { ref: story.slug },
      files: [{ path: contractPath(story), status: 'added', text: story.contract }],
    }).head.sha;
    return this.#run(
      pullRequestEvent(
        { owner: OWNER, repo: REPO },
        { number: story.pullRequest, title: story.title, head: { sha: headSha, ref: story.slug } },
      ),
      {},
    );
  }

  /** Merges the pull request and runs the Action on the push. */
  async stamp(story: Story): Promise<ActionRun> {
    const before = this.#tip();
    const after = this.fake.mergePullRequest(story.pullRequest);
    this.#mergeShas.set(story.pullRequest, after);
    return this.#run(pushEvent({ owner: OWNER, repo: REPO }, { before, after }), {});
  }

  /** The deploy job's last step: turn the flag on. */
  async activate(story: Story, changeId: string): Promise<ActionRun> {
    const sha = this.#mergeShas.get(story.pullRequest)!;
    return this.#run(pushEvent({ owner: OWNER, repo: REPO }, { before: sha, after: sha }), {
      command: 'activate',
      'change-id': changeId,
    });
  }

  /** The scheduled run: progress, interventions, verdicts that are due. */
  async schedule(): Promise<ActionRun> {
    return this.#run(scheduleEvent({ owner: OWNER, repo: REPO }, { sha: this.#tip() }), {});
  }

  /** Comments of one pull request, oldest first. */
  comments(pullRequest: number): readonly PostedComment[] {
    return [...this.fake.state.comments.values()]
      .filter((comment) => comment.issueNumber === pullRequest)
      .map(({ body }) => ({ pullRequest, body }));
  }

  close(): Promise<void> {
    return this.fake.close();
  }

  #tip(): string {
    return this.fake.state.branches.get('main')!;
  }

  async #run(event: RunnerEvent, inputs: Record<string, string>): Promise<ActionRun> {
    const run = await runAction({
      ...event,
      bundle: at('action/dist/index.js'),
      actionYml: at('action.yml'),
      repository: REPOSITORY,
      apiUrl: this.fake.url,
      token: TOKEN,
      inputs: {
        'gate-url': this.#gate.url,
        'gate-token': this.#gate.token,
        'activate-token': this.#gate.activateToken,
        ...inputs,
      },
    });
    if (run.exitCode === 0 && this.fake.violations.length === 0) return run;
    throw new GateError(
      'internal',
      `The Action ended with ${run.exitCode}:\n${run.log}\n${JSON.stringify(this.fake.violations)}`,
      'Build the bundle again: npm run build',
    );
  }
}

export function contractPath(story: Story): string {
  return `.changegate/changes/${story.slug}.yml`;
}
