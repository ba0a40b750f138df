import { NAME } from '../../core/model/key-by.ts'
import type { Relabeled } from '../../core/model/relabeling/compile.ts'
import { type AttributeValue, attributeText } from '../../sdk/plugin/index.ts'

/** Labels of a target or a sample while they are changed. None is empty. */
export class LabelMap implements Relabeled {
  readonly #labels = new Map<string, string>()

  constructor(labels: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of labels) this.set(name, value)
  }

  get name(): string {
    return this.text(NAME)
  }

  get size(): number {
    return this.#labels.size
  }

  text(label: string): string {
    return this.#labels.get(label) ?? ''
  }

  set(label: string, value: AttributeValue): void {
    const text = attributeText(value)
    if (text === '') this.#labels.delete(label)
    else this.#labels.set(label, text)
  }

  delete(isGone: (label: string) => boolean): void {
    for (const label of this.#labels.keys()) if (isGone(label)) this.#labels.delete(label)
  }

  *all(): Generator<readonly [string, string]> {
    for (const label of this.#labels) if (label[0] !== NAME) yield label
  }

  /** With the name. */
  entries(): [string, string][] {
    return [...this.#labels]
  }
}
