import { parseArgs } from 'node:util';
import { GateError } from '../src/contract/gate-error.ts';
import { describePlayed, toJson } from './describe.ts';
import { servePage } from './page.ts';
import { type Narrator, play } from './play.ts';

const HELP = `npm run demo [-- --exit] [-- --json]

Plays one week at Sparky Electric: four changes go from pull request to verdict through the real Action bundle,
the real gate service and a real Unleash server; only GitHub is a fake. Afterwards a page with the result stays up.

  --exit   end when the week is over
  --json   print one JSON object on standard output, logs on standard error; implies --exit
`;

/** A progress line that rewrites itself on a terminal and stays quiet elsewhere. */
function makeNarrator(): Narrator & { done(): void } {
  const { stderr } = process;
  let last = '';
  const clear = () => stderr.isTTY && stderr.write('\r\x1b[K');
  return {
    progress(text, share) {
      const line =
        share === undefined
          ? text
          : `${'█'.repeat(Math.round(share * 20)).padEnd(20, '░')} ${Math.round(share * 100)}% ${text}`;
      if (stderr.isTTY) {
        clear();
        stderr.write(line);
      } else if (text !== last) stderr.write(`${text}\n`);
      last = text;
    },
    tell(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    done() {
      clear();
    },
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { exit: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const stopped = new AbortController();
  process.once('SIGINT', () => stopped.abort());
  process.once('SIGTERM', () => stopped.abort());
  const narrator = makeNarrator();
  const played = await play(narrator, stopped.signal);
  narrator.done();
  // A week whose record does not hold is no week to show.
  if (played.verification.status !== 'ok') process.exitCode = 1;
  try {
    if (values.json) {
      process.stdout.write(`${JSON.stringify(toJson(played))}\n`);
      return;
    }
    process.stdout.write(describePlayed(played));
    if (values.exit || stopped.signal.aborted) return;
    const page = await servePage(played);
    process.stdout.write(
      `\nThe result stays up at ${page.url} (Unleash: ${played.unleash.url}, ${played.unleash.username} / ${played.unleash.password}). Ctrl-C ends everything.\n`,
    );
    await new Promise<void>((resolve) => stopped.signal.addEventListener('abort', () => resolve()));
    await page.close();
  } finally {
    await played.stop();
  }
}

try {
  await main();
} catch (error) {
  if ((error as Error).name === 'AbortError') process.exitCode = 130;
  else {
    process.stderr.write(
      `\n${(error as Error).message}\n${error instanceof GateError ? `Next step: ${error.remedy}\n` : `${(error as Error).stack}\n`}`,
    );
    process.exitCode = 1;
  }
}
