import { z } from 'zod';

/** ASCII only, so that an id is safe as a label, a flag name, a ref and a SQL parameter, and nobody is fooled by look-alikes. */
export const KpiIdSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, { error: 'allowed: a-z, 0-9 and _, starting with a letter, at most 63 characters' });
export const FlagNameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,99}$/, {
  error: 'allowed: letters, digits and . _ ~ - (URL-safe, at most 100 characters)',
});
export const ChangeIdSchema = z
  .string()
  .regex(/^chg-(?:[0-9]{1,10}|push)-[0-9a-f]{10}$/, { error: 'allowed: chg-<pull request or push>-<10 hex digits>' });
export const CommitShaSchema = z.string().regex(/^[0-9a-f]{40}$/, { error: 'allowed: a full commit sha of 40 hex digits' });
export const RepositorySchema = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/, { error: 'allowed: owner/name' });
export const EventNameSchema = z.string().regex(/^[A-Za-z][A-Za-z0-9_.:-]{0,99}$/, {
  error: 'allowed: letters, digits and _ . : -, starting with a letter, at most 100 characters',
});
export const SourceNameSchema = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, {
  error: 'allowed: a-z, 0-9, _ and -, starting with a letter, at most 63 characters',
});
