import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { GateError } from '../src/contract/gate-error.ts';
import { type Report, threeFigures } from './report.ts';

const DEMO = join(import.meta.dirname, '..', 'demo', 'main.ts');
const Output = z.object({
  changes: z.array(z.object({ story: z.string(), verdict: z.string() })),
  seconds: z.object({ startUp: z.number(), play: z.number() }),
});

/** The demo once, as a child: it has its own real Unleash server, so it says what a newcomer waits. */
export async function benchDemo(_quick: boolean, progress: (text: string) => void): Promise<Report> {
  progress('demo');
  const begun = performance.now();
  const child = spawn(process.execPath, [DEMO, '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const wallSeconds = (performance.now() - begun) / 1000;
  if (code !== 0)
    throw new GateError('internal', `The demo ended with exit code ${code}.`, 'Run npm run demo to see why.');
  const { seconds, changes } = Output.parse(JSON.parse(output));
  const row = (what: string, value: number) => ({ what, result: `${threeFigures(value)} s` });
  return {
    title: 'Demo, once, as a process of its own',
    rows: [
      row('start-up (real Unleash server and its PostgreSQL, gate service, fake GitHub)', seconds.startUp),
      row('the play: 28 days of baseline and one week with four changes', seconds.play),
      row('wall time from start to exit', wallSeconds),
    ],
    data: { ...seconds, wallSeconds, verdicts: changes },
  };
}
