import type { Attributes, AttributeValue } from '../../model/attributes.ts'
import type { Series } from '../../model/series-table/series-table.ts'
import type { Labels } from '../prometheus/labels.ts'
import type { TranslationStrategy } from '../prometheus/translation-strategy.ts'
import { LabelRecipe } from './label-recipe.ts'

/** Each series of one more context may need one more. */
const MOST_RECIPES = 4096
/** Longer labels are kept, where those that are the same for many series are there once. */
const MOST_BYTES = 4096
/** With its bytes, its place in a list, and an entry of a map. */
const BYTES_PER_RECIPE = 2048

/** How the labels of series of one rule are made. */
export interface SeriesRecipe {
  /** Of the attributes of the series that it is linked to: the others are the same for all. */
  readonly ofBase: LabelRecipe
  /** Of its own attributes, should it be linked no more. */
  readonly ofSeries: LabelRecipe
  readonly text: string
  /** Series whose labels are made so. */
  series: number
}

/** The recipes in use. Series of one rule have one, or one for each list of attributes that some of them lack. */
export class LabelRecipes {
  readonly #strategy: TranslationStrategy
  readonly #used: (SeriesRecipe | undefined)[] = []
  readonly #free: number[] = []
  readonly #indexes = new Map<string, number>()

  constructor(strategy: TranslationStrategy) {
    this.#strategy = strategy
  }

  at(index: number): SeriesRecipe {
    return this.#used[index]!
  }

  /** The index of the recipe for a series, which has these labels; undefined if there is none, or there are too many. */
  indexOf({ id, table, attributes }: Series, labels: Labels): number | undefined {
    if (!attributes.every(([, value]) => isPlain(value))) return undefined
    const base = table.baseOf(id)
    const own = base === id ? attributes : table.read(base).attributes
    const text = JSON.stringify([table.contextIdOf(id), own.map(([key]) => key), othersOf(attributes, own)])
    const known = this.#indexes.get(text)
    if (known !== undefined) return known
    if (this.#indexes.size >= MOST_RECIPES) return undefined
    const ofBase = new LabelRecipe(own, labels, this.#strategy)
    if (ofBase.mostBytes > MOST_BYTES) return undefined
    // Added attributes become labels by rules: those that were seen are right for all.
    const ofSeries = base === id ? ofBase : new LabelRecipe(attributes, labels, this.#strategy, own)
    const index = this.#free.pop() ?? this.#used.length
    this.#used[index] = { ofBase, ofSeries, text, series: 0 }
    this.#indexes.set(text, index)
    return index
  }

  /** A recipe that no series has goes: the id of its context is used again. */
  removeUnused(index: number): void {
    const { series, text } = this.at(index)
    if (series > 0) return
    this.#used[index] = undefined
    this.#indexes.delete(text)
    this.#free.push(index)
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#indexes.size * BYTES_PER_RECIPE
  }
}

/** Other values become labels by rules, and an empty one becomes none. */
const isPlain = (value: AttributeValue) => (typeof value === 'string' && value !== '') || Number.isSafeInteger(value)

/** The attributes that are not among `own`, all of which are in the same order. */
function othersOf(attributes: Attributes, own: Attributes): Attributes {
  let next = 0
  return attributes.filter(([key]) => {
    if (own[next]?.[0] !== key) return true
    next++
    return false
  })
}
