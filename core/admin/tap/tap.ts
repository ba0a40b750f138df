import type { Request, Response } from 'express'
import { RequestError } from '../../http/request-error.ts'
import type { Block } from '../../model/block.ts'
import type { BuiltService } from '../../pipeline/service/build.ts'
import type { Edge, Watcher } from '../../telemetry/edge.ts'
import { findComponent } from '../find-component.ts'
import { itemJson } from './item-json.ts'
import { Sampler } from './sampler.ts'

/** Each costs the main thread a little, for every batch. */
const MOST_TAPS = 16
const MOST_ITEMS_PER_SECOND = 100
const USUAL_ITEMS_PER_SECOND = 10
/** Of one tap. Further items are left out. */
const MOST_BYTES_PER_SECOND = 128 * 2 ** 10
const SIDES = ['received', 'sent'] as const
type Side = (typeof SIDES)[number]

/**
 * Answers `GET /api/tap` with items that pass a component, one JSON object a line, as long as the client stays.
 * Returns a function that ends all answers.
 */
export function exposeTap(service: BuiltService): () => void {
  const taps = new Set<Tap>()
  service.services.routes.set('get /api/tap', (request, response) => {
    const { edge, limit, perSecond } = tapRequest(request, service)
    if (taps.size >= MOST_TAPS) throw new RequestError(429, `${MOST_TAPS} taps are open already: close one`)
    const tap = new Tap(response, limit, perSecond)
    taps.add(tap)
    const leave = edge.watch(tap)
    response.once('close', () => {
      leave()
      taps.delete(tap)
    })
  })
  return () => {
    for (const tap of taps) tap.end('Weir is stopping')
  }
}

interface TapRequest {
  readonly edge: Edge
  readonly limit: number
  readonly perSecond: number
}

/** Throws a {@link RequestError}. */
function tapRequest({ query }: Request, service: BuiltService): TapRequest {
  const component = findComponent(query, service)
  const { kind, edges } = component
  if (kind === 'extension' || kind === 'journal')
    throw new RequestError(400, `no items pass ${kind} ${component.id}: tap a receiver, processor or exporter`)
  const usual: Side = kind === 'exporter' ? 'received' : 'sent'
  const side = query.side ?? usual
  if (!SIDES.includes(side as Side)) throw new RequestError(400, `side: "${side}" is neither received nor sent`)
  if (kind === 'receiver' && side === 'received')
    throw new RequestError(400, 'side: the items of a receiver are those it sends')
  return {
    edge: edges[side as Side],
    limit: wholeNumber(query, 'limit', Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY,
    perSecond: wholeNumber(query, 'rate', MOST_ITEMS_PER_SECOND) ?? USUAL_ITEMS_PER_SECOND
  }
}

function wholeNumber(query: Request['query'], name: string, most: number): number | undefined {
  const text = query[name]
  if (text === undefined) return undefined
  const value = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : 0
  if (value < 1 || value > most) throw new RequestError(400, `${name}: "${text}" is no whole number from 1 to ${most}`)
  return value
}

/** Writes items to one client. A client that reads slowly gets fewer of them. */
class Tap implements Watcher {
  readonly #response: Response
  readonly #sampler: Sampler
  #left: number
  /** Items since the last line. */
  #skipped = 0
  #second = 0
  #bytesInSecond = 0

  constructor(response: Response, limit: number, perSecond: number) {
    this.#response = response
    this.#sampler = new Sampler(perSecond)
    this.#left = limit
    response.set({ 'content-type': 'application/x-ndjson; charset=utf-8', 'cache-control': 'no-store' }).flushHeaders()
  }

  /** Nothing that fails here reaches the pipeline. */
  passed(block: Block): void {
    try {
      this.#show(block)
    } catch {
      this.#response.destroy()
    }
  }

  ended(): void {
    this.end('the component is gone')
  }

  end(reason: string): void {
    // One that ended before may still have a client that reads the rest slowly.
    if (!this.#response.writableEnded) this.#response.end(`${JSON.stringify({ type: 'end', reason })}\n`)
  }

  #show(block: Block): void {
    const now = performance.now()
    const { writableEnded, writableNeedDrain } = this.#response
    const chosen = writableEnded || writableNeedDrain ? [] : this.#sampler.choose(block.length, now)
    let from = 0
    for (const i of chosen) {
      if (!this.#hasBytes(now)) break
      const skipped = this.#skipped + i - from
      this.#write({ ...itemJson(block, i), skipped: skipped === 0 ? undefined : skipped })
      this.#skipped = 0
      from = i + 1
      if (--this.#left === 0) return void this.#response.end()
    }
    this.#skipped += block.length - from
  }

  #hasBytes(now: number): boolean {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) this.#bytesInSecond = 0
    this.#second = second
    return this.#bytesInSecond < MOST_BYTES_PER_SECOND
  }

  #write(item: object): void {
    const line = `${JSON.stringify(item)}\n`
    this.#bytesInSecond += Buffer.byteLength(line)
    this.#response.write(line)
  }
}
