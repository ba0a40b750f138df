import {
  type Attributes,
  attributeText,
  type Block,
  type Context,
  type EventBlock,
  type Explanation,
  type Exporter,
  FLAG_NO_RECORDED_VALUE,
  type PointBlock
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

const SECOND_MS = 1000

/** Takes everything. What it took is in the ledger, so `none` has nothing left to do. */
export class DebugExporter implements Exporter {
  #config: Config
  #context: Context
  #second = Number.NEGATIVE_INFINITY
  #linesLeft = 0

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
  }

  explain(): Explanation {
    const { verbosity } = this.#config
    return { fate: 'stored', why: verbosity === 'none' ? 'taken, and kept nowhere' : 'only in the log' }
  }

  async export(block: Block): Promise<void> {
    const { verbosity } = this.#config
    if (verbosity === 'none') return
    this.#context.log.info(block.type === 'points' ? aboutPoints(block) : { events: block.length }, 'block')
    if (verbosity === 'detailed') this.#logItems(block)
  }

  #logItems(block: Block): void {
    const lines = Math.min(block.length, this.#allowance())
    this.#linesLeft -= lines
    for (let i = 0; i < lines; i++)
      this.#context.log.info(block.type === 'points' ? pointLine(block, i) : eventLine(block, i))
    if (lines < block.length)
      this.#context.log.info({ items: block.length - lines }, 'items left out by max_items_per_second')
  }

  #allowance(): number {
    const second = Math.floor(this.#context.clock.now() / SECOND_MS)
    if (second !== this.#second) {
      this.#second = second
      this.#linesLeft = this.#config.max_items_per_second
    }
    return this.#linesLeft
  }
}

function aboutPoints({ length, series, distributions }: PointBlock) {
  return { points: length, series: new Set(series).size, distributions: distributions.size }
}

/** `2023-11-14T22:13:20.000Z http.requests{path="/"} counter delta 3 By` */
function pointLine({ series, time, value, flags, distributions }: PointBlock, i: number): string {
  const { metric, attributes } = series.at(i)
  const temporality = metric.temporality === 'unspecified' ? '' : ` ${metric.temporality}`
  const stale = (flags[i] & FLAG_NO_RECORDED_VALUE) !== 0
  const distribution = distributions.get(i)
  // The number stands for a sketch: nobody reads its registers.
  const isNumber = distribution === undefined || distribution.kind === 'distinct'
  const text = stale ? 'ended' : isNumber ? String(value[i]) : JSON.stringify(distribution)
  return `${isoTime(time[i])} ${metric.name}${labels(attributes)} ${metric.kind}${temporality} ${text} ${metric.unit}`.trimEnd()
}

function eventLine({ time, name, id, attributes, value }: EventBlock, i: number): string {
  const known = id[i] === undefined ? '' : ` id=${id[i]}`
  return `${isoTime(time[i])} ${name[i]}${labels(attributes[i])} event ${value[i]}${known}`
}

function labels(attributes: Attributes): string {
  if (attributes.length === 0) return ''
  return `{${attributes.map(([key, value]) => `${key}=${JSON.stringify(attributeText(value))}`).join(', ')}}`
}

function isoTime(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString()
}
