const LINE_WIDTH = 120;

/** Writes JSON as the formatter of this repository does: arrays on one line when they fit, everything else broken. */
export function renderJson(value: unknown): string {
  return `${render(value, '', 0)}\n`;
}

/** @param used characters that stand on the line already, before the value */
function render(value: unknown, indent: string, used: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const line = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    const isFlat = value.every((item) => typeof item !== 'object' || item === null);
    if (isFlat && used + line.length + 1 <= LINE_WIDTH) return line;
    return `[\n${value.map((item) => inner + render(item, inner, inner.length)).join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return '{}';
  const members = entries.map(([key, item]) => {
    const start = `${inner}${JSON.stringify(key)}: `;
    return start + render(item, inner, start.length);
  });
  return `{\n${members.join(',\n')}\n${indent}}`;
}
