/** Inclusive ranges of code points. Controls, line separators, bidirectional overrides, tags, lone surrogates. */
const REFUSED: readonly (readonly [number, number])[] = [
  [0x00, 0x08],
  [0x0b, 0x0c],
  [0x0e, 0x1f],
  [0x7f, 0x9f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
  [0xd800, 0xdfff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe007f],
];
/** Characters without ink, some of which honest text needs (joiners). */
const INVISIBLE: readonly (readonly [number, number])[] = [
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2060, 0x2065],
  [0x206a, 0x206f],
  [0x3164, 0x3164],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
];
const CARRIAGE_RETURN = 0x0d;
const JOINERS: readonly number[] = [0x200c, 0x200d];

function within(point: number, ranges: readonly (readonly [number, number])[]): boolean {
  return ranges.some(([first, last]) => point >= first && point <= last);
}

export interface HiddenCharacter {
  /** Offset in UTF-16 code units. */
  readonly offset: number;
  /** "U+202E" */
  readonly name: string;
  /** `refused` can mislead a reader or a machine; `invisible` is only worth a look. */
  readonly kind: 'refused' | 'invisible';
}

/** Finds characters that a reader cannot see. Joiners between two non-ASCII characters (emoji, Persian) are fine. */
export function findHiddenCharacters(text: string): HiddenCharacter[] {
  const found: HiddenCharacter[] = [];
  for (let offset = 0; offset < text.length; ) {
    const point = text.codePointAt(offset)!;
    const size = point > 0xffff ? 2 : 1;
    const loneReturn = point === CARRIAGE_RETURN && text[offset + 1] !== '\n';
    const refused = loneReturn || within(point, REFUSED);
    if (refused || (within(point, INVISIBLE) && !joinsText(text, offset, point))) {
      found.push({ offset, name: codePointName(point), kind: refused ? 'refused' : 'invisible' });
    }
    offset += size;
  }
  return found;
}

function joinsText(text: string, offset: number, point: number): boolean {
  return JOINERS.includes(point) && (text.charCodeAt(offset - 1) || 0) > 0x7f && text.charCodeAt(offset + 1) > 0x7f;
}

/** "U+202E" for the code point 0x202e. */
export function codePointName(point: number): string {
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Writes hidden characters as visible escapes: \u{202e}. Line ends and tabs stay. */
export function showHidden(text: string): string {
  let shown = '';
  for (const character of text) {
    const point = character.codePointAt(0)!;
    const hidden = point === CARRIAGE_RETURN || within(point, REFUSED) || within(point, INVISIBLE);
    shown += hidden ? `\\u{${point.toString(16)}}` : character;
  }
  return shown;
}
