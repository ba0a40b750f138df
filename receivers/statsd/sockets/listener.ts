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

/** Its senders can be made to wait. */
export interface Pausable {
  /** Reads nothing until {@link resume}: senders have to wait. */
  pause(): void
  resume(): void
}
