/** The dot's own variable, which is always there. */
const ROOT = '$'

/** Variables that can be seen, in the order of their declaration. */
export class Scope {
  #names: string[] = [ROOT]

  get mark(): number {
    return this.#names.length
  }

  /** Ends the variables that were declared since `mark`. */
  back(mark: number): void {
    this.#names.length = mark
  }

  declare(name: string): void {
    this.#names.push(name)
  }

  has(name: string): boolean {
    return this.#names.includes(name)
  }

  /** Begins without variables, as a defined template does. Returns those there were, for {@link restore}. */
  fresh(): string[] {
    const names = this.#names
    this.#names = [ROOT]
    return names
  }

  restore(names: string[]): void {
    this.#names = names
  }
}
