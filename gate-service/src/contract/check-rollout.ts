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

/** Checks that the rollout leaves a control group, that a throttle lowers it, and that the design exists. */
export function checkRollout(document: YamlDocument): Finding[] {
  return [...checkStart(document), ...checkThrottle(document), ...checkDesign(document), ...checkCoverage(document)];
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
  const start = shareAt(document, path, CONTRACT_DEFAULTS.start);
  if (start === null) return [];
  if (start.share === 0) {
    return [
      findingAt(document, path, {
        code: 'out_of_range',
        message: 'A rollout that starts at 0% shows the change to nobody',
        allowed: 'above 0%, at most 95%',
        remedy: 'Write `start: 50%`, or the share that you dare.',
      }),
    ];
  }
  if (start.share <= MAX_START_SHARE) return [];
  return [
    findingAt(document, path, {
      code: 'no_control',
      message:
        'This rollout leaves no control group (above 95%); a comparison of before and after is not available yet',
      allowed: 'above 0%, at most 95%',
      remedy: 'Write `start: 50%`: equal halves need the least time. Raise it by hand after the verdict.',
    }),
  ];
}

function checkThrottle(document: YamlDocument): Finding[] {
  const start = shareAt(document, ['rollout', 'start'], CONTRACT_DEFAULTS.start);
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

function checkDesign(document: YamlDocument): Finding[] {
  if (textAt(document, ['design']) !== 'before_after') return [];
  return [
    findingAt(document, ['design'], {
      code: 'not_available',
      message: 'A comparison of before and after is not available yet',
      allowed: 'auto, concurrent',
      remedy: 'Remove `design`: the change is then compared with the traffic that does not get it.',
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
