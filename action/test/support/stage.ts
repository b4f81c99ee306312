import { afterEach, beforeEach, expect } from 'vitest';
import type { StoredComment } from '../fake-github/index.ts';
import { pullRequestEvent, pushEvent, scheduleEvent, workflowDispatchEvent } from '../runner/events.ts';
import { openStage, REPOSITORY, type Stage } from './run-changegate.ts';
import { CONTRACT, CONTRACT_PATH } from './sample-files.ts';

/** The stage of the running test: a fake GitHub, a gate and the Action's bundle. */
export let stage: Stage;

/** Opens a stage before each test of the file and closes it afterwards; GitHub's description must have been kept to. */
export function useStage(): void {
  beforeEach(async () => {
    stage = await openStage();
  });
  afterEach(async () => {
    expect(stage.github.violations).toEqual([]);
    await stage.close();
  });
}

export const file = (path: string, text: string) => ({ path, status: 'added' as const, text });
export const contract = (text = CONTRACT) => file(CONTRACT_PATH, text);

/** Opens pull request 7 and gives the event that its run starts from. */
export function openPullRequest(files = [contract()], fork?: string) {
  const head = { ref: 'short-form', ...(fork === undefined ? {} : { fork }) };
  const pull = stage.github.openPullRequest({ number: 7, title: 'Shorter quote form', head, files });
  return pullRequestEvent(REPOSITORY, { number: 7, head: { ...head, sha: pull.head.sha } });
}

export function merge(method: 'merge' | 'squash' | 'rebase' = 'squash') {
  const before = stage.github.state.branches.get('main')!;
  openPullRequest();
  const after = stage.github.mergePullRequest(7, { method });
  return pushEvent(REPOSITORY, { before, after });
}

export const commentsOf = (kind: string): StoredComment[] =>
  stage.github.state.comments.filter(({ body }) => body.startsWith(`<!-- changegate:v1 kind=${kind}`));
export const checks = () => stage.github.state.checkRuns;
export const posts = () => stage.github.requests.filter(({ method }) => method !== 'GET');
export const schedule = () => scheduleEvent(REPOSITORY, { sha: stage.github.state.branches.get('main')! });
export const dispatch = () => workflowDispatchEvent(REPOSITORY, { sha: stage.github.state.branches.get('main')! });
