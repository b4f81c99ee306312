import { withoutMarker } from './markers.ts';

const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/**
 * Our own Markdown for people at a terminal: without marker, escapes, invisible breaks and HTML. Not safe to render
 * again; control characters were made visible when the text was escaped.
 */
export function terminalText(markdown: string): string {
  return withoutMarker(markdown)
    .replace(/<summary>(.*?)<\/summary>/g, '$1:')
    .replace(/<\/?(?:details|span)>/g, '')
    .replaceAll('\u200b', '')
    .replace(/\\([\\`*_[\]|~#+=.)-])/g, '$1')
    .replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]!)
    .replace(/\n{3,}/g, '\n\n');
}
