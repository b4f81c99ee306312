import { z } from 'zod';

/** What started this run, as far as the commands care. */
export type TriggerEvent =
  | {
      readonly kind: 'pull_request';
      readonly number: number;
      readonly headSha: string;
      readonly isFork: boolean;
      readonly isClosed: boolean;
      readonly url: string;
    }
  | {
      readonly kind: 'push';
      readonly branch: string | null;
      /** Null when the branch is new. */
      readonly before: string | null;
      readonly after: string;
      readonly isDeleted: boolean;
    }
  | { readonly kind: 'merge_group'; readonly headSha: string }
  | { readonly kind: 'schedule' | 'workflow_dispatch' }
  | { readonly kind: 'other'; readonly name: string };

export type PullRequestEvent = Extract<TriggerEvent, { kind: 'pull_request' }>;

/** The run: what the runner's environment and the event's payload tell about it. */
export interface Run {
  readonly event: TriggerEvent;
  readonly repository: string;
  readonly sha: string;
  readonly ref: string;
  readonly actor: string;
  readonly runUrl: string;
  /** Null when the payload does not tell, as with a schedule. */
  readonly defaultBranch: string | null;
}

const Sha = z.string().regex(/^[0-9a-f]{40}$/);
const PullRequestPayload = z.object({
  action: z.string(),
  pull_request: z.object({
    number: z.number().int().positive(),
    html_url: z.string(),
    head: z.object({ sha: Sha, repo: z.object({ full_name: z.string() }).nullable() }),
    base: z.object({ repo: z.object({ full_name: z.string() }) }),
  }),
});
const PushPayload = z.object({ ref: z.string(), before: Sha, after: Sha, deleted: z.boolean().default(false) });
const MergeGroupPayload = z.object({ merge_group: z.object({ head_sha: Sha }) });
const RepositoryPayload = z.object({ repository: z.object({ default_branch: z.string().min(1) }) });

const NO_COMMIT = /^0+$/;

/** Reads the payload. An event that is known but does not look as documented counts as `other`: it does nothing. */
export function parseEvent(name: string, payload: unknown): TriggerEvent {
  const other = { kind: 'other', name } as const;
  switch (name) {
    case 'pull_request':
    case 'pull_request_target': {
      const parsed = PullRequestPayload.safeParse(payload);
      return parsed.success ? pullRequest(parsed.data) : other;
    }
    case 'push': {
      const parsed = PushPayload.safeParse(payload);
      return parsed.success ? push(parsed.data) : other;
    }
    case 'merge_group': {
      const parsed = MergeGroupPayload.safeParse(payload);
      return parsed.success ? { kind: 'merge_group', headSha: parsed.data.merge_group.head_sha } : other;
    }
    case 'schedule':
    case 'workflow_dispatch':
      return { kind: name };
    default:
      return other;
  }
}

function pullRequest({ action, pull_request: pull }: z.infer<typeof PullRequestPayload>): TriggerEvent {
  return {
    kind: 'pull_request',
    number: pull.number,
    headSha: pull.head.sha,
    // A fork that was deleted has no repository any more.
    isFork: pull.head.repo?.full_name !== pull.base.repo.full_name,
    isClosed: action === 'closed',
    url: pull.html_url,
  };
}

function push({ ref, before, after, deleted }: z.infer<typeof PushPayload>): TriggerEvent {
  return {
    kind: 'push',
    branch: ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : null,
    before: NO_COMMIT.test(before) ? null : before,
    after,
    isDeleted: deleted,
  };
}

export function defaultBranchOf(payload: unknown): string | null {
  return RepositoryPayload.safeParse(payload).data?.repository.default_branch ?? null;
}
