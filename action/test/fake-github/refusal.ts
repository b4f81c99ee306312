/** An answer of the fake GitHub that is not the wanted one: thrown by a handler, sent as GitHub words it. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, extra: { errors?: unknown[]; headers?: Record<string, string> } = {}) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.body = {
      message,
      ...(extra.errors === undefined ? {} : { errors: extra.errors }),
      documentation_url: 'https://docs.github.com/rest',
      status: String(status),
    };
    this.headers = extra.headers ?? {};
  }
}

export const notFound = (): Refusal => new Refusal(404, 'Not Found');
