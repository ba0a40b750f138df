/** Exit codes of the process. Documented in docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** The configuration has errors, a backend did not answer a probe, a test failed, a journal is damaged, or a part of an import is missing. */
  invalid: 1,
  /** Wrong arguments. */
  usage: 2,
  /** A component could not start. */
  startFailed: 3,
  /** Not everything got out before shutdown_timeout. */
  notDrained: 4,
  /** The running Weir could not be reached, or refused the request. */
  refused: 5,
  /** A bug: an error that nobody caught, with its stack on standard error. */
  crashed: 6
} as const
