/**
 * Shapes of credentials that people paste by mistake. Each starts where no letter or digit stands before it,
 * and every repetition is bounded or of one class, so that matching is linear.
 */
const SHAPES: readonly (readonly [kind: string, shape: string])[] = [
  ['a GitHub token', 'gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}'],
  ['a GitLab token', 'glpat-[A-Za-z0-9_-]{16,}'],
  ['an AWS access key', '(?:AKIA|ASIA)[A-Z0-9]{16}'],
  ['a Slack token', 'xox[abeoprs]-[A-Za-z0-9-]{10,}'],
  ['a Slack webhook', 'hooks\\.slack\\.com/services/[A-Za-z0-9/]{16,}'],
  ['a Stripe key', '[sr]k_(?:live|test)_[A-Za-z0-9]{8,}'],
  ['a Google API key', 'AIza[A-Za-z0-9_-]{30,}'],
  ['an npm token', 'npm_[A-Za-z0-9]{30,}'],
  ['an API key', 'sk-(?:ant|proj|svcacct|or)-[A-Za-z0-9_-]{16,}|sk-[A-Za-z0-9]{32,}'],
  ['a JSON web token', 'eyJ[A-Za-z0-9_-]{8,1000}\\.[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*)?'],
  ['an Unleash API token', '(?:\\*|[A-Za-z0-9_-]{1,100}):[A-Za-z0-9_-]{1,100}\\.[A-Fa-f0-9]{40,}'],
  ['a URL with a password', '[a-z][a-z0-9+.-]{1,20}://[^\\s/:@]{0,100}:[^\\s/@]{1,200}@'],
  ['a private key', '-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY'],
];

const PATTERNS = SHAPES.map(([kind, shape]) => ({ kind, pattern: new RegExp(`(?<![A-Za-z0-9])(?:${shape})`, 'g') }));
/** A private key runs over many lines: everything after its head is hidden. */
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY[\s\S]*/;
const HIDDEN = '(hidden)';

export interface FoundSecret {
  readonly kind: string;
  readonly offset: number;
}

/** Finds texts that look like credentials. The answer never holds the credential itself. */
export function findSecrets(text: string): FoundSecret[] {
  return PATTERNS.flatMap(({ kind, pattern }) =>
    Array.from(text.matchAll(pattern), (match) => ({ kind, offset: match.index })),
  ).sort((a, b) => a.offset - b.offset);
}

/** The text with every credential replaced by "(hidden)". */
export function maskSecrets(text: string): string {
  return PATTERNS.reduce(
    (masked, { pattern }) => masked.replaceAll(pattern, HIDDEN),
    text.replace(PRIVATE_KEY, HIDDEN),
  );
}
