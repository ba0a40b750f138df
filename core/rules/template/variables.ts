import { TemplateFailure } from './template-error.ts'
import type { Value } from './values.ts'

/** Values of variables, the latest last. */
export class Variables {
  readonly #stack: { readonly name: string; value: Value }[]

  /** @param dot the value of `$` */
  constructor(dot: Value) {
    this.#stack = [{ name: '$', value: dot }]
  }

  get mark(): number {
    return this.#stack.length
  }

  /** Ends the variables since `mark`. */
  back(mark: number): void {
    this.#stack.length = mark
  }

  declare(name: string, value: Value): void {
    this.#stack.push({ name, value })
  }

  get(name: string): Value {
    return this.#find(name).value
  }

  set(name: string, value: Value): void {
    this.#find(name).value = value
  }

  #find(name: string): { value: Value } {
    const found = this.#stack.findLast(variable => variable.name === name)
    if (found === undefined) throw new TemplateFailure(`undefined variable: ${name}`)
    return found
  }
}
