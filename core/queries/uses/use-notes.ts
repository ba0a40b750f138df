import type { Context } from '../../plugin/context.ts'
import type { SeriesUse } from '../../plugin/stores.ts'
import { parse, parseSelector } from '../../promql/parser/parse.ts'
import type { QueryRequest } from '../requests.ts'
import { usesOf, usesOfMatchers } from './uses-of.ts'

const DAY_MS = 86_400_000
/** Longer texts are not parsed here, in the main thread. They count as uses of everything. */
const LONGEST_TEXT = 20_000
/** Texts that were noted today. */
const MOST_TEXTS = 10_000

/** Of a question that nobody looked into. */
const EVERYTHING: readonly SeriesUse[] = [{ metric: undefined, labels: [], allExcept: [] }]

/** Notes which metrics and labels are asked for, each text once a day. */
export class UseNotes {
  readonly #context: Pick<Context, 'stores' | 'clock'>
  readonly #by: 'query' | 'rule'
  #day = 0
  #noted = new Set<string>()

  constructor(context: Pick<Context, 'stores' | 'clock'>, by: 'query' | 'rule') {
    this.#context = context
    this.#by = by
  }

  /** Questions with errors are left out: they are answered by these. */
  note(request: QueryRequest): void {
    const texts = textsOf(request)
    if (texts.length === 0) return
    const day = Math.floor(this.#context.clock.now() / DAY_MS)
    if (day !== this.#day || this.#noted.size >= MOST_TEXTS) this.#noted.clear()
    this.#day = day
    const key = `${request.kind}\n${texts.join('\n')}`
    if (this.#noted.has(key)) return
    const isLong = key.length > LONGEST_TEXT
    if (!isLong) this.#noted.add(key)
    try {
      this.#context.stores.noteUses(isLong ? EVERYTHING : usesIn(request), this.#by)
    } catch {
      // The thread of queries tells why.
    }
  }
}

/** The parts of a question that make its uses. */
function textsOf(request: QueryRequest): readonly string[] {
  switch (request.kind) {
    case 'query':
    case 'query_range':
      return [request.text]
    case 'series':
    case 'labels':
      return request.matches
    case 'label_values':
      return [request.label, ...request.matches]
    default:
      return []
  }
}

function usesIn(request: QueryRequest): SeriesUse[] {
  switch (request.kind) {
    case 'query':
    case 'query_range':
      return usesOf(parse(request.text, { experimental: true }))
    case 'series':
    case 'labels':
      return request.matches.flatMap(text => usesOfMatchers(parseSelector(text), request.kind === 'series'))
    case 'label_values': {
      const { label, matches } = request
      const own = matches.flatMap(text => usesOfMatchers(parseSelector(text), false))
      const uses = own.length > 0 ? own : [{ metric: undefined, labels: [] }]
      return label === '__name__' ? own : uses.map(use => ({ ...use, labels: [...use.labels, label] }))
    }
    default:
      return []
  }
}
