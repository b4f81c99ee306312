import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const DEMO = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));
const README = fileURLToPath(new URL('../../../README.md', import.meta.url));
const EXPECTED = new URL('./expected.json', import.meta.url);
const run = promisify(execFile);

interface DemoOutput {
  readonly changes: readonly {
    readonly story: string;
    readonly change_id: string;
    readonly verdict: string;
    readonly reasons: readonly string[];
    readonly interventions: readonly {
      readonly kind: string;
      readonly at: string;
      readonly levels: Record<string, string | null>;
    }[];
    readonly comments: readonly string[];
    readonly sufficient_statistics: readonly { readonly kpi_id: string; readonly strata: unknown }[];
  }[];
  readonly ledger: { readonly size: number; readonly verified: boolean };
  readonly seconds: { readonly play: number };
}

/** What must be the same in every run: verdicts, interventions with their times, and the sums that decided. */
function repeatable({ changes }: DemoOutput): unknown {
  const repeated = changes.map(({ story, change_id, verdict, reasons, interventions, sufficient_statistics }) => ({
    story,
    change_id,
    verdict,
    reasons,
    interventions,
    strata: sufficient_statistics.map(({ kpi_id, strata }) => ({ kpi_id, strata })),
  }));
  return JSON.parse(JSON.stringify(repeated, (key, value) => (key === 'histogram' ? digestOf(value) : value)));
}

/** A histogram of hundreds of buckets, as short as it can be compared. */
function digestOf(histogram: unknown): string {
  return createHash('sha256').update(JSON.stringify(histogram)).digest('hex').slice(0, 16);
}

describe('npm run demo', () => {
  it('tells its four stories through the real parts, the same in every run', { timeout: 400_000 }, async () => {
    const { stdout } = await run(process.execPath, [DEMO, '--json'], { maxBuffer: 64 * 1024 * 1024 });
    const output = JSON.parse(stdout) as DemoOutput;
    const story = (name: string) => output.changes.find((change) => change.story === name)!;

    expect(story('passes')).toMatchObject({ verdict: 'pass', interventions: [] });
    const proven = story('passes').comments.find((comment) => comment.includes('kind=verdict'))!;
    expect(proven).toMatch(/Slow quotes \(guardrail\) \| .* ms \(.* trials\) .* no worse than its margin/);
    expect(proven).toMatch(/Revenue per quote visitor \(guardrail\) \| .* EUR \(.* units\)/);
    const hurts = story('hurts');
    expect(hurts).toMatchObject({ verdict: 'fail', reasons: ['safety_rollback'] });
    expect(hurts.interventions.map(({ kind }) => kind)).toEqual(['throttle', 'turn_off']);
    for (const { levels } of hurts.interventions) {
      expect(Object.values(levels)).not.toContain(null);
    }
    expect(story('too-small')).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['not_enough_evidence'],
      interventions: [],
    });
    expect(story('too-small').comments[0]).toContain('adjust before you deploy');
    expect(story('goes-dark')).toMatchObject({ verdict: 'inconclusive', interventions: [] });
    expect(story('goes-dark').reasons[0]).toMatch(/^data_quality:/);
    for (const { comments } of output.changes) {
      expect(comments.filter((comment) => comment.includes('kind=verdict'))).toHaveLength(1);
    }
    expect(output.ledger.verified).toBe(true);

    // The committed copy is another run on another day: equal means that runs repeat. Rewritten by UPDATE_DEMO=1.
    if (process.env.UPDATE_DEMO === '1') writeFileSync(EXPECTED, `${JSON.stringify(repeatable(output), null, 2)}\n`);
    expect(repeatable(output)).toEqual(JSON.parse(readFileSync(EXPECTED, 'utf8')));

    const posted = asQuote(story('passes').comments.find((comment) => comment.includes('kind=verdict'))!);
    if (process.env.UPDATE_DEMO === '1') writeFileSync(README, readmeWith(posted));
    expect(withoutHashes(readFileSync(README, 'utf8'))).toContain(withoutHashes(posted));
  });

  it('ends everything that it started on Ctrl-C', { timeout: 120_000 }, async () => {
    const child = spawn(process.execPath, [DEMO], { stdio: ['ignore', 'ignore', 'pipe'] });
    let progress = '';
    child.stderr.on('data', (chunk: Buffer) => {
      progress += chunk.toString();
    });
    await expect.poll(() => progress, { timeout: 60_000 }).toContain('loading 28 days');
    const descendants = await processesOf(child.pid!);
    expect(descendants.length).toBeGreaterThan(0);
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    expect(await exited).toBe(130);
    await expect.poll(() => descendants.filter(isAlive), { timeout: 20_000 }).toEqual([]);
  });
});

/** A comment as the README quotes it: without its hidden first line. */
function asQuote(comment: string): string {
  const [, ...lines] = comment.trimEnd().split('\n');
  return lines.map((line) => `> ${line}`.trimEnd()).join('\n');
}

/** Salts make the ledger's hashes differ between runs. */
function withoutHashes(text: string): string {
  return text.replace(/\b[0-9a-f]{12,64}\b/g, '#');
}

function readmeWith(quote: string): string {
  return readFileSync(README, 'utf8').replace(
    /(<!-- verdict comment of the demo[^\n]*-->\n)[\s\S]*?(\n\n## Run)/,
    (_all, before, after) => `${before}${quote}${after}`,
  );
}

/** Every process below `pid`, from the process table. */
async function processesOf(pid: number): Promise<readonly number[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    rows.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
