import { z } from 'zod';
import type { Finding } from '../contract/finding.ts';
import { renderFindingsForTerminal } from '../contract/format-findings.ts';
import type { GateError } from '../contract/gate-error.ts';

/** Findings as an error carries them, its own or a gate service's. */
const FindingsSchema: z.ZodType<readonly Finding[]> = z.array(
  z.object({
    file: z.string(),
    line: z.number(),
    column: z.number(),
    path: z.string(),
    severity: z.enum(['error', 'warning']),
    code: z.string(),
    message: z.string(),
    found: z.string(),
    allowed: z.string(),
    remedy: z.string(),
  }),
);

/** An error as people read it in a terminal: what failed, and the next step; of files with errors, every finding. */
export function errorText({ message, remedy, context }: GateError): string {
  const { data: findings } = FindingsSchema.safeParse(context.findings);
  if (findings === undefined || findings.length === 0) return `changegate: ${message}\nNext step: ${remedy}\n`;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const what = errors > 0 ? `The files have ${errors} ${errors === 1 ? 'error' : 'errors'}.` : message;
  return `changegate: ${what}\n\n${renderFindingsForTerminal(findings, { color: false })}\nNext step: ${remedy}\n`;
}
