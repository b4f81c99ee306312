import { z } from 'zod';

/** A text that a person reads: in Unicode's composed form, and not only spaces. */
export function textSchema(maxLength: number) {
  const error = `allowed: a text of 1 to ${maxLength} characters`;
  return z.string({ error }).normalize('NFC').max(maxLength, { error }).regex(/\S/, { error });
}

function matching(pattern: RegExp, allowed: string) {
  const error = `allowed: ${allowed}`;
  return z.string({ error }).regex(pattern, { error });
}

/** ASCII only, so that an id is safe as a label, a flag name, a ref and a SQL parameter, and nobody is fooled by look-alikes. */
export const KpiIdSchema = matching(
  /^[a-z][a-z0-9_]{0,62}$/,
  'a-z, 0-9 and _, starting with a letter, at most 63 characters',
);
export const FlagNameSchema = matching(
  /^[A-Za-z0-9][A-Za-z0-9._~-]{0,99}$/,
  'letters, digits and . _ ~ - (URL-safe, at most 100 characters)',
);
export const ChangeIdSchema = matching(
  /^chg-(?:[0-9]{1,10}|push)-[0-9a-f]{10}$/,
  'chg-<pull request or push>-<10 hex digits>',
);
export const CommitShaSchema = matching(/^[0-9a-f]{40}$/, 'a full commit sha of 40 hex digits');
export const RepositorySchema = matching(/^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/, 'owner/name');
export const EventNameSchema = matching(
  /^[A-Za-z][A-Za-z0-9_.:-]{0,99}$/,
  'letters, digits and _ . : -, starting with a letter, at most 100 characters',
);
export const SourceNameSchema = matching(
  /^[a-z][a-z0-9_-]{0,62}$/,
  'a-z, 0-9, _ and -, starting with a letter, at most 63 characters',
);
