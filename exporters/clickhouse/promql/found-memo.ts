import { metricKey } from './catalog.ts'
import { RecentlyUsed } from './recently-used.ts'
import type { FindRequest, SeriesIds } from './series-ids.ts'
import { dayOf } from './sql-text.ts'

/** Series in all that is remembered, some 100 bytes each. */
const MAX_SERIES = 200_000

/** What selectors found, as long as nothing has changed: a dashboard asks the same again and again. */
export class FoundMemo<F extends { readonly series: readonly unknown[] }> {
  readonly #entries = new RecentlyUsed<{ readonly ids: SeriesIds; readonly found: F }>(MAX_SERIES)

  /** @param ids of now */
  get(request: FindRequest, ids: SeriesIds): F | undefined {
    const known = this.#entries.get(keyOf(request))
    return known?.ids === ids ? known.found : undefined
  }

  put(request: FindRequest, ids: SeriesIds, found: F): void {
    this.#entries.set(keyOf(request), { ids, found }, found.series.length + 1)
  }
}

function keyOf({ selector, forms, suffix, start, end }: FindRequest): string {
  const matchers = selector.matchers.map(({ name, op, value }) => [name, op, value])
  const ofForms = forms.map(({ metric, form, name }) => [metricKey(metric), metric.reading, form, name])
  return JSON.stringify([matchers, ofForms, suffix, dayOf(start), end])
}
