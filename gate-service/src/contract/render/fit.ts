import { buildMarker, type Marker } from './markers.ts';

/** GitHub takes 65,536; the difference is room for what others may add. Bytes, never fewer than characters. */
export const COMMENT_LIMIT = 60_000;
/** GitHub takes 65,535 in `summary` of a check run. */
export const CHECK_SUMMARY_LIMIT = 65_000;

export interface Section {
  /** Plain words for the note that says what is missing. */
  readonly name: string;
  readonly text: string;
  /** 0: always there. The larger, the sooner it is shortened or left out. */
  readonly importance: number;
  /** A shorter text for the same section. */
  readonly condensed?: string;
}

export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

type Form = 'full' | 'condensed' | 'left out';

/** A section with the form that it takes and the bytes of each. */
interface Chosen {
  readonly section: Section;
  readonly form: Form;
  readonly bytes: Readonly<Record<Form, number>>;
}

function choose(section: Section): Chosen {
  const bytes = { full: byteLength(section.text), condensed: byteLength(section.condensed ?? ''), 'left out': 0 };
  return { section, form: 'full', bytes };
}

/** What the reader must know about sections that are not shown in full; empty when all are. */
function note(chosen: readonly Chosen[]): string {
  const names = (form: Form) => [
    ...new Set(chosen.filter((each) => each.form === form).map(({ section }) => section.name)),
  ];
  const shortened = names('condensed');
  const missing = names('left out');
  if (shortened.length + missing.length === 0) return '';
  const parts = [
    ...(shortened.length > 0 ? [`Shortened: ${shortened.join(', ')}.`] : []),
    ...(missing.length > 0 ? [`Left out: ${missing.join(', ')}.`] : []),
  ];
  return `_GitHub limits the size of this text. ${parts.join(' ')} The command changegate show prints everything._`;
}

/** Each section is followed by a blank line or the end. */
function size(chosen: readonly Chosen[]): number {
  return chosen.reduce((sum, { bytes, form }) => sum + bytes[form] + 2, byteLength(note(chosen)));
}

function compose(chosen: readonly Chosen[]): string {
  const texts = chosen.map(({ section, form }) =>
    form === 'full' ? section.text : form === 'condensed' ? section.condensed! : '',
  );
  return `${[...texts, note(chosen)].filter((text) => text !== '').join('\n\n')}\n`;
}

/** The last resort for required sections that are too long together: whole lines, as many as fit. */
function cutAtLine(text: string, limit: number): string {
  const ending = '\n\n_GitHub limits the size of this text: the rest is cut off here._\n';
  let room = limit - byteLength(ending);
  const kept: string[] = [];
  for (const line of text.split('\n')) {
    room -= byteLength(line) + 1;
    if (room < 0) break;
    kept.push(line);
  }
  return kept.join('\n').trimEnd() + ending;
}

/** Joins sections in their order; when that is too long, shortens or drops the least important first and says so. */
export function fitSections(sections: readonly Section[], limit: number): string {
  const chosen = sections.filter(({ text }) => text !== '').map(choose);
  const order = [...chosen.keys()].sort(
    (a, b) => chosen[b]!.section.importance - chosen[a]!.section.importance || b - a,
  );
  for (const index of order) {
    const { section } = chosen[index]!;
    const forms: Form[] = [
      ...(section.condensed === undefined ? [] : (['condensed'] as const)),
      ...(section.importance > 0 ? (['left out'] as const) : []),
    ];
    for (const form of forms) {
      if (size(chosen) <= limit) return compose(chosen);
      chosen[index] = { ...chosen[index]!, form };
    }
  }
  const text = compose(chosen);
  return byteLength(text) <= limit ? text : cutAtLine(text, limit);
}

/** A whole comment: its marker in the first line, and as many sections as fit. */
export function fitComment(marker: Marker, sections: readonly Section[]): string {
  const first = `${buildMarker(marker)}\n`;
  return first + fitSections(sections, COMMENT_LIMIT - byteLength(first));
}
