import type { Finding } from './finding.ts';
import { countAt, textAt } from './registry-facts.ts';
import { findingAt, type YamlDocument } from './yaml-document.ts';

/** What no schema can say about a policy: freezes that end before they begin. */
export function checkPolicy(document: YamlDocument): Finding[] {
  return Array.from({ length: countAt(document, ['freeze']) }, (_, index) => index).flatMap((index) => {
    const from = Date.parse(textAt(document, ['freeze', index, 'from']) ?? '');
    const to = Date.parse(textAt(document, ['freeze', index, 'to']) ?? '');
    if (!Number.isFinite(from) || !Number.isFinite(to) || from < to) return [];
    return [
      findingAt(document, ['freeze', index, 'to'], {
        code: 'out_of_range',
        message: 'The freeze ends before it begins',
        allowed: 'a time after `from`',
        remedy: 'Exchange `from` and `to`, or correct the dates and zones.',
      }),
    ];
  });
}
