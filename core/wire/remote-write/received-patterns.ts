import type { Attributes } from '../../model/attributes.ts'
import type { KeyBytes } from '../../model/series-table/key-records.ts'
import type { SeriesContext } from '../../model/series-table/series-contexts.ts'
import type { Labels } from '../prometheus/labels.ts'
import type { TranslationStrategy } from '../prometheus/translation-strategy.ts'
import type { ProtobufWriter } from '../protobuf/writer.ts'
import { arePlain, LabelRecipe } from './label-recipe.ts'

/** Lists of attribute names of a context. */
const MOST_PATTERNS = 8

/**
 * The labels of new received series by those of earlier ones of their context: nothing is decoded or sorted. A pattern takes some
 * kilobytes, and there may be as many contexts as series. New series mostly come context by context, so those of one are kept.
 */
export class ReceivedPatterns {
  readonly #strategy: TranslationStrategy
  #context: SeriesContext | undefined
  #recipes: LabelRecipe[] = []

  constructor(strategy: TranslationStrategy) {
    this.#strategy = strategy
  }

  /** Writes the labels of a series with these attributes. False if they follow no pattern: the writer has nothing of use then. */
  write(context: SeriesContext, key: KeyBytes, writer: ProtobufWriter): boolean {
    return context === this.#context && (this.#recipes.find(recipe => recipe.fits(key))?.write(writer, key) ?? false)
  }

  /**
   * Learns the pattern of a series. Not that of the first one of a context: it would cost more than it gives, should no other follow.
   * @param labels of which those of other series differ in the values of attributes alone
   */
  add(context: SeriesContext, attributes: Attributes, key: KeyBytes, labels: Labels): void {
    if (context !== this.#context) {
      this.#context = context
      this.#recipes = []
    } else if (
      this.#recipes.length < MOST_PATTERNS &&
      arePlain(attributes) &&
      !this.#recipes.some(one => one.fits(key))
    )
      this.#recipes.push(new LabelRecipe(attributes, labels, this.#strategy))
  }
}
