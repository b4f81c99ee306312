/** Number of single-character edits between two texts (Levenshtein), in O(a × b). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      current.push(Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + change));
    }
    previous = current;
  }
  return previous[b.length]!;
}

/** Longer words are no typing mistakes, and comparing them costs time. */
const LONGEST_WORD = 64;
/** A word is near when at most a third of it must change. */
const NEAR_RATIO = 1 / 3;

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ .]/g, '');
}

/** The known words that the found one was probably meant to be, nearest first; empty when none is near. */
export function nearest(word: string, known: readonly string[], limit = 3): string[] {
  if (word.length === 0 || word.length > LONGEST_WORD) return [];
  return known
    .filter((candidate) => candidate.length <= LONGEST_WORD)
    .map((candidate) => ({ candidate, distance: editDistance(plain(word), plain(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.max(word.length, candidate.length) * NEAR_RATIO))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}
