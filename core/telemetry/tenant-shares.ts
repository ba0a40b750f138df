import { type Attributes, attributeText, findAttribute } from '../model/attributes.ts'
import type { Block } from '../model/block.ts'
import type { Range } from '../model/ranges.ts'
import { select } from '../model/select.ts'
import { IdColumn } from '../model/series-table/id-column.ts'
import type { SeriesTable } from '../model/series-table/series-table.ts'
import { TENANT } from '../model/tenant.ts'

/** Numbers of items, by tenant. Items of no tenant are under the empty name. */
export type Shares = ReadonlyMap<string, number>

/** Numbers of tenants begin with 1: 0 is a series that was not looked at. */
const NOBODY = 1
/** Receivers name 4096 at most, but processors may write any text. Items of further names count as nobody's. */
const MOST_NAMES = 8192

/** Tells whose the items of blocks are. A block is counted once, by numbers of tenants. */
export class TenantShares {
  readonly #table: SeriesTable
  readonly #shares = new WeakMap<Block, Shares>()
  readonly #names = ['', '']
  readonly #numbers = new Map([['', NOBODY]])
  /** By id of a series: the number of its tenant. */
  readonly #ofSeries = new IdColumn()

  constructor(table: SeriesTable) {
    this.#table = table
    table.addColumn(this.#ofSeries)
  }

  of(block: Block): Shares {
    let shares = this.#shares.get(block)
    if (shares === undefined) this.#shares.set(block, (shares = this.ofRanges(block, [{ from: 0, to: block.length }])))
    return shares
  }

  /** All items of `block` are `tenant`'s. Saves counting it. */
  assign(block: Block, tenant: string): void {
    if (block.length > 0) this.#shares.set(block, new Map([[tenant, block.length]]))
  }

  /** Of the items in `ranges`. */
  ofRanges(block: Block, ranges: readonly Range[]): Shares {
    const shares = new Map<string, number>()
    for (const { from, to } of ranges) {
      // Most blocks are of one tenant.
      for (let i = from, end = i; i < to; i = end) {
        const number = this.#at(block, i)
        end = this.#endOf(number, block, i + 1, to)
        const tenant = this.#names[number]
        shares.set(tenant, (shares.get(tenant) ?? 0) + end - i)
      }
    }
    return shares
  }

  /** `made` is all of the one tenant that `block` is of, if it is of one. Saves counting it. */
  inherit(block: Block, made: Block): void {
    const [tenant, ...others] = this.of(block).keys()
    if (tenant !== undefined && others.length === 0) this.assign(made, tenant)
  }

  /** `block` as blocks of one tenant each, in the order of their first items. Undefined if it is one. */
  parts(block: Block): readonly Block[] | undefined {
    if (this.of(block).size <= 1) return undefined
    const rows = new Map<number, number[]>()
    for (let i = 0; i < block.length; i++) {
      const number = this.#at(block, i)
      const own = rows.get(number)
      if (own === undefined) rows.set(number, [i])
      else own.push(i)
    }
    return [...rows.values()].map(own => select(block, Int32Array.from(own)))
  }

  /** Index of the first item from `i` on that is not of tenant `number`; `to` if there is none. */
  #endOf(number: number, block: Block, i: number, to: number): number {
    if (block.type === 'points') {
      const column = this.#ofSeries
      const { ids } = block.series
      for (; i < to; i++) {
        const own = column.get(ids[i])
        if (own !== number && (own !== 0 || this.#read(ids[i]) !== number)) break
      }
    } else while (i < to && this.#at(block, i) === number) i++
    return i
  }

  #at(block: Block, i: number): number {
    if (block.type === 'events') return this.#numberOf(tenantIn(block.attributes[i]))
    const id = block.series.ids[i]
    return this.#ofSeries.get(id) || this.#read(id)
  }

  #read(id: number): number {
    const { attributes, resource } = this.#table.read(id)
    // Windows have the tenant as an attribute of the point, if they group by some.
    const number = this.#numberOf(tenantIn(resource.attributes) || tenantIn(attributes))
    this.#ofSeries.set(id, number)
    return number
  }

  #numberOf(tenant: string): number {
    const known = this.#numbers.get(tenant)
    if (known !== undefined) return known
    if (this.#numbers.size >= MOST_NAMES) return NOBODY
    const number = this.#names.push(tenant) - 1
    this.#numbers.set(tenant, number)
    return number
  }
}

/** Empty if there is none. */
function tenantIn(attributes: Attributes): string {
  return attributeText(findAttribute(attributes, TENANT) ?? '')
}
