import { UNKNOWN } from '../../../../core/model/series-table/key-table.ts'
import type { Labels } from '../../../../core/wire/prometheus/labels.ts'
import type { LabelSetIds } from '../../../../core/wire/prometheus/number-streams.ts'
import type { Samples } from '../../../../core/wire/prometheus/samples.ts'

/** Label sets as texts, `name{label="value"}` as people write it, by their ids. */
export class LabelTexts implements LabelSetIds {
  #texts: string[] = []

  readonly idOf = (labels: Labels): number => {
    const rest = labels.filter(([name]) => name !== '__name__').map(([name, value]) => `${name}="${value}"`)
    return this.idOfText(`${labels.find(([name]) => name === '__name__')![1]}{${rest.join()}}`)
  }

  readonly idLike = () => UNKNOWN

  idOfText(text: string): number {
    const known = this.#texts.indexOf(text)
    return known >= 0 ? known : this.#texts.push(text) - 1
  }

  /** The label set of each row. */
  of({ labels, length }: Samples): string[] {
    return Array.from(labels.subarray(0, length), id => this.#texts[id])
  }
}
