import type { Block } from '../model/block.ts'
import type { Exporter, ExporterPlugin, Upsert } from '../plugin/contract.ts'
import { type Item, itemsOf } from './item-rows.ts'

/**
 * Stands for the backends of all exporters, through all starts. As a store it has one of two equal points, or the one that
 * its exporter's plugin says (`upsert`), and one of two events with the same id and time. A backend that is no store has all.
 */
export class Recorder {
  /** Items that came so far. */
  received = 0
  readonly #items = new Map<string, Map<string, Item>>()

  exporterOf(id: string, plugin: ExporterPlugin, config: unknown): Exporter {
    const upsert = plugin.upsert?.(config)
    return { export: async block => this.#take(id, block, upsert) }
  }

  itemsOf(exporter: string): Iterable<Item> {
    return this.#items.get(exporter)?.values() ?? []
  }

  #take(exporter: string, block: Block, upsert: Upsert | undefined): void {
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

/** Undefined: there may be several. */
function keyOf({ type, time, cells, figures }: Item, upsert: Upsert): string | undefined {
  if (type === 'events') return cells.id === '' ? undefined : JSON.stringify([time, cells.name, cells.id])
  return JSON.stringify([time, cells, upsert === 'identical' ? figures : 0])
}
