import type { ReadStream, WriteStream } from 'node:tty'

const OPEN = '\u001b[?1049h\u001b[?25l'
const CLOSE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_REST = '\u001b[J'
const KEYS = 'q: end'
const SIGNALS = ['SIGINT', 'SIGTERM'] as const
/** Ctrl-C is no signal while keys come one by one. */
const ENDING_KEYS = ['q', 'Q', '\u0003']

/** All of a terminal, for a table that is drawn again and again. What was on it before is there again at the end. */
export class Screen {
  /** Resolves when the user wants to end. */
  readonly ended: Promise<void>
  readonly #input: ReadStream
  readonly #output: WriteStream
  readonly #end: () => void
  readonly #draw = () => this.#show()
  #lines: readonly string[] = []

  constructor(input: ReadStream, output: WriteStream) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#end = resolve
    this.#input = input
    this.#output = output
    output.write(OPEN)
    output.on('resize', this.#draw)
    // The input of a script is no keyboard.
    if (input.isTTY) input.setRawMode(true).on('data', this.#onKeys).resume()
    for (const signal of SIGNALS) process.on(signal, this.#end)
  }

  show(lines: readonly string[]): void {
    this.#lines = lines
    this.#show()
  }

  close(): void {
    this.#output.off('resize', this.#draw)
    if (this.#input.isTTY) this.#input.off('data', this.#onKeys).setRawMode(false).pause()
    for (const signal of SIGNALS) process.off(signal, this.#end)
    this.#output.write(CLOSE)
  }

  readonly #onKeys = (keys: Buffer) => {
    const text = keys.toString('latin1')
    if (ENDING_KEYS.some(key => text.includes(key))) this.#end()
  }

  /** Draws over what is there, without a moment in which nothing is. */
  #show(): void {
    const { rows, columns } = this.#output
    const room = rows - 1
    const hidden = this.#lines.length - room
    const shown = hidden > 0 ? [...this.#lines.slice(0, room - 1), `and ${hidden + 1} more lines`] : this.#lines
    const text = shown.map(line => `${line.slice(0, columns)}${CLEAR_LINE}\r\n`).join('')
    this.#output.write(`${HOME}${text}${CLEAR_REST}${KEYS.slice(0, columns)}`)
  }
}
