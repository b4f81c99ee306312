import type { z } from 'zod';
import type { Scope } from '../contract/api/requests.ts';
import type { Principal } from '../services/tokens.ts';

export interface Call<Body> {
  readonly principal: Principal;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Body;
}

/** One row of the API: what the server registers and what the OpenAPI document says come from the same table. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Fastify's form: `/v1/changes/:change_id`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** Scope that the token needs; null for a route that anybody may call. */
  readonly scope: Scope | null;
  /** It concerns every repository, so a token that is bound to one may not call it, whatever its scopes. */
  readonly wholeService?: true;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** The body is handed over as text: NDJSON, or the JSON of OTLP. */
  readonly text?: 'ndjson' | 'otlp';
  readonly response: z.ZodType;
  readonly status?: number;
  /** Further statuses that come with the same body. */
  readonly alsoStatus?: number;
  readonly handle: (call: Call<never>) => Promise<unknown>;
}

/** Keeps the body's type between schema and handler. */
export function route<Schema extends z.ZodType>(
  definition: Omit<Route, 'handle' | 'body'> & {
    body: Schema;
    handle: (call: Call<z.output<Schema>>) => Promise<unknown>;
  },
): Route;
export function route(
  definition: Omit<Route, 'handle'> & { body?: never; handle: (call: Call<undefined>) => Promise<unknown> },
): Route;
export function route(definition: unknown): Route {
  return definition as Route;
}

/** What a handler returns when the status depends on what happened. */
export class Reply {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    this.status = status;
    this.body = body;
  }
}
