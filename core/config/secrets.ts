import type { JsonSchema } from '../plugin/contract.ts'
import { visitMarked } from './marked.ts'

/** Shorter texts, such as ports, stand in too many places for other reasons. */
const SHORTEST = 6
const SHOWN_SECRET = '[secret]'

/** Texts that no error, log line or page shows: those of environment variables, and of options marked `writeOnly`. */
export class Secrets {
  #shown = new Map<string, string>()
  #patterns: readonly { readonly pattern: RegExp; readonly shown: string }[] = []

  /** Has `shown` stand in the place of `text`. */
  add(text: string, shown: string = SHOWN_SECRET): void {
    if (text.length < SHORTEST || this.#shown.has(text)) return
    this.#shown.set(text, shown)
    this.#update()
  }

  addAll(others: Secrets): void {
    for (const [text, shown] of others.#shown) this.add(text, shown)
  }

  /** Adds the texts in `value` that `schema` marks as `writeOnly`, the word of JSON Schema for passwords. */
  addMarked(schema: JsonSchema, value: unknown): void {
    visitMarked(schema, value, 'writeOnly', secret => this.#addTexts(secret))
  }

  hide(text: string): string {
    let hidden = text
    for (const { pattern, shown } of this.#patterns) hidden = hidden.replace(pattern, () => shown)
    return hidden
  }

  #addTexts(value: unknown): void {
    if (typeof value === 'string') this.add(value)
    else if (typeof value === 'object' && value !== null) for (const own of Object.values(value)) this.#addTexts(own)
  }

  // The longest first: one may hold another. Only whole words: "dbhost" inside of "mydbhost2" is something else.
  #update(): void {
    this.#patterns = [...this.#shown]
      .sort(([a], [b]) => b.length - a.length)
      .map(([text, shown]) => ({ pattern: wholeWord(text), shown }))
  }
}

/** Matches `text` as it is, and as it stands in JSON. */
function wholeWord(text: string): RegExp {
  const inJson = JSON.stringify(text).slice(1, -1)
  return new RegExp(`(?<!\\w)(?:${[...new Set([text, inJson])].map(RegExp.escape).join('|')})(?!\\w)`, 'g')
}
