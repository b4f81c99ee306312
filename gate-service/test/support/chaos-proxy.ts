import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the proxy does to a request. */
export type Fault =
  | { readonly kind: 'delay'; readonly ms: number }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Closes the connection without forwarding: the target never sees the request. */
  | { readonly kind: 'cut_before' }
  /** Forwards, lets the target finish, then closes the connection: the work is done, the answer lost. */
  | { readonly kind: 'cut_after' }
  /** Answers itself instead of the target, at once or after a time. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly contentType: string;
      readonly body: string;
      readonly afterMs?: number;
    };

export interface SeenRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly body: string;
}

export interface ChaosProxy {
  readonly url: string;
  /** Every request in the order of arrival, faulty or not. */
  readonly seen: readonly SeenRequest[];
  /** Applies the fault to all matching requests until the next call; null heals. */
  inject(fault: Fault | null, when?: (request: SeenRequest) => boolean): void;
  /** Closes the port: connections are refused from then on. */
  stop(): Promise<void>;
}

/** An HTTP proxy in front of one real server that loses, delays and cuts on demand, and writes down what it saw. */
export async function startChaosProxy(target: string): Promise<ChaosProxy> {
  const seen: SeenRequest[] = [];
  let active: { readonly fault: Fault; readonly when: (request: SeenRequest) => boolean } | null = null;
  const server = createServer((incoming, outgoing) => {
    void readBody(incoming).then(async (body) => {
      const one = { method: incoming.method ?? '', path: incoming.url ?? '', body: body.toString('utf8') };
      seen.push(one);
      await handle(active?.when(one) ? active.fault : null, new URL(target), incoming, body, outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    inject(fault, when = () => true) {
      active = fault && { fault, when };
    },
    stop: () => close(server),
  };
}

async function handle(
  fault: Fault | null,
  target: URL,
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
): Promise<void> {
  switch (fault?.kind) {
    case 'hang':
      return;
    case 'cut_before':
      incoming.socket.destroy();
      return;
    case 'answer':
      if (fault.afterMs) await new Promise((resolve) => setTimeout(resolve, fault.afterMs));
      outgoing.writeHead(fault.status, { 'content-type': fault.contentType }).end(fault.body);
      return;
    case 'cut_after':
      await forward(target, incoming, body).catch(() => undefined);
      incoming.socket.destroy();
      return;
    case 'delay':
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return pass(target, incoming, body, outgoing);
    default:
      return pass(target, incoming, body, outgoing);
  }
}

async function pass(target: URL, incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): Promise<void> {
  try {
    const answer = await forward(target, incoming, body);
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  } catch {
    incoming.socket.destroy();
  }
}

async function forward(target: URL, incoming: IncomingMessage, body: Buffer) {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({
      host: target.hostname,
      port: target.port,
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, host: target.host, connection: 'close' },
      agent: false,
    })
      .once('response', resolve)
      .once('error', reject)
      .end(body);
  });
  // The body arrives whole, so its framing headers no longer hold.
  const { 'transfer-encoding': _framing, connection: _connection, ...headers } = answer.headers;
  return { status: answer.statusCode ?? 502, headers, body: await readBody(answer) };
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
