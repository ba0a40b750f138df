import {
  CORE_SCHEMA,
  EVENT_ALIAS,
  EVENT_DOCUMENT,
  EVENT_MAPPING,
  EVENT_POP,
  EVENT_SCALAR,
  EVENT_SEQUENCE,
  type Event,
  getScalarValue,
  load,
  parseEvents,
  SCALAR_STYLE_PLAIN,
  YAMLException
} from 'js-yaml'
import { type Environment, substitute } from './environment.ts'
import type { Position, Problems } from './problems.ts'

/** A YAML value that knows its position. */
export type YamlNode = ScalarNode | SequenceNode | MappingNode

export interface ScalarNode {
  readonly type: 'scalar'
  readonly position: Position
  readonly value: unknown
  /** The characters that the value was made of. */
  readonly text: string
  /** If variables were filled in: the text as it is written, and the value as if it were written out. */
  readonly filledIn?: { readonly written: string; readonly typed: unknown } | undefined
}
interface SequenceNode {
  readonly type: 'sequence'
  readonly position: Position
  readonly items: YamlNode[]
}
export interface MappingNode {
  readonly type: 'mapping'
  readonly position: Position
  readonly entries: Map<string, { readonly keyPosition: Position; readonly node: YamlNode }>
}

/** Most nodes of a document with its aliases written out: a few kilobytes of YAML can stand for billions of values. */
const MOST_NODES = 100_000

/** Ends the reading of a document, with the reason and the position. */
class Refused extends Error {
  readonly position: Position

  constructor(position: Position, message: string) {
    super(message)
    this.position = position
  }
}

/**
 * Parses one YAML document. What is wrong goes to `problems`; undefined when nothing is left.
 * @param env fills in variables; undefined: there are none, and `$` is a character like others
 */
export function parseYaml(
  file: string,
  text: string,
  env: Environment | undefined,
  problems: Problems
): YamlNode | undefined {
  try {
    const events = parseEvents(text, { filename: file })
    return new NodeBuilder(file, text, env, problems).build(events)
  } catch (error) {
    if (error instanceof Refused) {
      problems.error(error.position, error.message)
      return undefined
    }
    if (!(error instanceof YAMLException)) throw error
    const mark = error.mark
    problems.error({ file, line: (mark?.line ?? 0) + 1, column: (mark?.column ?? 0) + 1 }, `not YAML: ${error.reason}`)
    return undefined
  }
}

/** The plain value: objects, arrays, scalars. What variables filled in is a text, except in the nodes `typed`. */
export function toValue(node: YamlNode, typed: ReadonlySet<YamlNode> = NONE): unknown {
  if (node.type === 'scalar') return typed.has(node) ? node.filledIn!.typed : node.value
  if (node.type === 'sequence') return node.items.map(item => toValue(item, typed))
  return Object.fromEntries([...node.entries].map(([key, { node }]) => [key, toValue(node, typed)]))
}

const NONE: ReadonlySet<YamlNode> = new Set()

/** The deepest node on `path` that exists: a problem at `path` points at it. */
export function nodeAt(root: YamlNode, path: readonly (string | number)[]): YamlNode {
  let node = root
  for (const step of path) {
    const next = node.type === 'mapping' ? node.entries.get(String(step))?.node : undefined
    const item = node.type === 'sequence' ? node.items[Number(step)] : undefined
    if (next === undefined && item === undefined) return node
    node = (next ?? item) as YamlNode
  }
  return node
}

/** The position of the last key of `path`, which is there. */
export function keyPositionAt(root: YamlNode, path: readonly (string | number)[]): Position {
  const node = nodeAt(root, path.slice(0, -1))
  const entry = node.type === 'mapping' ? node.entries.get(String(path.at(-1))) : undefined
  return entry?.keyPosition ?? node.position
}

class NodeBuilder {
  #file: string
  #text: string
  #env: Environment | undefined
  #problems: Problems
  #events: Event[] = []
  #at = 0
  #anchors = new Map<string, { readonly node: YamlNode; readonly nodes: number }>()
  /** So far, with aliases written out. */
  #nodes = 0
  #lineStarts = [0]
  /** Offset of the last scalar with a text. A scalar without one, after `key:`, is reported there. */
  #lastOffset = 0

  constructor(file: string, text: string, env: Environment | undefined, problems: Problems) {
    this.#file = file
    this.#text = text
    this.#env = env
    this.#problems = problems
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) this.#lineStarts.push(i + 1)
  }

  build(events: Event[]): YamlNode | undefined {
    this.#events = events
    this.#at = 1 // past the document's own event
    const node = events.length > 1 && events[1].type !== EVENT_POP ? this.#node() : undefined
    this.#refuseMore()
    return node
  }

  /** A second document would be left out without a word. */
  #refuseMore(): void {
    const next = this.#events.findIndex((event, i) => i > 0 && event.type === EVENT_DOCUMENT)
    if (next < 0) return
    const offset = this.#events
      .slice(next)
      .map(offsetOf)
      .find(start => start !== undefined && start >= 0)
    throw new Refused(
      this.#position(offset ?? this.#text.length),
      'a second document begins here, and a file has one: make it a file of its own, and give both'
    )
  }

  #node(): YamlNode {
    const event = this.#events[this.#at++]
    if (event.type === EVENT_ALIAS) return this.#alias(event.anchorStart, event.anchorEnd)
    const before = this.#nodes
    this.#count(1, 'start' in event ? event.start : this.#lastOffset)
    let node: YamlNode
    if (event.type === EVENT_SCALAR) node = this.#scalar(event)
    else if (event.type === EVENT_SEQUENCE) node = this.#sequence(event.start)
    else if (event.type === EVENT_MAPPING) node = this.#mapping(event.start)
    else throw new YAMLException(`unexpected event ${event.type}`)
    if (event.anchorStart >= 0)
      this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), { node, nodes: this.#nodes - before })
    return node
  }

  #scalar(event: Extract<Event, { type: typeof EVENT_SCALAR }>): YamlNode {
    const raw = getScalarValue(this.#text, event)
    if (event.valueStart >= 0) this.#lastOffset = event.valueStart
    const position = this.#position(this.#lastOffset)
    const plain = event.style === SCALAR_STYLE_PLAIN && event.tagStart < 0
    const { text, isFilledIn } = this.#fillIn(raw, position)
    const typed = plain ? plainValue(text) : text
    if (!isFilledIn) return { type: 'scalar', position, value: typed, text }
    return { type: 'scalar', position, value: text, text, filledIn: { written: raw, typed } }
  }

  #fillIn(raw: string, position: Position): { text: string; isFilledIn: boolean } {
    let isFilledIn = false
    const env = this.#env
    if (env === undefined || !raw.includes('$')) return { text: raw, isFilledIn }
    const text = substitute(raw, env, {
      problem: message => this.#problems.error(position, message),
      filledIn: (reference, secret) => {
        isFilledIn = true
        if (secret !== undefined) this.#problems.secrets.add(secret, reference)
      }
    })
    return { text, isFilledIn }
  }

  #sequence(start: number): YamlNode {
    const items: YamlNode[] = []
    while (this.#events[this.#at].type !== EVENT_POP) items.push(this.#node())
    this.#at++
    return { type: 'sequence', position: this.#position(start), items }
  }

  #mapping(start: number): YamlNode {
    const entries: MappingNode['entries'] = new Map()
    const bases: YamlNode[] = []
    while (this.#events[this.#at].type !== EVENT_POP) {
      const key = this.#node()
      const node = this.#node()
      const name = key.type === 'scalar' ? String(key.value) : ''
      if (key.type !== 'scalar') this.#problems.error(key.position, 'a key must be a plain string')
      if (name === '<<') bases.push(node)
      else if (entries.has(name)) this.#problems.error(key.position, `"${name}" stands twice in the same mapping`)
      else entries.set(name, { keyPosition: key.position, node })
    }
    this.#at++
    for (const base of bases) merge(entries, base)
    return { type: 'mapping', position: this.#position(start), entries }
  }

  #alias(start: number, end: number): YamlNode {
    const name = this.#text.slice(start, end)
    const anchor = this.#anchors.get(name)
    if (anchor === undefined)
      throw new Refused(
        this.#position(start),
        `there is no anchor &${name} before this alias: write one, or mend the name`
      )
    this.#count(anchor.nodes, start)
    return anchor.node
  }

  #count(nodes: number, offset: number): void {
    this.#nodes += nodes
    if (this.#nodes > MOST_NODES)
      throw new Refused(
        this.#position(offset),
        `with aliases written out there are more than ${MOST_NODES.toLocaleString('en')} values up to here: use fewer aliases, or write less`
      )
  }

  #position(offset: number): Position {
    let line = 0
    for (let after = this.#lineStarts.length; after - line > 1; ) {
      const middle = (line + after) >> 1
      if (this.#lineStarts[middle] <= offset) line = middle
      else after = middle
    }
    return { file: this.#file, line: line + 1, column: offset - this.#lineStarts[line] + 1 }
  }
}

function offsetOf(event: Event): number | undefined {
  return 'start' in event ? event.start : 'valueStart' in event ? event.valueStart : undefined
}

// `<<: *base`: keys of the base, below those written here.
function merge(into: MappingNode['entries'], base: YamlNode): void {
  if (base.type === 'sequence') for (const item of base.items) merge(into, item)
  if (base.type !== 'mapping') return
  for (const [key, entry] of base.entries) if (!into.has(key)) into.set(key, entry)
}

// A plain scalar has the type YAML gives its text.
function plainValue(text: string): unknown {
  if (text === '') return null
  if (/^[\w.+-]/.test(text) && !/[:#\n]/.test(text)) return load(text, { schema: CORE_SCHEMA })
  return text === '~' ? null : text
}
