import { readFileSync } from 'node:fs';

/**
 * Largest resident set of this process, in bytes. Not from getrusage on Linux: what that says starts with the size of
 * the parent process, which the kernel counts as the child's own until it executes.
 */
export function peakRssBytes(): number {
  const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
  return Number(kib) * 1024;
}
