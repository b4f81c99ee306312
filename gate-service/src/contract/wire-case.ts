/** Keys whose value is a map from names to numbers: their own keys are names, not fields. */
const NAME_MAPS = new Set(['quarantined', 'non_answer_minutes', 'nonAnswerMinutes']);

const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (key: string) => key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function convert(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => convert(item, rename));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [rename(key), NAME_MAPS.has(key) ? item : convert(item, rename)]),
  );
}

/** Turns the camelCase keys of our code into the snake_case keys of wire, ledger and evidence, at every depth. */
export function toWire(value: unknown): unknown {
  return convert(value, snake);
}

/** The way back. */
export function fromWire(value: unknown): unknown {
  return convert(value, camel);
}
