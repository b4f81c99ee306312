import type { Finding } from './finding.ts';
import { findHiddenCharacters, type HiddenCharacter } from './hidden-characters.ts';
import { findSecrets } from './secrets.ts';
import { type DocumentPath, makeFinding, type Position, type YamlDocument } from './yaml-document.ts';

const REPLACEMENT_CHARACTER = '\uFFFD';

type Source = Pick<YamlDocument, 'file' | 'holdsSecret'>;
/** Where an offset of the searched text stands in the file. */
type Locate = (offset: number) => Position;

/** Pasted credentials, hidden characters and broken encoding in a text; one finding of a kind per line. */
export function findTextProblems(source: Source, text: string, path: DocumentPath, locate: Locate): Finding[] {
  return [
    ...firstOfLine(findSecrets(text), locate, ({ kind }) => kind).map(({ kind, offset }) =>
      secretFinding(source, locate(offset), path, kind),
    ),
    ...encodingFindings(source, text, locate),
    ...firstOfLine(findHiddenCharacters(text), locate, ({ name }) => name).map((character) =>
      characterFinding(source, locate(character.offset), path, character),
    ),
  ];
}

function firstOfLine<T extends { offset: number }>(
  found: readonly T[],
  locate: Locate,
  kindOf: (item: T) => string,
): T[] {
  const seen = new Set<string>();
  return found.filter((item) => {
    const key = `${locate(item.offset).line} ${kindOf(item)}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

function secretFinding(source: Source, at: Position, path: DocumentPath, kind: string): Finding {
  const finding = makeFinding(source, at, path, {
    code: 'secret',
    message: `This line holds what looks like ${kind}`,
    found: null,
    allowed: 'no credentials: these files name sources and flags, and the gate service knows how to reach them',
    remedy: 'Remove it, and revoke it: whoever can read the repository has seen it.',
  });
  return { ...finding, found: '(hidden)' };
}

function encodingFindings(source: Source, text: string, locate: Locate): Finding[] {
  const offset = text.indexOf(REPLACEMENT_CHARACTER);
  if (offset === -1) return [];
  const problem = {
    code: 'not_utf8',
    message: 'A character could not be read as UTF-8',
    found: null,
    allowed: 'UTF-8',
    remedy: 'Save the file as UTF-8.',
  } as const;
  return [makeFinding(source, locate(offset), [], problem)];
}

function characterFinding(source: Source, at: Position, path: DocumentPath, { name, kind }: HiddenCharacter): Finding {
  const refused = kind === 'refused';
  return makeFinding(source, at, path, {
    severity: refused ? 'error' : 'warning',
    code: 'hidden_character',
    message: `The character ${name} cannot be seen${refused ? ' and can mislead a reader' : ''}`,
    found: name,
    allowed: 'visible characters, spaces, tabs and line ends',
    remedy: `Remove ${name}: it often comes along when text is pasted.`,
  });
}
