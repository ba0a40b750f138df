import { areEqual } from '../../model/series-table/equal-bytes.ts'
import { IdColumn, type SeriesFacts } from '../../model/series-table/id-column.ts'
import type { KeyBytes } from '../../model/series-table/key-records.ts'
import { firstSlot, KeySlots, nextSlot } from '../../model/series-table/key-slots.ts'
import { UNKNOWN } from '../../model/series-table/key-table.ts'
import type { Series, SeriesTable } from '../../model/series-table/series-table.ts'
import { KeyCursor } from '../../model/series-table/stored-key.ts'
import type { Labels } from '../prometheus/labels.ts'
import type { TranslationStrategy } from '../prometheus/translation-strategy.ts'
import { ProtobufWriter } from '../protobuf/writer.ts'
import { LabelRecipes } from './label-recipes.ts'

/** In place of the index of a recipe. */
const NONE = 0

/**
 * The encoded labels of series that Weir has made. They are not kept, but made of the series' attributes each time they
 * are asked for: a series takes some 24 bytes here, and its labels would take some 170.
 */
export class ComposedLabels implements SeriesFacts {
  readonly #table: SeriesTable
  readonly #recipes: LabelRecipes
  /** By id of the series: the index of its recipe, plus 1. */
  readonly #recipeOf = new IdColumn(NONE)
  /** Ids of series, plus 1, by the hash of their labels. */
  readonly #slots = new KeySlots()
  /** As labels are hashed that are kept. */
  readonly #hashOf: (labels: KeyBytes) => number
  readonly #writer = new ProtobufWriter()
  readonly #key = new KeyCursor()

  constructor(table: SeriesTable, strategy: TranslationStrategy, hashOf: (labels: KeyBytes) => number) {
    this.#table = table
    this.#hashOf = hashOf
    this.#recipes = new LabelRecipes(strategy)
    table.addColumn(this)
  }

  /** Writes the labels of a series that has a recipe. True for one that was added. */
  write(series: number, writer: ProtobufWriter): boolean {
    const { ofBase, ofSeries } = this.#recipes.at(this.#recipeOf.get(series) - 1)
    const base = this.#table.baseOf(series)
    return (base === series ? ofSeries : ofBase).write(writer, this.#table.keyOf(base, this.#key))
  }

  /** The id of the series that has these labels, or {@link UNKNOWN}. @param hash of the labels */
  find(labels: KeyBytes, hash: number): number {
    const slots = this.#slots.shardOf(hash)
    for (let at = firstSlot(slots, hash); slots[at + 1] !== 0; at = nextSlot(slots, at))
      if (slots[at] === hash && areSame(this.#of(slots[at + 1] - 1), labels)) return slots[at + 1] - 1
    return UNKNOWN
  }

  /**
   * False if the labels are not to be had from the attributes alone.
   * @param encoded the labels, which {@link find} does not know
   * @param isPattern true if those of other series of its rule differ in the values of attributes alone
   */
  add(series: Series, labels: Labels, encoded: KeyBytes, isPattern: boolean): boolean {
    const index = this.#recipes.indexOf(series, labels)
    if (index === undefined) return false
    this.#recipeOf.set(series.id, index + 1)
    this.#writer.reset()
    const isAdded =
      this.write(series.id, this.#writer) &&
      areSame(this.#written, encoded) &&
      this.#slots.add(this.#hashOf(encoded), series.id + 1)
    if (isAdded) this.#recipes.at(index).series++
    else {
      this.#recipeOf.clear(series.id)
      this.#recipes.removeUnused(index)
    }
    const rule = isAdded && isPattern ? this.#table.linkRuleOf(series.id) : undefined
    if (rule !== undefined) this.#recipes.setPattern(rule, index)
    return isAdded
  }

  /**
   * Adds a series whose labels follow the pattern of its rule: nothing is decoded, nor compared. False if they do not, or
   * if there may be such labels already.
   * @param isKept whether there are such labels elsewhere
   */
  addLike(series: number, isKept: (labels: KeyBytes, hash: number) => boolean): boolean {
    const rule = this.#table.linkRuleOf(series)
    const recipe = rule && this.#recipes.patternOf(rule)
    if (recipe === undefined) return false
    const key = this.#table.keyOf(this.#table.baseOf(series))
    this.#writer.reset()
    if (!recipe.ofBase.fits(key) || !recipe.ofBase.write(this.#writer, key)) return false
    const hash = this.#hashOf(this.#written)
    if (this.#slots.has(hash) || isKept(this.#written, hash) || !this.#slots.add(hash, series + 1)) return false
    this.#recipeOf.set(series, recipe.index + 1)
    recipe.series++
    return true
  }

  /** Called by the table before a series goes. */
  clear(series: number): void {
    const recipe = this.#recipeOf.get(series)
    if (recipe === NONE) return
    this.#slots.remove(this.#hashOf(this.#of(series)), series + 1)
    this.#recipeOf.clear(series)
    const index = recipe - 1
    this.#recipes.at(index).series--
    this.#recipes.removeUnused(index)
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#recipeOf.bytes + this.#slots.bytes + this.#recipes.bytes
  }

  /** Valid until the next call. */
  #of(series: number): KeyBytes {
    this.#writer.reset()
    this.write(series, this.#writer)
    return this.#written
  }

  get #written(): KeyBytes {
    return { view: this.#writer.room(0), start: 0, end: this.#writer.length }
  }
}

const areSame = (composed: KeyBytes, { view, start, end }: KeyBytes) =>
  composed.end - composed.start === end - start && areEqual(composed.view, composed.start, view, start, end)
