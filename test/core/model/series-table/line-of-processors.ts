import type { PointBlock } from '../../../../core/model/points.ts'
import type { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough, type Stepwise } from '../../../../core/model/stepwise.ts'
import { rowsBySeries, Samples } from '../../../../core/wire/prometheus/samples.ts'
import { Translator } from '../../../../core/wire/prometheus/translator.ts'
import { LabelSets } from '../../../../core/wire/remote-write/label-sets.ts'
import { encodeWriteRequests } from '../../../../core/wire/remote-write/write-request.ts'
import { compactSchema } from '../../../../exporters/clickhouse/compact-schema.ts'
import type { ProcessorPlugin } from '../../../../sdk/plugin/index.ts'
import {
  type FakeClock,
  ProcessorHarness,
  type TestContext,
  testConfig,
  testContext
} from '../../../../sdk/plugin/testing.ts'

export type Configured = readonly [plugin: ProcessorPlugin, config: Record<string, unknown>]

/** Processors in a row, over the table and the clock of others. */
export class Line {
  readonly #configured: readonly Configured[]
  readonly #contexts: readonly TestContext[]
  readonly #onBlock: (block: PointBlock) => void
  #harnesses: ProcessorHarness[] = []

  constructor(
    configured: readonly Configured[],
    table: SeriesTable,
    clock: FakeClock,
    onBlock: (block: PointBlock) => void
  ) {
    this.#configured = configured
    this.#contexts = configured.map((_, i) => ({ ...testContext(`processor-${i}`, clock), series: table }))
    this.#onBlock = onBlock
  }

  async start(): Promise<void> {
    const states = this.#harnesses.map(({ processor }) => processor.snapshot?.())
    for (const { processor } of this.#harnesses) await processor.stop?.(new AbortController().signal)
    this.#harnesses = []
    for (const [i, [plugin, config]] of this.#configured.entries()) {
      const context = this.#contexts[i]
      const processor = plugin.create(testConfig(plugin, config), context)
      this.#harnesses.push(this.#opened(processor, context, i))
      const state = states[i]
      if (state !== undefined) processor.restore?.(state)
      await processor.start?.(new AbortController().signal)
    }
  }

  send(block: PointBlock): void {
    void this.#harnesses[0].send(block)
    // The harness keeps what it has sent.
    this.clearSent()
  }

  clearSent(): void {
    for (const harness of this.#harnesses) harness.sent.length = 0
  }

  #opened(processor: ProcessorHarness['processor'], context: TestContext, i: number): ProcessorHarness {
    const harness = new ProcessorHarness(processor, context, {
      downstream: batch => {
        const next = this.#harnesses[i + 1]
        if (next !== undefined) return next.push(batch)
        this.#onBlock(batch.block as PointBlock)
        batch.ack()
      }
    })
    return harness.open()
  }
}

/** All that leaves, as text: points, remote write requests and rows of ClickHouse. */
export class Output {
  readonly texts: string[] = []
  readonly #table: SeriesTable
  readonly #labelSets: LabelSets
  readonly #schema = compactSchema({ ttlMs: 0, tiers: new Map(), sync: false, database: 'db' } as never)
  #translator: Translator
  #waiting: { readonly due: number; readonly write: () => string[] }[] = []

  constructor(table: SeriesTable) {
    this.#table = table
    const relabel = (series: number, set: number) => this.#translator.relabel(series, set)
    this.#labelSets = new LabelSets(table, 'UnderscoreEscapingWithSuffixes', relabel)
    this.#translator = this.#newTranslator()
  }

  /** Translates the block now, and writes it out once `due` has come. */
  take(block: PointBlock, now: number, due: number): void {
    const { samples, metadata } = this.#translator.translate(block, now, new Samples())
    const { lease } = this.#labelSets
    const rows = rowsBySeries(samples)
    const write = () => {
      const requests = Array.from(
        encodeWriteRequests(samples, this.#labelSets, rows, metadata, 50).map(encoding => runThrough(encoding)),
        ({ body }) => Buffer.from(body).toString('latin1')
      )
      return [...pointTexts(block), ...requests, ...this.#rowTexts(block), `lease ${lease.epoch > 0}`]
    }
    this.#waiting.push({ due, write })
  }

  writeUpTo(due: number): void {
    for (const one of this.#waiting) if (one.due <= due) this.texts.push(...one.write())
    this.#waiting = this.#waiting.filter(one => one.due > due)
  }

  restart(now: number): void {
    const saved = this.#translator.saveStreams(now)
    this.#translator = this.#newTranslator()
    this.#translator.restoreStreams(saved)
  }

  expireLabelSets(): Stepwise<void> {
    return this.#labelSets.expireIdle()
  }

  #newTranslator(): Translator {
    const translator = new Translator(
      this.#table,
      {
        strategy: 'UnderscoreEscapingWithSuffixes',
        externalLabels: {},
        promoteResourceAttributes: [],
        targetInfo: true,
        exponentialHistograms: 'vmrange'
      },
      this.#labelSets
    )
    this.#labelSets.addHolder(translator)
    return translator
  }

  // A series that comes again is written again to the table of series: that is as good.
  #rowTexts(block: PointBlock): string[] {
    const inserts = this.#schema.inserts(block)
    for (const { stored } of inserts) stored?.()
    return inserts
      .filter(({ table }) => table !== 'series')
      .map(({ table, rows }) => `${table} ${Buffer.concat(rows.chunks()).toString('latin1')}`)
  }
}

/** One epoch of the table and of the label sets. */
export function* oneEpoch(table: SeriesTable, output: Output): Stepwise<void> {
  yield* table.expireIdle(1)
  yield* output.expireLabelSets()
}

function pointTexts({ series, time, start, value, flags, distributions, length }: PointBlock): string[] {
  const texts: string[] = []
  for (let i = 0; i < length; i++) {
    const distribution = JSON.stringify(distributions.get(i), (_, part) => (Number.isNaN(part) ? 'NaN' : part))
    texts.push([series.read(i).key, time[i], start[i], value[i], flags[i], distribution].join(' '))
  }
  return texts
}
