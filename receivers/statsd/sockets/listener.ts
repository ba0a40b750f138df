/** Sockets on one address. */
export interface Listener {
  /** The address it listens on, from `start` on. */
  readonly address: string
  /** A command to try it. */
  readonly example: string
  start(): Promise<void>
  /** Idempotent, and may come without `start`. */
  stop(): Promise<void>
}
