/** Takes datagrams. */
export interface DatagramSink {
  /** The datagram is in `bytes` from `start` to `end`, until the call returns. */
  received(bytes: Buffer, start: number, end: number): void
  /** A datagram of more than `MAX_FRAME_BYTES`, which UDP has none of. */
  tooLong(): void
}

/** How sockets fare, and what they bring. */
export interface DatagramEvents extends DatagramSink {
  /** The sockets cannot be read any more, or not until {@link DatagramEvents.resumed}. */
  failed(error: unknown): void
  /** They are read again. */
  resumed(): void
}
