const NEWLINE_BYTES = 1

/** Packs lines into packets, each as full as it may be. */
export class Packets {
  readonly list: Buffer[] = []
  readonly #mostBytes: number
  #lines: string[] = []
  #bytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** False, and none of them is added, if one is larger than a packet. */
  add(lines: readonly string[]): boolean {
    const sizes = lines.map(line => Buffer.byteLength(line))
    if (sizes.some(size => size > this.#mostBytes)) return false
    for (const [i, line] of lines.entries()) {
      if (this.#bytes > 0 && this.#bytes + NEWLINE_BYTES + sizes[i] > this.#mostBytes) this.finish()
      this.#bytes += sizes[i] + (this.#bytes > 0 ? NEWLINE_BYTES : 0)
      this.#lines.push(line)
    }
    return true
  }

  /** Ends the last packet. */
  finish(): void {
    if (this.#lines.length > 0) this.list.push(Buffer.from(this.#lines.join('\n')))
    this.#lines = []
    this.#bytes = 0
  }
}
