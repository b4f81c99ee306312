import { GateError } from '../contract/gate-error.ts';

export interface ClientConfig {
  readonly url: string;
  readonly token: string;
}

/**
 * Where the commands find the gate service: CHANGEGATE_URL and CHANGEGATE_TOKEN.
 * @throws GateError invalid_input
 */
export function readClientConfig(env: Readonly<Record<string, string | undefined>> = process.env): ClientConfig {
  const url = env.CHANGEGATE_URL ?? 'http://127.0.0.1:8787';
  const token = env.CHANGEGATE_TOKEN;
  if (token === undefined || token === '') {
    throw new GateError(
      'invalid_input',
      'CHANGEGATE_TOKEN is not set.',
      'Set it to an API token; make one with: changegate token create',
    );
  }
  // "localhost:8787" parses as well, with the scheme "localhost:".
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new GateError(
      'invalid_input',
      `CHANGEGATE_URL is ${url}; allowed is an http or https URL.`,
      'Set it to where the gate service listens.',
    );
  return { url: url.replace(/\/$/, ''), token };
}
