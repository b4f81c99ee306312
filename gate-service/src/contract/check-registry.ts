import { type Band, compareBands, parseBand } from './bands.ts';
import { parseDurationMinutes } from './effect.ts';
import type { Finding } from './finding.ts';
import { isMapping, textAt } from './registry-facts.ts';
import { type DocumentPath, findingAt, type YamlDocument } from './yaml-document.ts';

const COLORS = ['red', 'yellow', 'green'] as const;
type Color = (typeof COLORS)[number];
const MAX_WITHIN_MINUTES = 28 * 1440;

/** What no schema can say about a registry: bands that overlap or leave gaps, spans that are out of range. */
export function checkRegistry(document: YamlDocument): Finding[] {
  if (!isMapping(document.value)) return [];
  const ids = Object.keys(document.value);
  if (ids.length === 0) {
    return [
      findingAt(document, [], {
        code: 'empty_registry',
        message: 'The registry defines no KPI',
        allowed: 'at least one KPI',
        remedy: 'Define the KPI that your contract names.',
      }),
    ];
  }
  return ids.flatMap((id) => [
    ...checkWithin(document, [id, 'measure', 'within']),
    ...checkEvents(document, id),
    ...checkBands(document, id),
  ]);
}

/** Pairs of events that leave nothing to compare when they are one, by type: the second over the first is always 1. */
const DIFFERENT_EVENTS: ReadonlyMap<string | null, readonly [string, string]> = new Map([
  ['proportion', ['of', 'success']],
  ['ratio', ['denominator', 'numerator']],
  ['rate', ['of', 'count']],
]);

function checkEvents(document: YamlDocument, id: string): Finding[] {
  const written = (key: string) => textAt(document, [id, 'measure', key]);
  const type = written('type');
  const [first, second] = DIFFERENT_EVENTS.get(type) ?? [];
  if (type === 'mean') return checkSelection(document, id);
  const isAlwaysOne = first && second && written(first) !== null && written(first) === written(second);
  // Revenue per order is the value of an event over its number.
  if (!isAlwaysOne || (type === 'ratio' && written('sum') === 'value')) return [];
  return [
    findingAt(document, [id, 'measure', second], {
      code: 'same_event',
      message: `\`${second}\` and \`${first}\` are the same event, so that this ${type} is always 1`,
      allowed: `an event other than ${written(first)}`,
      remedy: `Name the event that is counted in \`${second}\`${type === 'ratio' ? ', or write `sum: value` for its mean value' : ''}.`,
    }),
  ];
}

/** A trial that only a unit with a value has: whoever the change drives away is not counted as 0. */
function checkSelection(document: YamlDocument, id: string): Finding[] {
  const [trial, added] = ['of', 'value_of'].map((key) => textAt(document, [id, 'measure', key]));
  if (trial === null || trial !== added || textAt(document, [id, 'measure', 'sum']) === 'events') return [];
  return [
    findingAt(document, [id, 'measure', 'of'], {
      severity: 'warning',
      code: 'same_event',
      message: 'Only units that bring something in are compared: those that the change drives away are not seen',
      allowed: 'the event with which a visit begins, such as a page view',
      remedy: 'Name in `of` what every visitor does; who brings in nothing then counts as 0.',
    }),
  ];
}

function checkWithin(document: YamlDocument, path: DocumentPath): Finding[] {
  const text = textAt(document, path);
  const minutes = text === null ? null : parseDurationMinutes(text);
  if (minutes === null || (minutes >= 1 && minutes <= MAX_WITHIN_MINUTES)) return [];
  return [
    findingAt(document, path, {
      code: 'out_of_range',
      message: `What comes within ${text} of a trial cannot be counted`,
      allowed: '1m to 28d',
      remedy: 'Write the time in which nearly all of it comes, such as 24h: the verdict waits that long.',
    }),
  ];
}

function checkBands(document: YamlDocument, id: string): Finding[] {
  const written = COLORS.flatMap((color) => {
    const text = textAt(document, [id, 'bands', color]);
    return text === null ? [] : [{ color, text, band: parseBand(text) }];
  });
  const unit = textAt(document, [id, 'unit']);
  const findings = written.flatMap(({ color, text, band }) => {
    const fits = unit === null || (unit === 'ratio' ? band && isWithinRatio(band, text) : !text.includes('%'));
    return band !== null && fits ? [] : [invalidBand(document, [id, 'bands', color], unit)];
  });
  if (findings.length > 0) return findings;
  return compareAll(
    document,
    id,
    written.flatMap(({ color, band }) => (band ? [[color, band] as const] : [])),
  );
}

/** A band of a share has its levels in %, within 0% and 100%, and some value of the share belongs to it. */
function isWithinRatio(band: Band, text: string): boolean {
  const levels = [band.from, band.to].filter((cut) => Number.isFinite(cut.level));
  const percents = text.split('%').length - 1;
  const reaches = !(band.to.level === 0 && !band.to.above) && !(band.from.level === 1 && band.from.above);
  return percents === levels.length && levels.every((cut) => cut.level <= 1) && reaches;
}

function invalidBand(document: YamlDocument, path: DocumentPath, unit: string | null): Finding {
  const isPlain = unit !== null && unit !== 'ratio';
  return findingAt(document, path, {
    code: 'invalid_band',
    message: 'This band cannot be read',
    allowed: isPlain
      ? `"< 20", "<= 20", "20..30", ">= 30" or "> 30", with levels in ${unit}`
      : '"< 20%", "<= 20%", "20%..30%", ">= 30%" or "> 30%", with levels from 0% to 100%',
    remedy: `Write the band as one of these, in quotes, with the smaller level first${isPlain ? ' and without a unit' : ''}.`,
  });
}

function compareAll(document: YamlDocument, id: string, bands: readonly (readonly [Color, Band])[]): Finding[] {
  const { order, overlaps, gaps } = compareBands(bands);
  const at = (color: Color): DocumentPath => [id, 'bands', color];
  return [
    ...overlaps.map(([a, b]) =>
      findingAt(document, at(b), {
        code: 'bands_overlap',
        message: `Some levels are both ${a} and ${b}`,
        allowed: 'bands that do not share a level; both ends of 20%..30% belong to it',
        remedy: 'Move one of the limits, or write < for <= or > for >=.',
      }),
    ),
    ...gaps.map(([a, b]) =>
      findingAt(document, at(b), {
        severity: 'warning',
        code: 'bands_gap',
        message: `Levels between ${a} and ${b} have no colour`,
        allowed: 'bands that touch',
        remedy: 'Move one of the limits, or add the band between them.',
      }),
    ),
    ...(overlaps.length === 0 ? checkOrder(document, id, order) : []),
  ];
}

function checkOrder(document: YamlDocument, id: string, order: readonly Color[]): Finding[] {
  const direction = textAt(document, [id, 'direction']);
  if (direction !== 'increase_is_good' && direction !== 'decrease_is_good') return [];
  const wanted = COLORS.filter((color) => order.includes(color));
  const expected = direction === 'increase_is_good' ? wanted : wanted.toReversed();
  if (expected.every((color, index) => color === order[index])) return [];
  return [
    findingAt(document, [id, 'bands'], {
      code: 'bands_reversed',
      message: `From low to high the bands are ${order.join(', ')}, but the direction is ${direction}`,
      allowed: expected.join(', '),
      remedy: 'Exchange the bands, or correct `direction`.',
    }),
  ];
}
