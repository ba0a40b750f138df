import { keyPositionAt, nodeAt, type YamlNode } from '../../config/document.ts'

/** The comments of a YAML file. */
export class Comments {
  readonly #lines: readonly string[]
  readonly #root: YamlNode

  constructor(text: string, root: YamlNode) {
    this.#lines = text.split(/\r?\n/)
    this.#root = root
  }

  /** The lines of comment right above a key or an item of a list, which is there, without `#`. Undefined: there are none. */
  above(path: readonly (string | number)[]): string | undefined {
    const isItem = typeof path.at(-1) === 'number'
    const { line } = isItem ? nodeAt(this.#root, path).position : keyPositionAt(this.#root, path)
    const last = line - 1
    let first = last
    while (first > 0 && this.#lines[first - 1].trimStart().startsWith('#')) first--
    if (first === last) return undefined
    return this.#lines
      .slice(first, last)
      .map(line => line.trim().replace(/^#+ ?/, ''))
      .join('\n')
  }
}
