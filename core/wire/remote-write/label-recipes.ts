import type { AttributeValue } from '../../model/attributes.ts'
import type { Series } from '../../model/series-table/series-table.ts'
import type { Labels } from '../prometheus/labels.ts'
import type { TranslationStrategy } from '../prometheus/translation-strategy.ts'
import { LabelRecipe } from './label-recipe.ts'

/** Each series of one more context may need one more. */
const MOST_RECIPES = 4096
/** With its bytes, its place in a list, and an entry of a map. */
const BYTES_PER_RECIPE = 1024

interface Used {
  readonly recipe: LabelRecipe
  readonly text: string
}

/** The recipes in use. Series of one rule have one, or one for each list of attributes that some of them lack. */
export class LabelRecipes {
  readonly #strategy: TranslationStrategy
  readonly #used: (Used | undefined)[] = []
  readonly #free: number[] = []
  readonly #indexes = new Map<string, number>()

  constructor(strategy: TranslationStrategy) {
    this.#strategy = strategy
  }

  at(index: number): LabelRecipe {
    return this.#used[index]!.recipe
  }

  /** The index of the recipe for a series, which has these labels; undefined if there is none, or there are too many. */
  indexOf({ id, table, attributes }: Series, labels: Labels): number | undefined {
    if (!attributes.every(([, value]) => isPlain(value))) return undefined
    const text = JSON.stringify([table.contextIdOf(id), ...attributes.map(([key]) => key)])
    const known = this.#indexes.get(text)
    if (known !== undefined) return known
    if (this.#indexes.size >= MOST_RECIPES) return undefined
    const index = this.#free.pop() ?? this.#used.length
    this.#used[index] = { recipe: new LabelRecipe(attributes, labels, this.#strategy), text }
    this.#indexes.set(text, index)
    return index
  }

  /** A recipe that no series has goes: the id of its context is used again. */
  removeUnused(index: number): void {
    const { recipe, text } = this.#used[index]!
    if (recipe.series > 0) return
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
