import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { type Attributes, sortAttributes } from '../../core/model/attributes.ts'
import type { Summary } from '../../core/model/distribution.ts'
import { type PointBlock, PointBlockBuilder } from '../../core/model/points.ts'
import type { Metric, Resource, Scope } from '../../core/model/series.ts'
import { SeriesTable } from '../../core/model/series-table/series-table.ts'
import { runThrough, type Stepwise } from '../../core/model/stepwise.ts'
import { type LabelOptions, type Labels, seriesLabels, withLabels } from '../../core/wire/prometheus/labels.ts'
import { metricName } from '../../core/wire/prometheus/metric-names.ts'
import { rowsBySeries, type Samples } from '../../core/wire/prometheus/samples.ts'
import { TRANSLATION_STRATEGIES } from '../../core/wire/prometheus/translation-strategy.ts'
import { Translator } from '../../core/wire/prometheus/translator.ts'
import { LabelSets } from '../../core/wire/remote-write/label-sets.ts'
import { encodeWriteRequests } from '../../core/wire/remote-write/write-request.ts'
import { readWriteRequest } from '../core/wire/remote-write/read-write-request.ts'
import { collectGarbage } from '../garbage.ts'
import { ADDED, METRICS, NAMES, Random, RESOURCES, SPLICES, VALUES } from './label-values.ts'
import { NOW } from './run.ts'

/** Points of a block, each of a time of its own. */
const MOST_POINTS = 12
/** Thrown in place of the error about labels that are too long. */
const SCOPES: readonly Scope[] = [
  { name: '', version: '', schemaUrl: '', attributes: [] },
  { name: 'lib', version: '1', schemaUrl: '', attributes: [['x', 'y']] }
]
const TOO_LONG = new RangeError('too many bytes of labels')

interface Delivery {
  readonly block: PointBlock
  readonly want: readonly string[]
  readonly lease: unknown
  readonly write: () => string[]
}

/** A table of series and an exporter's label sets, with what they must write. */
export class LabelModel {
  readonly #random: Random
  readonly #table = new SeriesTable()
  readonly #options: LabelOptions
  readonly #targetInfo: boolean
  /** Few, so that series come again. */
  readonly #attributes: readonly Attributes[]
  #sets: LabelSets
  #translator: Translator
  #open: Delivery[] = []
  #begun: { block: PointBlock; steps: Stepwise<void> }[] = []
  #expiry: Stepwise<void> | undefined
  #setExpiry: Stepwise<void> | undefined
  #now = NOW

  constructor(seed: number) {
    const random = new Random(seed)
    this.#random = random
    const tenants = new Map<string, Labels>([
      ['t1', [['vm_account_id', '1']]],
      ['x', [['vm_account_id', '2']]]
    ])
    this.#options = {
      strategy: random.of(TRANSLATION_STRATEGIES),
      externalLabels: random.of<Record<string, string>>([{}, { b: 'outside', window: 'w' }]),
      promoteResourceAttributes: random.of([[], ['pod', 'a']]),
      tenants: random.of([undefined, undefined, tenants])
    }
    this.#targetInfo = random.below(2) === 0
    const odd = random.below(3) === 0
    this.#attributes = Array.from({ length: 1 + random.below(12) }, () =>
      sortAttributes(
        Array.from({ length: random.below(5) }, () => [
          odd ? random.of(NAMES) : random.of(['a', 'b', 'host', 'zone']),
          odd || random.below(6) === 0 ? random.of(VALUES) : random.of(['x', 'y', 'zz', 5, 200])
        ])
      )
    )
    this.#sets = this.#newSets()
    this.#translator = this.#newTranslator()
  }

  async step(): Promise<void> {
    const random = this.#random
    const kind = random.below(100)
    if (kind < 45) this.#deliver(this.#newBlock())
    else if (kind < 52) this.#retranslate()
    else if (kind < 60) this.#prepareMore()
    else if (kind < 65) this.#write()
    else if (kind < 78) await this.#expire()
    else if (kind < 88) this.#expireSets()
    else if (kind < 92) this.#translator = this.#newTranslator()
    else if (kind < 94) this.#reload()
    else this.#anyId()
  }

  async end(): Promise<void> {
    this.#begun = []
    while (this.#open.length > 0) this.#write()
    // One that has begun may have an earlier translator.
    this.#setExpiry = undefined
    // Series of distributions stay for as long as they may have to be ended.
    this.#translator.translate(new PointBlockBuilder().build(), NOW + 1_000_000)
    for (let i = 0; i < 60 && this.#table.size > 0; i++) {
      await setImmediate()
      collectGarbage()
      for (const _ of this.#expiry ?? this.#table.expireIdle(1));
      this.#expiry = undefined
    }
    assert.equal(this.#table.size, 0)
  }

  #prepareMore(): void {
    if (this.#begun.length < 3) {
      const block = this.#newBlock(400)
      this.#begun.push({ block, steps: this.#translator.prepare(block, NOW) })
    }
    const i = this.#random.below(this.#begun.length)
    try {
      if (!this.#begun[i].steps.next().done) return
    } catch (error) {
      if (error !== TOO_LONG) throw error
    }
    const [{ block }] = this.#begun.splice(i, 1)
    this.#deliver(block)
  }

  #newBlock(most = MOST_POINTS): PointBlock {
    const builder = new PointBlockBuilder()
    const points = 1 + this.#random.below(most)
    for (let i = 0; i < points; i++) {
      const id = this.#anyId()
      const time = this.#now++
      const summary: Summary = { kind: 'summary', count: time, sum: Number.NaN, quantiles: [] }
      if (this.#table.metricOf(id).kind === 'summary') builder.addIdDistribution(this.#table, id, time, summary)
      else builder.addId(this.#table, id, time, time)
    }
    return builder.build()
  }

  #contextOf(metric: Metric, resource: Resource): number {
    return this.#table.contextOf(metric, resource, this.#random.of(SCOPES))
  }

  #anyId(): number {
    const random = this.#random
    const table = this.#table
    const attributes = random.of(this.#attributes)
    const resource = random.of(RESOURCES)
    const context = this.#contextOf(random.of(METRICS), resource)
    const i = random.below(ADDED.length)
    const all = sortAttributes([...attributes, ...ADDED[i]])
    let id: number | undefined
    const way = random.below(10)
    if (way < 5) {
      const base = table.receive(this.#contextOf(random.of(METRICS), resource), attributes)
      id = table.idWith(base, context, SPLICES[i])
    } else if (way === 5) id = table.receive(context, all)
    else if (way === 6)
      id = table.idInContext(table.receive(this.#contextOf(METRICS[0], RESOURCES[1]), attributes), context)
    id ??= table.idIn(context, all)
    if (random.below(6) === 0) this.#receiveItself(id)
    return id
  }

  #receiveItself(id: number): void {
    const { view, start, end } = this.#table.keyOf(id)
    const own = Uint8Array.from(Buffer.from(view.buffer, view.byteOffset + start, end - start))
    // Its first length may take a byte more than it need.
    const isLonger = own.length > 1 && own[1] < 128 && this.#random.below(2) === 0
    const key = isLonger ? Uint8Array.from([own[0], own[1] | 0x80, 0, ...own.subarray(2)]) : own
    const context = this.#table.contextIdOf(id)
    if (isLonger) this.#table.addSpelling(id, context, new DataView(key.buffer), 0, key.length)
    else assert.equal(this.#table.receiveKey(context, new DataView(key.buffer), 0, key.length), id)
  }

  #deliver(block: PointBlock): void {
    const samples = this.#translated(block)
    if (samples === undefined) return
    const want = Array.from(block.series.ids, (id, i) => this.#sampleOf(id, block.time[i])).sort()
    const { lease } = this.#sets
    const rows = rowsBySeries(samples)
    const most = this.#random.of([3, 1000])
    const sets = this.#sets
    const write = () => {
      const requests = Array.from(
        encodeWriteRequests(samples, sets, rows, [], most),
        encoding => readWriteRequest(runThrough(encoding).body).series
      )
      for (const series of requests) {
        const labels = series.map(one => JSON.stringify(one.labels))
        assert.equal(new Set(labels).size, labels.length, 'a label set is one series')
      }
      return requests
        .flat()
        .flatMap(({ labels, samples }) =>
          samples
            .filter(({ value }) => value !== 1)
            .map(({ value, timestamp }) => `${JSON.stringify(labels)} ${value} ${timestamp}`)
        )
        .sort()
    }
    assert.deepEqual(write(), want)
    this.#open.push({ block, want, lease, write })
    if (this.#random.below(2) === 0) this.#write(this.#open.length - 1)
  }

  /** Undefined if it failed. */
  #translated(block: PointBlock): Samples | undefined {
    try {
      return this.#translator.translate(block, NOW).samples
    } catch (error) {
      if (error !== TOO_LONG) throw error
      return undefined
    }
  }

  #sampleOf(id: number, time: number): string {
    const series = this.#table.read(id)
    const name = metricName(series.metric, this.#options.strategy)
    const suffix = series.metric.kind === 'summary' ? '_count' : ''
    const labels = withLabels(seriesLabels(series, this.#options), ['__name__', name + suffix])
    return `${JSON.stringify(labels)} ${time} ${time}`
  }

  #write(index = this.#random.below(this.#open.length)): void {
    if (this.#open.length === 0) return
    const [{ write, want }] = this.#open.splice(index, 1)
    assert.deepEqual(write(), want)
  }

  #retranslate(): void {
    if (this.#open.length > 0) this.#deliver(this.#random.of(this.#open).block)
  }

  async #expire(): Promise<void> {
    if (this.#random.below(3) === 0) {
      await setImmediate()
      collectGarbage()
    }
    this.#expiry ??= this.#table.expireIdle(1)
    for (let steps = this.#random.below(12); steps >= 0; steps--)
      if (this.#expiry?.next().done) this.#expiry = undefined
  }

  #expireSets(): void {
    this.#setExpiry ??= this.#sets.expireIdle()
    for (let steps = this.#random.below(12); steps >= 0; steps--)
      if (this.#setExpiry?.next().done) this.#setExpiry = undefined
  }

  #reload(): void {
    this.#setExpiry = undefined
    this.#sets = this.#newSets()
    this.#translator = this.#newTranslator()
  }

  #newSets(): LabelSets {
    return new LabelSets(this.#table, this.#options.strategy, (series, set) => this.#translator.relabel(series, set))
  }

  #newTranslator(): Translator {
    this.#begun = []
    const options = { ...this.#options, targetInfo: this.#targetInfo, exponentialHistograms: 'vmrange' as const }
    const sets = this.#sets
    const translator = new Translator(this.#table, options, {
      idOf: (labels, isDerived, series, isPattern) => {
        if (this.#random.below(2000) === 0) throw TOO_LONG
        return sets.idOf(labels, isDerived, series, isPattern)
      },
      idLike: series => sets.idLike(series)
    })
    sets.addHolder(translator)
    return translator
  }
}
