import { TemplateFailure } from './template-error.ts'

/** UTF-16 units of one text, as of the whole output. Alerts are read by people. */
export const LONGEST_TEXT = 64 * 1024

/** A text that grows, up to {@link LONGEST_TEXT}. */
export class BoundedText {
  #text = ''

  get text(): string {
    return this.#text
  }

  /** Throws a {@link TemplateFailure} if the text becomes too long. */
  append(more: string): this {
    if (this.#text.length + more.length > LONGEST_TEXT)
      throw new TemplateFailure(`a text is longer than ${LONGEST_TEXT} characters, which is the most`)
    this.#text += more
    return this
  }
}
