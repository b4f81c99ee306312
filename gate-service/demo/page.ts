import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Played } from './play.ts';
import { renderMarkdown } from './render-markdown.ts';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1f2328}
h1{font-size:1.6rem}h2{margin-top:3rem;border-bottom:1px solid #d1d9e0}table{border-collapse:collapse;display:block;overflow-x:auto}
td,th{border:1px solid #d1d9e0;padding:.3rem .7rem;text-align:left}article{border:1px solid #d1d9e0;border-radius:6px;padding:.5rem 1.2rem;margin:1rem 0}
code{background:#f0f2f4;padding:.1rem .3rem;border-radius:4px;overflow-wrap:anywhere}pre{background:#f0f2f4;padding:1rem;overflow-x:auto}`;
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** A plain page on 127.0.0.1: the changes, their state, and the comments as they were posted. */
export async function servePage(played: Played): Promise<{ url: string; close(): Promise<void> }> {
  const html = renderPage(played);
  const server = createServer((request, response) => {
    const found = request.method === 'GET' && request.url === '/';
    response.writeHead(found ? 200 : 404, HEADERS).end(found ? html : 'Not found');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Everything user-written in a comment was escaped when it was rendered; titles are escaped here. */
export function renderPage(played: Played): string {
  const rows = played.changes
    .map(
      ({ story, change }) =>
        `<tr><td><a href="#pr-${story.pullRequest}">#${story.pullRequest}</a></td><td>${escapeHtml(story.title)}</td><td><code>${change.change_id}</code></td><td>${change.state}</td><td><b>${change.verdicts.at(-1)?.verdict ?? 'pending'}</b></td><td>${change.interventions.map(({ kind }) => kind).join(', ') || 'none'}</td></tr>`,
    )
    .join('');
  const threads = played.changes
    .map(
      ({ story, comments }) =>
        `<h2 id="pr-${story.pullRequest}">#${story.pullRequest} ${escapeHtml(story.title)}</h2>${comments.map((body) => `<article>${renderMarkdown(body)}</article>`).join('')}`,
    )
    .join('');
  const { size, hash } = played.ledger.head;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Changegate demo: Sparky Electric</title><style>${STYLE}</style>
<h1>Sparky Electric: one week, four changes</h1>
<table><tr><th>Pull request</th><th>Change</th><th>change_id</th><th>State</th><th>Verdict</th><th>Interventions</th></tr>${rows}</table>
<p>Ledger: ${played.verification.status}, ${size} entries, head <code>${size}:${hash}</code></p>${threads}</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
