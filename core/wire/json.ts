import { BadInputError, describeError } from '../errors.ts'

/** OTLP nests a value of an attribute three levels deep, and 64 of those in each other. */
const MOST_DEEP = 256
/** The greatest double written out has 309 digits. */
const LONGEST_NUMBER = 1024
const SHOWN_CHARS = 60

const QUOTE = 34
const ESCAPE = 92
const NEWLINE = 10

/**
 * Parses JSON that somebody sent. Throws {@link BadInputError} for what is not JSON, and, before it is parsed, for values
 * nested too deeply and numbers too long: what such values cost afterwards is out of proportion to their bytes.
 */
export function parseJson(text: string): unknown {
  checkJson(text)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BadInputError(`not JSON: ${describeError(cause)}`, 'malformed', { cause })
  }
}

/** A value of parsed JSON, for an error. It takes no more time than what is shown. */
export function showJson(value: unknown): string {
  const excerpt = new Excerpt()
  excerpt.add(value)
  return excerpt.text.length > SHOWN_CHARS ? `${excerpt.text.slice(0, SHOWN_CHARS)}…` : excerpt.text
}

/** One pass. A string ends with its line at the latest, for JSON has no line breaks in strings. */
function checkJson(text: string): void {
  let depth = 0
  let digits = 0
  let isInString = false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (isInString) {
      if (unit === ESCAPE) i++
      else if (unit === QUOTE || unit === NEWLINE) isInString = false
    } else if (unit >= 48 && unit <= 57) {
      if (++digits > LONGEST_NUMBER) throw tooLong(i)
    } else {
      digits = 0
      if (unit === QUOTE) isInString = true
      else if (unit === 91 || unit === 123) {
        if (++depth > MOST_DEEP) throw tooDeep(i)
      } else if (unit === 93 || unit === 125) depth--
    }
  }
}

const tooDeep = (at: number) =>
  new BadInputError(
    `not JSON that is taken: values are nested deeper than ${MOST_DEEP} at character ${at}: send them flatter`
  )
const tooLong = (at: number) =>
  new BadInputError(
    `not JSON that is taken: a number has more than ${LONGEST_NUMBER} digits at character ${at}: send a number`
  )

class Excerpt {
  text = ''

  add(value: unknown): void {
    if (this.text.length > SHOWN_CHARS) return
    if (typeof value === 'string') this.text += JSON.stringify(value.slice(0, SHOWN_CHARS + 1))
    else if (Array.isArray(value)) this.#addList(value)
    else if (typeof value === 'object' && value !== null) this.#addObject(value)
    else this.text += value === undefined ? 'nothing' : String(value)
  }

  #addList(list: readonly unknown[]): void {
    this.text += '['
    for (let i = 0; i < list.length && this.text.length <= SHOWN_CHARS; i++) {
      if (i > 0) this.text += ','
      this.add(list[i])
    }
    this.text += ']'
  }

  #addObject(object: object): void {
    this.text += '{'
    let isFirst = true
    for (const key in object) {
      if (this.text.length > SHOWN_CHARS) break
      if (!isFirst) this.text += ','
      isFirst = false
      this.add(key)
      this.text += ':'
      this.add(object[key as keyof typeof object])
    }
    this.text += '}'
  }
}
