/** The runner, not the action, would stop the step here: an unreadable file command, a hang, a bad manifest. */
export class RunnerFailure extends Error {
  override name = 'RunnerFailure';
}
