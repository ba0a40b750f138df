import { Matcher, type MatcherOp } from '../../../../core/promql/matcher.ts'
import type { FetchBytes, OpenedStore, OpenStore, QueryableStore } from '../../../../core/promql/queryable.ts'
import type { SelectedSeries, SelectRequest } from '../../../../core/promql/sample-store.ts'
import type { Exporter } from '../../../../sdk/plugin/index.ts'
import { embedded, FOREVER, type Harness, signal } from '../harness.ts'

export const LIMITS = { maxSeries: 1000, maxSamples: 1_000_000 }

export interface StoreHarness extends AsyncDisposable {
  readonly h: Harness
  readonly store: OpenedStore
  /** Infos and warnings so far. */
  readonly remarks: string[]
  select(matchers: readonly Matcher[], more: Partial<SelectRequest>): Promise<SelectedSeries[]>
}

/** The store of an exporter with the embedded engine, asked as the thread of queries asks it. */
export async function openStore(config: Record<string, unknown> = FOREVER): Promise<StoreHarness> {
  const h = await embedded(config)
  const store = await storeOf(h.exporter)
  const remarks: string[] = []
  const note = { warn: (text: string) => void remarks.push(text), info: (text: string) => void remarks.push(text) }
  return {
    h,
    store,
    remarks,
    select(matchers, more) {
      const request = { matchers, after: 0, until: 0, stepMs: 0, rangeMs: 300_000, func: undefined, limits: LIMITS }
      return store.select({ ...request, ...more }, note, signal())
    },
    [Symbol.asyncDispose]: () => h[Symbol.asyncDispose]()
  }
}

/** @param keepsSamples false: results of functions are those of ClickHouse, and samples are read for each query */
export async function storeOf(exporter: Pick<Exporter, 'queryable'>, keepsSamples = false): Promise<OpenedStore> {
  const queryable = exporter.queryable!
  const { default: open }: { default: OpenStore } = await import(queryable.module)
  return open({ ...structuredClone(queryable.config as object), keepsSamples }, fetchOf(queryable))
}

/** `name="value"` and so on. */
export function matcher(text: string): Matcher {
  const [, name, op, value] = /^(.+?)(=~|!~|!=|=)(.*)$/s.exec(text)!
  return new Matcher(name, op as MatcherOp, value)
}

export const matchers = (...texts: string[]) => texts.map(matcher)

/** Samples as text by labels: `{a="b"}` → `1@0 2@10`, times in s after `from`. */
export function shown(series: readonly SelectedSeries[], from: number): Record<string, string> {
  const rows = series.map(({ labels, times, values, stale, histograms }) => {
    const samples = Array.from(times, (time, i) => {
      const shape = histograms?.[i]
      const value = stale?.[i] === 1 ? 'stale' : shape === undefined ? values[i] : `h${shape.count}/${shape.sum}`
      return `${value}@${(time - from) / 1000}`
    })
    return [labels.pairs.map(pair => pair.join('=')).join(' '), samples.join(' ')]
  })
  return Object.fromEntries(rows.sort())
}

function fetchOf(queryable: QueryableStore): FetchBytes {
  return async function* (request, signal) {
    yield* await queryable.fetch(request, signal)
  }
}
