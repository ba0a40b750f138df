import { gridOf, queryRange } from '../app/promql.ts'
import { Chart, type ChartKind } from '../ui/chart/chart.ts'
import { Heatmap } from '../ui/chart/heatmap.ts'
import { element } from '../ui/dom.ts'
import type { Unit } from '../ui/format.ts'
import { bucketBars, seriesBars } from './histogram.ts'
import { Legend } from './legend.ts'
import { PanelBody } from './panel-body.ts'
import { bucketsOf, completenessOf, infosOf, linesOf, type PanelQuery, type Results, remarksOf } from './results.ts'
import { valueTable } from './table.ts'

export const PANEL_KINDS = ['line', 'bar', 'stacked', 'heatmap', 'histogram', 'table'] as const
export type PanelKind = (typeof PANEL_KINDS)[number]

export interface PanelOptions {
  readonly kind: PanelKind
  readonly unit?: Unit
  /** px */
  readonly height?: number
  /** Panels of one name share their cursor. */
  readonly cursor?: string
  readonly onZoom?: (from: number, to: number) => void
  /** The samples of a line are asked for, by its labels. */
  readonly onSamples?: (labels: Readonly<Record<string, string>>) => void
}

const NOTHING = 'No data in this range.'
const NO_BUCKETS = 'This result has no buckets: ask for a histogram, or sum by (le) of its _bucket series.'

interface Drawn {
  readonly kind: PanelKind
  /** Undefined for tables. */
  readonly plot: Chart | Heatmap | undefined
}

/** The results of queries as a chart or table, with legend, remarks, and errors where the chart would be. */
export class QueryPanel {
  #options: PanelOptions
  #results: Results | undefined
  #drawn: Drawn | undefined
  readonly #body = new PanelBody()
  readonly #footer = element('p', { class: 'note panel-footer' })
  readonly #legend: Legend

  constructor(options: PanelOptions) {
    this.#options = options
    const { onSamples } = options
    this.#legend = new Legend({
      onHidden: () => this.#draw(),
      onSamples: onSamples && (index => onSamples(linesOf(this.#results!).data.lines[index].labels))
    })
    this.root.append(this.#legend.root, this.#footer)
  }

  get root(): HTMLElement {
    return this.#body.root
  }

  /** Asks and shows. What was shown stays until there is an answer; an error takes its place. */
  async load(queries: readonly PanelQuery[], from: number, to: number, signal: AbortSignal): Promise<void> {
    const grid = gridOf(from, to)
    this.root.setAttribute('aria-busy', 'true')
    try {
      const answers = await Promise.all(queries.map(({ query }) => queryRange(query, grid, signal)))
      if (!signal.aborted) this.show({ grid, answers, queries })
    } catch (error) {
      if (!signal.aborted) this.fail(error as Error)
    } finally {
      if (!signal.aborted) this.root.removeAttribute('aria-busy')
    }
  }

  show(results: Results): void {
    this.#results = results
    this.#draw()
  }

  /** Other options for the same results. */
  set(options: Partial<PanelOptions>): void {
    this.#options = { ...this.#options, ...options }
    if (this.#results !== undefined) this.#draw()
  }

  fail(error: Error): void {
    this.say(error.message, true)
  }

  /** Shows a text in place of the chart. */
  say(text: string, isError = false): void {
    this.#body.say(text, isError)
    this.#legend.root.hidden = true
  }

  close(): void {
    this.#drawn?.plot?.close()
  }

  #draw(): void {
    const results = this.#results!
    const { kind, unit } = this.#options
    const { data, names } = linesOf(results)
    this.#footer.textContent = [completenessOf(results), ...remarksOf(results), ...infosOf(results)]
      .filter(text => text !== '')
      .join(' · ')
    if (data.lines.length === 0) return this.say(NOTHING)
    const isChart = kind === 'line' || kind === 'bar' || kind === 'stacked'
    this.#legend.root.hidden = !isChart
    if (!isChart) return this.#drawOther(kind, results)
    this.#legend.show(names, data, unit)
    const chart = this.#chartOf(kind)
    this.#body.show(chart.root)
    this.#body.describe(`${names.length} series over time`)
    chart.show(data, this.#legend.hidden)
  }

  #chartOf(kind: ChartKind): Chart {
    return this.#plotOf(kind, Chart, () => {
      const { unit, height, cursor, onZoom } = this.#options
      return new Chart({ kind, unit, height, cursor, onZoom, onCursor: at => this.#legend.point(at) })
    })
  }

  #drawOther(kind: PanelKind, results: Results): void {
    const { unit, height } = this.#options
    const { data, names } = linesOf(results)
    const buckets = kind === 'table' ? undefined : bucketsOf(results)
    this.#body.describe(undefined)
    if (kind === 'table') return this.#replace({ kind, plot: undefined }, valueTable(data, unit))
    if (kind === 'histogram') {
      const bars = buckets === undefined ? seriesBars(data, names, unit) : bucketBars(buckets, unit)
      return this.#replace({ kind, plot: undefined }, bars)
    }
    if (buckets === undefined) return this.say(NO_BUCKETS)
    const heatmap = this.#plotOf(kind, Heatmap, () => new Heatmap({ unit, height }))
    this.#body.show(heatmap.root)
    this.#body.describe(`Heatmap of ${buckets.buckets.length} buckets over time`)
    heatmap.show(buckets)
  }

  /** The plot that is shown already, or a new one in place of what is. */
  #plotOf<T extends Chart | Heatmap>(kind: PanelKind, type: abstract new (...of: never[]) => T, make: () => T): T {
    const shown = this.#drawn
    if (shown?.kind === kind && shown.plot instanceof type) return shown.plot
    const plot = make()
    this.#replace({ kind, plot }, plot.root)
    return plot
  }

  #replace(drawn: Drawn, shown: HTMLElement): void {
    this.#drawn?.plot?.close()
    this.#drawn = drawn
    this.#body.show(shown)
  }
}
