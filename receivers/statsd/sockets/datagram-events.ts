export interface DatagramEvents {
  /** The datagram is in `bytes` from `start` to `end`, until the call returns. */
  received(bytes: Buffer, start: number, end: number): void
  /** A datagram of more than `MAX_FRAME_BYTES`, which UDP has none of. */
  tooLong(): void
  /** The sockets cannot be read any more. */
  failed(error: unknown): void
}
