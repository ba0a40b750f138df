import type { Attributes, AttributeValue } from '../../model/attributes.ts'
import type { LinkRule } from '../../model/series-table/link-rules.ts'
import type { Series } from '../../model/series-table/series-table.ts'
import type { Labels } from '../prometheus/labels.ts'
import type { TranslationStrategy } from '../prometheus/translation-strategy.ts'
import { arePlain, LabelRecipe } from './label-recipe.ts'

/** Each series of one more context may need one more. */
const MOST_RECIPES = 4096
/** Longer labels are kept, where those that are the same for many series are there once. */
const MOST_BYTES = 4096
/** With its bytes, its place in a list, and entries of maps. */
const BYTES_PER_RECIPE = 2048

/** How the labels of series of one rule are made. */
export interface SeriesRecipe {
  readonly index: number
  /** Of the attributes of the series that it is linked to: the others are the same for all. */
  readonly ofBase: LabelRecipe
  /** Of its own attributes, should it be linked no more. */
  readonly ofSeries: LabelRecipe
  readonly context: number
  readonly isLinked: boolean
  /** The attributes of one of the series; those of a base have no value. */
  readonly attributes: readonly (readonly [key: string, value: AttributeValue | undefined])[]
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
  /** By context: the index found last. */
  readonly #found = new Map<number, number>()
  /** By rule: the pattern that was seen last. */
  readonly #patterns = new WeakMap<LinkRule, SeriesRecipe>()

  constructor(strategy: TranslationStrategy) {
    this.#strategy = strategy
  }

  at(index: number): SeriesRecipe {
    return this.#used[index]!
  }

  /** The index of the recipe for a series, which has these labels; undefined if there is none, or there are too many. */
  indexOf(series: Series, labels: Labels): number | undefined {
    const { id, table, attributes } = series
    if (!arePlain(attributes)) return undefined
    const context = table.contextIdOf(id)
    const isLinked = table.baseOf(id) !== id
    const found = this.#found.get(context)
    if (found !== undefined && isOf(this.at(found), isLinked, attributes)) return found
    const index = this.#find(series, context, isLinked, labels)
    if (index !== undefined) this.#found.set(context, index)
    return index
  }

  /** Series that are linked by `rule` have labels like these, if they fit. */
  setPattern(rule: LinkRule, index: number): void {
    this.#patterns.set(rule, this.at(index))
  }

  /** The recipe for series that are linked by `rule`, if their base fits. */
  patternOf(rule: LinkRule): SeriesRecipe | undefined {
    const recipe = this.#patterns.get(rule)
    return recipe !== undefined && this.#used[recipe.index] === recipe ? recipe : undefined
  }

  /** A recipe that no series has goes: the id of its context is used again. */
  removeUnused(index: number): void {
    const { series, text, context } = this.at(index)
    if (series > 0) return
    this.#used[index] = undefined
    this.#indexes.delete(text)
    if (this.#found.get(context) === index) this.#found.delete(context)
    this.#free.push(index)
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#indexes.size * BYTES_PER_RECIPE
  }

  #find({ id, table, attributes }: Series, context: number, isLinked: boolean, labels: Labels): number | undefined {
    const own = isLinked ? table.read(table.baseOf(id)).attributes : attributes
    const names = new Set(own.map(([key]) => key))
    const shared = attributes.map(([key, value]) => [key, names.has(key) ? undefined : value] as const)
    const text = JSON.stringify([context, isLinked, shared])
    const known = this.#indexes.get(text)
    if (known !== undefined) return known
    if (this.#indexes.size >= MOST_RECIPES) return undefined
    const ofBase = new LabelRecipe(own, labels, this.#strategy)
    if (ofBase.mostBytes > MOST_BYTES) return undefined
    // Added attributes become labels by rules: those that were seen are right for all.
    const ofSeries = isLinked ? new LabelRecipe(attributes, labels, this.#strategy, own) : ofBase
    const index = this.#free.pop() ?? this.#used.length
    this.#used[index] = { index, ofBase, ofSeries, context, isLinked, attributes: shared, text, series: 0 }
    this.#indexes.set(text, index)
    return index
  }
}

/** True if a series of the recipe's context has its attributes. */
function isOf(recipe: SeriesRecipe, isLinked: boolean, attributes: Attributes): boolean {
  if (recipe.isLinked !== isLinked || recipe.attributes.length !== attributes.length) return false
  for (let i = 0; i < attributes.length; i++) {
    const [key, value] = recipe.attributes[i]
    if (attributes[i][0] !== key || (value !== undefined && attributes[i][1] !== value)) return false
  }
  return true
}
