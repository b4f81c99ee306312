import type { GateError } from '../contract/gate-error.ts';

/** An error as people read it in a terminal: what failed, and the next step. */
export function errorText({ message, remedy }: GateError): string {
  return `changegate: ${message}\nNext step: ${remedy}\n`;
}
