import { defineConfig } from 'vitest/config';

/**
 * Three projects by what a test needs. `unit` runs in parallel and starts nothing; `end-to-end` starts
 * the Action bundle or the gate service as a process; `real` needs the real Unleash server, which
 * gate-service/test/support/unleash-global.ts starts once for all of them.
 */
export default defineConfig({
  test: {
    reporters: [
      'default',
      ...(process.env.GITHUB_ACTIONS ? ['github-actions'] : []),
      './gate-service/test/support/plain-summary-reporter.ts',
    ],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['action/**/*.test.ts', 'gate-service/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.e2e.test.ts', '**/*.real.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'end-to-end',
          include: ['action/**/*.e2e.test.ts', 'gate-service/**/*.e2e.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'real',
          include: ['gate-service/**/*.real.test.ts'],
          exclude: ['**/node_modules/**'],
          globalSetup: ['gate-service/test/support/unleash-global.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
