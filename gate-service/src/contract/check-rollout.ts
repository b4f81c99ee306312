import { CONTRACT_DEFAULTS } from './change-contract.ts';
import { parseLevel } from './effect.ts';
import type { Finding } from './finding.ts';
import { textAt } from './registry-facts.ts';
import { type DocumentPath, findingAt, valueAt, type YamlDocument } from './yaml-document.ts';

/** Above this share too little traffic is left without the change to compare with (and no stickiness to trust). */
export const MAX_START_SHARE = 0.95;

interface Share {
  readonly share: number;
  /** Undefined: as written. */
  readonly found?: string;
}

const START_TEXT = 'above 0%, at most 95%; or 100% with design: before_after';

/** Checks that the rollout leaves a control group or does without one, and that a throttle lowers it. */
export function checkRollout(document: YamlDocument): Finding[] {
  return [...checkStart(document), ...checkThrottle(document), ...checkCoverage(document)];
}

/** Whether the file asks for a comparison with the weeks before: in so many words, or by a rollout to everybody. */
export function isBeforeAfterDocument(document: YamlDocument): boolean {
  const design = valueAt(document.value, ['design']) ?? CONTRACT_DEFAULTS.design;
  return design === 'before_after' || (design === 'auto' && startAt(document)?.share === 1);
}

function startAt(document: YamlDocument): Share | null {
  const isBeforeAfter = textAt(document, ['design']) === 'before_after';
  return shareAt(document, ['rollout', 'start'], isBeforeAfter ? '100%' : CONTRACT_DEFAULTS.start);
}

function shareAt(document: YamlDocument, path: DocumentPath, fallback: string): Share | null {
  const absent = valueAt(document.value, path) === undefined;
  const text = absent ? fallback : textAt(document, path)?.trim();
  const share = text?.endsWith('%') ? parseLevel(text) : null;
  if (share === null || share > 1) return null;
  return absent ? { share, found: `${fallback} (the default)` } : { share };
}

function checkStart(document: YamlDocument): Finding[] {
  const path = ['rollout', 'start'];
  const start = startAt(document);
  if (start === null) return [];
  if (start.share === 0) {
    return [
      findingAt(document, path, {
        code: 'out_of_range',
        message: 'A rollout that starts at 0% shows the change to nobody',
        allowed: START_TEXT,
        remedy: 'Write `start: 50%`, or the share that you dare.',
      }),
    ];
  }
  if (isBeforeAfterDocument(document)) return start.share === 1 ? [] : [notEverybody(document, path)];
  if (start.share <= MAX_START_SHARE) return [];
  return [
    findingAt(document, path, {
      code: 'no_control',
      message: 'This rollout leaves no control group (above 95%)',
      allowed: START_TEXT,
      remedy:
        'Write `start: 50%`: equal halves need the least time. Where no group can go without the change, write `start: 100%` and `design: before_after`.',
    }),
  ];
}

/** With a part of the traffic left without the change, the week's total would mix both. */
function notEverybody(document: YamlDocument, path: DocumentPath): Finding {
  return findingAt(document, path, {
    code: 'out_of_range',
    message: 'A comparison of before and after needs the change on for everybody',
    allowed: '100%',
    remedy:
      'Write `start: 100%`, or better `design: concurrent`: traffic without the change tells more than past weeks.',
  });
}

function checkThrottle(document: YamlDocument): Finding[] {
  const start = startAt(document);
  const throttled = shareAt(document, ['rollout', 'throttle_to'], CONTRACT_DEFAULTS.throttleTo);
  if (start === null || throttled === null) return [];
  const found = throttled.found === undefined ? {} : { found: throttled.found };
  if (throttled.share === 0) {
    return [
      findingAt(document, ['rollout', 'throttle_to'], {
        severity: 'warning',
        code: 'throttle_is_off',
        message: 'A throttle to 0% turns the flag off at the first signal, and nothing more is learned',
        allowed: 'above 0%, below `start`',
        remedy: 'Write `throttle_to: 5%`, unless any further exposure is too much.',
      }),
    ];
  }
  if (start.share === 0 || throttled.share < start.share) return [];
  // A default that is too high for the start is shown where the start stands.
  const place = throttled.found === undefined ? 'throttle_to' : 'start';
  return [
    findingAt(document, ['rollout', place], {
      code: 'throttle_not_lower',
      message: '`rollout.throttle_to` is not below `rollout.start`: a throttle would change nothing',
      allowed: 'a share below `start`',
      remedy: 'Write a smaller `throttle_to`, such as a tenth of `start`.',
      ...found,
    }),
  ];
}

function checkCoverage(document: YamlDocument): Finding[] {
  const floor = shareAt(document, ['coverage_floor'], CONTRACT_DEFAULTS.coverageFloor);
  if (floor === null || floor.share > 0) return [];
  return [
    findingAt(document, ['coverage_floor'], {
      code: 'out_of_range',
      message: 'A coverage floor of 0% would judge a window without data',
      allowed: 'above 0%, at most 100%',
      remedy: 'Remove `coverage_floor` (90%), or write the share of the window that must have data.',
    }),
  ];
}
