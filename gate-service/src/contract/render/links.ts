/** Where a reader can go on; only plain http and https addresses become links. */
export interface RenderLinks {
  /** The workflow run that wrote this. */
  readonly runUrl?: string;
}

const SAFE_URL = /^https?:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[A-Za-z0-9._~/%-]*)?(?:#[A-Za-z0-9._~/%-]*)?$/;

function link(label: string, url: string | undefined): string {
  return url !== undefined && url.length <= 500 && SAFE_URL.test(url) ? `[${label}](${url})` : '';
}

/** One line of links, empty without any. */
export function linksLine(links: RenderLinks): string {
  return link('Workflow run', links.runUrl);
}
