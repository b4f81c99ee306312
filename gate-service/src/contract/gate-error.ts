/** Every error a user can meet has a code of this table; docs/errors.md is kept equal to it by a test. */
export const ERROR_TABLE = {
  invalid_files: { status: 422, meaning: 'The contract, the KPI registry or the policy has errors.' },
  invalid_request: { status: 400, meaning: 'The request does not fit the OpenAPI description.' },
  invalid_config: { status: 500, meaning: 'The gate service cannot start with this configuration.' },
  invalid_input: { status: 400, meaning: 'A command or an Action input has a value that is not allowed.' },
  unauthorised: { status: 401, meaning: 'The API token is missing, unknown, revoked or expired.' },
  forbidden: { status: 403, meaning: 'The API token lacks the scope that this call needs.' },
  not_found: { status: 404, meaning: 'There is no such thing, or this token may not see it.' },
  conflict: { status: 409, meaning: 'The change is in a state that does not allow this.' },
  too_large: { status: 413, meaning: 'The body is larger than the limit.' },
  design_not_supported: { status: 422, meaning: 'The rollout leaves no control group to compare with.' },
  no_activation: { status: 503, meaning: 'This gate service is not configured to activate flags.' },
  flag_service: { status: 502, meaning: 'The flag service did not answer or refused the call.' },
  github: { status: 502, meaning: 'GitHub did not answer or refused the call.' },
  gate_unreachable: {
    status: 502,
    meaning: 'The gate service did not answer or its answer does not fit its description.',
  },
  overloaded: { status: 503, meaning: 'More events come in than can be written; send the same batch again later.' },
  store: { status: 503, meaning: 'The store cannot be opened, read or written.' },
  store_locked: { status: 503, meaning: 'Another process holds the store.' },
  ledger_broken: { status: 500, meaning: 'The ledger does not verify.' },
  internal: { status: 500, meaning: 'A mistake of ours: an invariant does not hold.' },
} as const satisfies Record<string, { status: number; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_TABLE;

/** An error that tells what failed and what to do next. `context` never holds secrets. */
export class GateError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly context: Readonly<Record<string, unknown>>;

  /**
   * @param code    a code of ERROR_TABLE
   * @param message what failed, the value received and what is allowed
   * @param remedy  the next step for the person who reads it
   */
  constructor(
    code: ErrorCode,
    message: string,
    remedy: string,
    options: { context?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GateError';
    this.code = code;
    this.remedy = remedy;
    this.context = options.context ?? {};
  }
}
