import type { Payloads } from './payloads.ts';
import type { Actor, GitHubState } from './state.ts';

export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** What a handler gets: a request that is already authorised and valid. */
export interface Call {
  state: GitHubState;
  payloads: Payloads;
  actor: Actor;
  now: () => Date;
  /** Address of the request without its query. */
  url: string;
  accept: string;
  params: Record<string, string>;
  query: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: checked against the description before any handler sees it
  body: any;
}

export type Handler = (call: Call) => Reply;

/** One page of a list, with the Link header; `wrap` for lists that GitHub puts into an object. */
export function pageOf<T>(
  call: Call,
  all: T[],
  render: (item: T) => unknown,
  wrap?: (items: unknown[]) => unknown,
): Reply {
  const perPage = Math.min(100, Math.max(1, Number(call.query.per_page ?? 30)));
  const page = Math.max(1, Number(call.query.page ?? 1));
  const last = Math.max(1, Math.ceil(all.length / perPage));
  const link = (to: number, rel: string) => {
    const query = new URLSearchParams({ ...call.query, per_page: String(perPage), page: String(to) });
    return `<${call.url}?${query}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first')] : []),
  ];
  const items = all.slice((page - 1) * perPage, page * perPage).map(render);
  return {
    status: 200,
    body: wrap === undefined ? items : wrap(items),
    ...(links.length === 0 ? {} : { headers: { link: links.join(', ') } }),
  };
}
