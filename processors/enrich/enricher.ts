import { statSync } from 'node:fs'
import { DerivedSeries } from '../../core/model/derived-series.ts'
import { compileMatch, type Match } from '../../core/model/matching/match.ts'
import { Selection } from '../../core/model/select.ts'
import { SeriesMemo } from '../../core/model/series-memo.ts'
import {
  type Attributes,
  attributeText,
  type Block,
  type Context,
  describeError,
  type EventBlock,
  type Explanation,
  findAttribute,
  type MapProcessor,
  type NamedSeries,
  NO_ATTRIBUTES,
  type PointBlock,
  type Series,
  sortAttributes,
  withAttributes
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { readTable, type Table } from './table.ts'

/** The result of a lookup for an item. */
interface LookupResult {
  readonly isFound: boolean
  readonly isDropped: boolean
  /** Attributes to add. */
  readonly attributes: Attributes
}

const PASSES: LookupResult = { isFound: true, isDropped: false, attributes: NO_ATTRIBUTES }

/** Looks items up in a table, which it reads anew when the file changes. */
export class Enricher implements MapProcessor {
  #config: Config
  #context: Context
  #match: Match | undefined
  /** By value that is looked up. */
  #rows!: ReadonlyMap<string, LookupResult>
  /** The result for a value that is not in the table. */
  #absent: LookupResult
  /** Made anew with the table. */
  #lookups!: SeriesMemo<LookupResult>
  #enriched!: DerivedSeries
  #selection = new Selection()
  /** State of the file when it was read last. */
  #seen: string | undefined
  #cancelTimer: (() => void) | undefined
  #counters: Record<'missing' | 'failed', { add(n: number): void }>

  constructor(config: Config, context: Context) {
    const { missing, defaults, match } = config
    const { instruments } = context
    this.#config = config
    this.#context = context
    this.#match = match && compileMatch(match)
    this.#absent = {
      isFound: false,
      isDropped: missing === 'drop',
      attributes: sortAttributes(Object.entries(defaults))
    }
    instruments.gauge('table_rows', 'Rows of the table.', () => this.#rows.size)
    this.#counters = {
      missing: instruments.counter('missing_items_total', 'Items whose value is not in the table, or that have none.'),
      failed: instruments.counter('failed_reloads_total', 'Times that the file had changed and could not be used.')
    }
    this.#use(new Map())
  }

  async start(): Promise<void> {
    if (this.#seen !== undefined) return
    this.#seen = this.#look()
    this.#use(readTable(this.#config))
    this.#scheduleLook()
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.()
  }

  explain(series: NamedSeries): Explanation {
    if (this.#match?.item(series) === false) return { fate: 'passes', why: 'it does not match' }
    const { isFound, isDropped, attributes } = this.#resultOf(series.attributes, series.resource)
    const where = `its ${this.#config.attribute} is ${isFound ? '' : 'not '}in the table`
    if (isDropped) return { fate: 'dropped', why: `not_in_table: ${where}` }
    const enriched = withAttributes(series.attributes, attributes)
    if (attributes.length === 0) return { fate: 'passes', why: where }
    return { fate: 'changes', why: where, outputs: [{ ...series, attributes: enriched }] }
  }

  process(block: Block): Block {
    this.#selection.begin(block.length)
    const enriched = block.type === 'points' ? this.#points(block) : this.#events(block)
    const left = block.length - this.#selection.length
    if (left > 0) this.#context.account.drop('not_in_table', left)
    return this.#selection.of(enriched)
  }

  #points(block: PointBlock): Block {
    const { series } = block
    const ids = new Uint32Array(block.length)
    let isSame = true
    let missing = 0
    for (let i = 0; i < block.length; i++) {
      const lookup = this.#lookups.get(series, i)
      if (!lookup.isFound) missing++
      if (!lookup.isDropped) this.#selection.add(i)
      ids[i] = lookup.attributes.length === 0 ? series.ids[i] : this.#enriched.idOf(series, i)
      isSame &&= ids[i] === series.ids[i]
    }
    if (missing > 0) this.#counters.missing.add(missing)
    return isSame ? block : { ...block, series: series.with(ids) }
  }

  #events(block: EventBlock): Block {
    const attributes: Attributes[] = []
    let missing = 0
    for (let i = 0; i < block.length; i++) {
      const isLookedUp = this.#match?.event(block, i) !== false
      const lookup = isLookedUp ? this.#resultOf(block.attributes[i], NO_ATTRIBUTES) : PASSES
      if (!lookup.isFound) missing++
      if (!lookup.isDropped) this.#selection.add(i)
      attributes.push(withAttributes(block.attributes[i], lookup.attributes))
    }
    if (missing > 0) this.#counters.missing.add(missing)
    return { ...block, attributes }
  }

  #lookUp(series: Series): LookupResult {
    if (this.#match?.series(series) === false) return PASSES
    return this.#resultOf(series.attributes, series.resource.attributes)
  }

  #enrich({ metric, attributes, resource, scope }: Series): number {
    const added = this.#resultOf(attributes, resource.attributes).attributes
    return this.#context.series.idOf(metric, withAttributes(attributes, added), resource, scope)
  }

  #resultOf(attributes: Attributes, resource: Attributes): LookupResult {
    const { attribute } = this.#config
    const value = findAttribute(attributes, attribute) ?? findAttribute(resource, attribute)
    return (value === undefined ? undefined : this.#rows.get(attributeText(value))) ?? this.#absent
  }

  #use(table: Table): void {
    this.#rows = new Map([...table].map(([value, attributes]) => [value, { ...PASSES, attributes }]))
    this.#lookups = new SeriesMemo(series => this.#lookUp(series))
    this.#enriched = new DerivedSeries(series => this.#enrich(series))
  }

  #scheduleLook(): void {
    const { clock } = this.#context
    const { reload_interval } = this.#config
    if (reload_interval === 0) return
    this.#cancelTimer = clock.setTimer(reload_interval - (clock.now() % reload_interval), () => {
      this.#scheduleLook()
      this.#reload()
    })
  }

  /** At once and between two batches, so that no batch sees two tables. */
  #reload(): void {
    const { log, status } = this.#context
    const seen = this.#look()
    if (seen === this.#seen) return
    this.#seen = seen
    try {
      this.#use(readTable(this.#config))
      status('ok')
      log.info({ rows: this.#rows.size }, 'the table has changed and was read anew')
    } catch (error) {
      this.#counters.failed.add(1)
      status('degraded', `the table as it was is still in use: ${describeError(error)}`)
      log.error({ err: describeError(error) }, 'the table has changed and cannot be used; it stays as it was')
    }
  }

  #look(): string {
    try {
      const { ino, size, mtimeMs } = statSync(this.#config.file)
      return `${ino} ${size} ${mtimeMs}`
    } catch (error) {
      return describeError(error)
    }
  }
}
