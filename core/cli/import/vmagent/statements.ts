import { Block, type Yaml } from '../yaml.ts'

/** Statements of a `transform`. */
export class Statements {
  readonly #all: Yaml[] = []

  get size(): number {
    return this.#all.length
  }

  add(match: Yaml | undefined, action: { readonly [key: string]: Yaml }): void {
    this.#all.push(match === undefined ? action : { match, ...action })
  }

  block(): Block {
    return new Block().set('statements', this.#all)
  }
}
