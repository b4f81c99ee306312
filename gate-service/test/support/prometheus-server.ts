import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const START_MS = 20_000;

export interface PrometheusServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Whether the real server can run here; root and CI install it from the package of Debian and Ubuntu where that exists. */
export async function hasPrometheus(): Promise<boolean> {
  if (await isThere()) return true;
  const isRoot = process.getuid?.() === 0;
  // A machine that was just made may know no packages yet.
  if (isRoot || process.env.CI) {
    const install = ['install', '-y', '--no-install-recommends', 'prometheus'];
    if (!(await apt(isRoot, install)) && (await apt(isRoot, ['update']))) await apt(isRoot, install);
  }
  if (await isThere()) return true;
  if (process.env.CI) throw new Error('prometheus and promtool are not on PATH; CI has to test against them');
  console.warn('\nNOT TESTED against a real Prometheus: prometheus and promtool are not on PATH.');
  return false;
}

function apt(isRoot: boolean, args: readonly string[]): Promise<boolean> {
  const [command, ...all] = [...(isRoot ? [] : ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND']), 'apt-get', ...args];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return run(command!, all, { timeout: 180_000, env, maxBuffer: 16_777_216 }).then(
    () => true,
    () => false,
  );
}

async function isThere(): Promise<boolean> {
  return Promise.all([run('prometheus', ['--version']), run('promtool', ['--version'])]).then(
    () => true,
    () => false,
  );
}

/**
 * Starts a real server on a free port whose blocks hold the text; everything is thrown away by `stop`.
 * @param openMetrics samples with their times, ending in `# EOF`; '' for none
 * @param target      host and port to be scraped, native histograms included
 */
export async function startPrometheus(
  openMetrics: string,
  { retention = '100y', target = null }: { readonly retention?: string; readonly target?: string | null } = {},
): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'changegate-prometheus-'));
  if (openMetrics !== '') {
    const text = join(folder, 'samples.txt');
    await writeFile(text, openMetrics);
    await run('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', text, join(folder, 'data')]);
  }
  const scrape = { job_name: 'target', scrape_interval: '100ms', static_configs: [{ targets: [target] }] };
  await writeFile(
    join(folder, 'prometheus.yml'),
    JSON.stringify({ scrape_configs: target === null ? [] : [{ ...scrape, scrape_timeout: '100ms' }] }),
  );
  const port = await freePort();
  const server = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--storage.tsdb.retention.time=${retention}`,
      '--enable-feature=native-histograms',
      `--web.listen-address=${HOST}:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  server.stderr?.on('data', (chunk) => {
    log += String(chunk);
  });
  const url = `http://${HOST}:${port}`;
  const stop = async () => {
    await end(server);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const deadline = Date.now() + START_MS;
  while (!(await isReady(url))) {
    if (Date.now() > deadline || server.exitCode !== null) {
      await stop();
      throw new Error(`prometheus did not start: ${log.slice(-2_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, stop };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await ended;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
