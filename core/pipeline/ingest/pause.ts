/** A rest that one side asks for and the other takes when it can. */
export class Pause {
  #asked: { reached(): void; readonly over: Promise<void>; end(): void } | undefined

  get isAsked(): boolean {
    return this.#asked !== undefined
  }

  /** Resolves when the other side rests. */
  ask(): Promise<void> {
    const { promise: reached, resolve } = Promise.withResolvers<void>()
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    this.#asked = { reached: resolve, over, end }
    return reached
  }

  end(): void {
    this.#asked?.end()
    this.#asked = undefined
  }

  /** Rests until it is over. */
  async take(): Promise<void> {
    this.#asked?.reached()
    await this.#asked?.over
  }
}
