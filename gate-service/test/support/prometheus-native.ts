import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Schema 0: each bucket of a native histogram is (2^(i-1), 2^i]. */
const SCHEMA = 0;
const HISTOGRAM = 4;

export interface NativeTarget {
  /** Host and port. */
  readonly target: string;
  /** How many samples were scraped. */
  scraped(): number;
  stop(): Promise<void>;
}

/**
 * An app with one native histogram by variant. Every scrape shows the next sample, `everySeconds` after the one before,
 * with `perSample` more values in (1, 2] and as many in (2, 4].
 */
export async function startNativeTarget(
  name: string,
  labels: readonly Readonly<Record<string, string>>[],
  {
    fromMs,
    everySeconds,
    samples,
    perSample,
  }: { fromMs: number; everySeconds: number; samples: number; perSample: number },
): Promise<NativeTarget> {
  let scrapes = 0;
  const server = createServer((_, response) => {
    const i = Math.min(scrapes, samples - 1);
    scrapes += 1;
    const at = fromMs + i * everySeconds * 1000;
    const metrics = labels.map((one) => metric(one, at, (i + 1) * perSample));
    const family = [bytes(1, Buffer.from(name)), varintField(3, HISTOGRAM), ...metrics.map((one) => bytes(4, one))];
    response.writeHead(200, {
      'content-type': 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
    });
    const message = Buffer.concat(family);
    response.end(Buffer.concat([varint(BigInt(message.length)), message]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    scraped: () => scrapes,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function metric(labels: Readonly<Record<string, string>>, at: number, count: number): Buffer {
  const pairs = Object.entries(labels).map(([label, value]) =>
    bytes(1, Buffer.concat([bytes(1, Buffer.from(label)), bytes(2, Buffer.from(value))])),
  );
  const span = Buffer.concat([varintField(1, zigzag(1)), varintField(2, 2)]);
  const histogram = Buffer.concat([
    varintField(1, 2 * count),
    double(2, 4.5 * count),
    varintField(5, zigzag(SCHEMA)),
    double(6, 0.001),
    varintField(7, 0),
    bytes(12, span),
    // The first bucket's count, then the difference of the second from it.
    bytes(13, Buffer.concat([varint(BigInt(zigzag(count))), varint(0n)])),
  ]);
  return Buffer.concat([...pairs, varintField(6, at), bytes(7, histogram)]);
}

function varint(value: bigint): Buffer {
  const out: number[] = [];
  let rest = value;
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Buffer.from(out);
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function varintField(field: number, value: number): Buffer {
  return Buffer.concat([varint(BigInt(field << 3)), varint(BigInt(value))]);
}

function double(field: number, value: number): Buffer {
  const number = Buffer.alloc(8);
  number.writeDoubleLE(value);
  return Buffer.concat([varint(BigInt((field << 3) | 1)), number]);
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint(BigInt((field << 3) | 2)), varint(BigInt(value.length)), value]);
}
