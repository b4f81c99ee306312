import { relative } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startUnleash, type UnleashReady } from './unleash.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The real server of this run; null when it cannot run here, and then its suites skip themselves. */
    unleash: (UnleashReady & { readonly pid: number }) | null;
  }
}

/** Environment of the shared server that only change requests may change. */
export const PROTECTED_ENVIRONMENT = 'production';

/** Starts the real server once for all suites that need it. In CI it must run; elsewhere its absence is said. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  try {
    const { stop, ...unleash } = await startUnleash({ changeRequestsIn: PROTECTED_ENVIRONMENT });
    project.provide('unleash', unleash);
    return stop;
  } catch (error) {
    if (process.env.CI) throw error;
    const { testFiles } = await project.globTestFiles();
    const names = testFiles.map((file) => `  ${relative(process.cwd(), file)}`).join('\n');
    console.warn(`\nNOT TESTED against the real Unleash server. ${String(error)}\nSkipped:\n${names}\n`);
    project.provide('unleash', null);
    return undefined;
  }
}
