/** Aligned columns for a terminal: the first rows' cells decide the widths; numbers stand right. */
export function textTable(rows: readonly (readonly string[])[], right: ReadonlySet<number>): readonly string[] {
  const width = (column: number) => rows.reduce((most, row) => Math.max(most, (row[column] ?? '').length), 0);
  const widths = (rows[0] ?? []).map((_, column) => width(column));
  return rows.map((row) =>
    row
      .map((cell, column) => (right.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** Text of the file for a terminal: without control characters, and not endless. */
export function shownText(text: string): string {
  return text.slice(0, 80).replace(/\p{C}/gu, '\ufffd');
}
