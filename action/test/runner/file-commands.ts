import { RunnerFailure } from './runner-failure.ts';

/** Where the next line ends, and whether a newline was there to end it. */
function readLine(text: string, from: number) {
  const newline = text.indexOf('\n', from);
  if (newline === -1) return { line: text.slice(from), next: text.length, isTerminated: false, end: text.length };
  const end = newline > from && text[newline - 1] === '\r' ? newline - 1 : newline;
  return { line: text.slice(from, end), next: newline + 1, isTerminated: true, end };
}

/**
 * Reads a GITHUB_OUTPUT, GITHUB_STATE or GITHUB_ENV file by the runner's rules: `NAME=value` lines and
 * `NAME<<DELIMITER` blocks, whichever sign comes first on the line; a later value wins.
 *
 * @throws RunnerFailure where the runner fails the step
 * @see FileCommandManager.cs of actions/runner
 */
export function parseFileCommands(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  let index = 0;
  while (index < text.length) {
    const { line, next } = readLine(text, index);
    index = next;
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) throw new RunnerFailure(`Invalid format '${line}'. Name must not be empty`);
      values[line.slice(0, equals)] = line.slice(equals + 1);
      continue;
    }
    if (heredoc < 0) throw new RunnerFailure(`Invalid format '${line}'`);
    const name = line.slice(0, heredoc);
    const delimiter = line.slice(heredoc + 2);
    if (name === '' || delimiter === '') {
      throw new RunnerFailure(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`);
    }
    const block = readBlock(text, index, delimiter);
    values[name] = block.value;
    index = block.next;
  }
  return values;
}

function readBlock(text: string, start: number, delimiter: string): { value: string; next: number } {
  let end = start;
  for (let index = start; index < text.length; ) {
    const read = readLine(text, index);
    index = read.next;
    if (read.line === delimiter) return { value: text.slice(start, end), next: index };
    if (!read.isTerminated) throw new RunnerFailure('Invalid value. EOF marker missing new line.');
    end = read.end;
  }
  throw new RunnerFailure(`Invalid value. Matching delimiter not found '${delimiter}'`);
}
