import { dump } from 'js-yaml'

/** A value in YAML. Mappings with comments, and those that must not stand in one line, are a {@link Block}. */
export type Yaml = string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml } | Block

interface Entry {
  readonly key: string
  readonly value: Yaml
  readonly comments: readonly string[]
}

const STYLE = { flowLevel: 0, lineWidth: -1, quoteStyle: 'double' } as const
/** Characters of a line of comment, and of a value that stands in one line. */
const LINE_WIDTH = 100

/** A mapping that is written over several lines, with comments above its keys. */
export class Block {
  #entries: Entry[] = []
  #title: string[] = []
  /** Comments that the next key gets. */
  #waiting: string[] = []

  get size(): number {
    return this.#entries.length
  }

  get isBlank(): boolean {
    return this.size === 0 && this.#waiting.length === 0
  }

  has(key: string): boolean {
    return this.#entries.some(entry => entry.key === key)
  }

  get(key: string): Yaml | undefined {
    return this.#entries.find(entry => entry.key === key)?.value
  }

  /** Adds a key; undefined adds nothing. The comments stand above it. */
  set(key: string, value: Yaml | undefined, ...comments: readonly string[]): this {
    if (value === undefined) return this
    const entry = { key, value, comments: [...this.#waiting, ...comments] }
    this.#waiting = []
    this.#entries.push(entry)
    return this
  }

  /** Adds a comment above all, which stands before the dash of an item of a list. */
  title(comment: string): this {
    this.#title.push(comment)
    return this
  }

  /** Adds a comment above the next key, or at the end. */
  note(comment: string): void {
    this.#waiting.push(comment)
  }

  /** Lines without indentation. */
  lines(): string[] {
    const own = this.#entries.flatMap(({ key, value, comments }) => [
      ...comments.flatMap(commentLines),
      ...entryLines(key, value)
    ])
    return [...this.#title.flatMap(commentLines), ...own, ...this.#waiting.flatMap(commentLines)]
  }
}

/** A comment in lines of at most {@link LINE_WIDTH} characters; its own line breaks are kept. */
export function commentLines(comment: string): string[] {
  return comment.split('\n').flatMap(line => wrapped(line).map(part => `# ${part}`.trimEnd()))
}

function wrapped(line: string): string[] {
  const lines: string[] = ['']
  for (const word of line.trim().split(/\s+/)) {
    const last = lines.length - 1
    if (lines[last] !== '' && lines[last].length + word.length + 1 > LINE_WIDTH) lines.push(word)
    else lines[last] += lines[last] === '' ? word : ` ${word}`
  }
  return lines
}

function entryLines(key: string, value: Yaml): string[] {
  const name = scalarText(key)
  if (value instanceof Block) {
    const lines = value.lines()
    if (value.size > 0 || lines.length === 0) return [`${name}:`, ...indented(lines)]
    // A key over comments alone would be null.
    return [...lines, `${name}: {}`]
  }
  const flat = holdsBlock(value) ? undefined : flowText(value)
  if (flat !== undefined && name.length + flat.length + 2 <= LINE_WIDTH) return [`${name}: ${flat}`.trimEnd()]
  if (Array.isArray(value)) return [`${name}:`, ...indented(value.flatMap(itemLines))]
  if (typeof value === 'object' && value !== null)
    return [`${name}:`, ...indented(Object.entries(value).flatMap(([own, item]) => entryLines(own, item)))]
  return [`${name}: ${flat}`]
}

function itemLines(item: Yaml): string[] {
  const flat = holdsBlock(item) ? undefined : flowText(item)
  if (flat !== undefined && (flat.length + 2 <= LINE_WIDTH || typeof item !== 'object' || item === null))
    return [`- ${flat}`]
  const lines =
    item instanceof Block ? item.lines() : Object.entries(item as object).flatMap(e => entryLines(e[0], e[1]))
  const first = lines.findIndex(line => !line.startsWith('#'))
  return lines.map((line, i) => (i < first ? line : i === first ? `- ${line}` : `  ${line}`))
}

function holdsBlock(value: Yaml): boolean {
  if (value instanceof Block) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsBlock)
}

/** In one line. Empty for null, which is how a component without options is written. */
function flowText(value: Yaml): string {
  if (value === null) return ''
  if (Array.isArray(value)) return `[${value.map(inFlow).join(', ')}]`
  if (typeof value !== 'object') return scalarText(value)
  const entries = Object.entries(value).map(([key, item]) => `${inFlow(key)}: ${inFlow(item)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

/** `,`, `[` and the like end a plain scalar between brackets, so the library sees it there. */
function inFlow(value: Yaml): string {
  if (value === null) return 'null'
  if (typeof value === 'object') return flowText(value)
  return dump([value], STYLE).trim().slice(1, -1)
}

const scalarText = (value: string | number | boolean) => dump(value, STYLE).trimEnd()

const indented = (lines: readonly string[]) => lines.map(line => (line === '' ? '' : `  ${line}`))
