import type { Reporter, TestModule } from 'vitest/node';

type Modules = Parameters<NonNullable<Reporter['onTestRunEnd']>>[0];
type UnhandledErrors = Parameters<NonNullable<Reporter['onTestRunEnd']>>[1];

export interface PlainSummary {
  readonly passed: number;
  readonly failed: number;
  /** Full names of what did not run, with their file. */
  readonly skipped: readonly string[];
}

/** Where the reporter writes and how it makes the run fail; a test hands in its own. */
export interface SummaryProcess {
  readonly inCi: boolean;
  readonly write: (text: string) => void;
  readonly fail: () => void;
  /** Runs its argument when nothing else will be written any more. */
  readonly atExit: (last: () => void) => void;
}

/**
 * Counts a run. A test that never finished, a file or suite that broke outside its tests and an error that nobody caught
 * each count as one failure: no run without evidence looks green.
 */
export function countTests(modules: Modules, unhandledErrors: UnhandledErrors): PlainSummary {
  let passed = 0;
  let failed = unhandledErrors.length;
  const skipped: string[] = [];
  for (const module of modules) {
    failed += brokenSuites(module);
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') passed += 1;
      else if (state === 'skipped') skipped.push(`${module.relativeModuleId} > ${test.fullName}`);
      else failed += 1;
    }
  }
  return { passed, failed, skipped };
}

function brokenSuites(module: TestModule): number {
  const suites = [module, ...module.children.allSuites()];
  return suites.filter((suite) => suite.errors().length > 0).length;
}

/**
 * Ends a run with one plain line, `<N> passed, <N> failed, <N> skipped`, after everything else. With CI set a skipped
 * test fails the run: there, everything that the tests need has to be present.
 */
export default class PlainSummaryReporter implements Reporter {
  readonly #process: SummaryProcess;
  #summary: PlainSummary = { passed: 0, failed: 0, skipped: [] };
  #waits = false;

  constructor(process: SummaryProcess = THIS_PROCESS) {
    // Vitest hands a reporter its options, an empty object; that is not a process to write to.
    this.#process = 'atExit' in process ? process : THIS_PROCESS;
  }

  onTestRunEnd(modules: Modules, unhandledErrors: UnhandledErrors): void {
    this.#summary = countTests(modules, unhandledErrors);
    const { skipped } = this.#summary;
    if (this.#process.inCi && skipped.length > 0) {
      const names = skipped.map((name) => `  ${name}`).join('\n');
      this.#process.write(`\nIn CI every test has to run. Skipped:\n${names}\n`);
      this.#process.fail();
    }
    if (this.#waits) return;
    this.#waits = true;
    this.#process.atExit(() => this.#process.write(this.#line()));
  }

  #line(): string {
    const { passed, failed, skipped } = this.#summary;
    return `\n${passed} passed, ${failed} failed, ${skipped.length} skipped\n`;
  }
}

const THIS_PROCESS: SummaryProcess = {
  inCi: Boolean(process.env.CI),
  write: (text) => process.stdout.write(text),
  fail: () => {
    process.exitCode = 1;
  },
  atExit: (last) => process.once('exit', last),
};
