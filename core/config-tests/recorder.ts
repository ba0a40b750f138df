import { ExportError } from '../errors.ts'
import type { Block } from '../model/block.ts'
import type { Exporter, ExporterPlugin, Upsert } from '../plugin/contract.ts'
import type { BackendState } from './backend-state.ts'
import { type Item, itemsOf } from './item-rows.ts'

/** The pause that a backend asks for while it is down: without it pauses are random. */
const RETRY_AFTER_MS = 30_000

/**
 * Stands for the backends of all exporters, through all starts. As a store it has one of two equal points, or the one that
 * its exporter's plugin says (`upsert`), and one of two events with the same id and time. A backend that is no store has all.
 */
export class Recorder {
  /** Items that came so far. */
  received = 0
  readonly #items = new Map<string, Map<string, Item>>()
  readonly #states = new Map<string, BackendState>()

  exporterOf(id: string, plugin: ExporterPlugin, config: unknown): Exporter {
    const upsert = plugin.upsert?.(config)
    return { export: async block => this.#take(id, block, upsert) }
  }

  set(exporter: string, state: BackendState): void {
    this.#states.set(exporter, state)
  }

  itemsOf(exporter: string): Iterable<Item> {
    return this.#items.get(exporter)?.values() ?? []
  }

  #take(exporter: string, block: Block, upsert: Upsert | undefined): void {
    const state = this.#states.get(exporter)
    if (state === 'down')
      throw new ExportError('the backend is down', { retryable: true, retryAfterMs: RETRY_AFTER_MS })
    if (state === 'refusing') throw refusalOf(block)
    const items = this.#items.get(exporter) ?? new Map<string, Item>()
    this.#items.set(exporter, items)
    for (const item of itemsOf(block)) {
      this.received++
      const key = upsert === undefined ? undefined : keyOf(item, upsert)
      const before = key === undefined ? undefined : items.get(key)
      const isSmaller = before !== undefined && upsert === 'max' && item.figures.value < before.figures.value
      if (!isSmaller) items.set(key ?? `number ${this.received}`, item)
    }
  }
}

/** It names each item, so that none is looked for. */
function refusalOf({ length }: Block): ExportError {
  return new ExportError('the backend refuses them', { retryable: false, failedItems: [...Array(length).keys()] })
}

/** Undefined: there may be several. */
function keyOf({ type, time, cells, figures }: Item, upsert: Upsert): string | undefined {
  if (type === 'events') return cells.id === '' ? undefined : JSON.stringify([time, cells.name, cells.id])
  return JSON.stringify([time, cells, upsert === 'identical' ? figures : 0])
}
