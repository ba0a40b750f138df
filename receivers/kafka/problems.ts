import { describeKafkaError } from '../../core/kafka/errors.ts'
import type { Context } from '../../sdk/plugin/index.ts'

/** What keeps the receiver from its work, for the log and its status. */
export class Problems {
  readonly #context: Context
  readonly #open = new Map<string, string>()
  readonly #warned = new Set<string>()

  constructor(context: Context) {
    this.#context = context
  }

  /** @param about where it is @param problem undefined: it is over */
  set(about: string, problem: string | undefined): void {
    if (this.#open.get(about) === problem) return
    if (problem === undefined) this.#open.delete(about)
    else {
      this.#open.set(about, problem)
      this.#context.log.warn({ about }, problem)
    }
    const all = [...this.#open].map(([name, text]) => `${name}: ${text}`).join('; ')
    if (all === '') this.#context.status('ok')
    else this.#context.status('degraded', all)
  }

  /** Said once. */
  warn(message: string, error: unknown): void {
    if (this.#warned.has(message)) return
    this.#warned.add(message)
    this.#context.log.warn({ err: describeKafkaError(error) }, message)
  }
}
