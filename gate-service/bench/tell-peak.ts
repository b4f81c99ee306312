import { writeSync } from 'node:fs';
import { peakRssBytes } from './peak-rss.ts';

const SAMPLE_MS = 500;

export interface Peak {
  readonly rssBytes: number;
  /** Heap and buffers that a full collection leaves; null unless Node was started with --expose-gc. */
  readonly liveBytes: number | null;
}

let liveBytes: number | null = null;

function sample(): void {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  liveBytes = Math.max(liveBytes ?? 0, heapUsed + external);
}

/** Preloaded into a command that is measured: how much memory it needed goes to file descriptor 3 at its end. */
if (globalThis.gc) setInterval(sample, SAMPLE_MS).unref();
process.on('exit', () => {
  const peak: Peak = { rssBytes: peakRssBytes(), liveBytes };
  writeSync(3, JSON.stringify(peak));
});
