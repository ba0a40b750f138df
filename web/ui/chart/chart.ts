import uPlot from 'uplot'
import { quantity, type Unit } from '../format.ts'
import { lineColor, themeColor } from './colors.ts'
import type { ChartData } from './data.ts'
import { stacked } from './stack.ts'
import { timeTexts } from './time-axis.ts'

export type ChartKind = 'line' | 'bar' | 'stacked'

export interface ChartOptions {
  readonly kind: ChartKind
  readonly unit?: Unit
  /** px */
  readonly height?: number
  /** Charts of one name share their cursor. */
  readonly cursor?: string
  /** A range was dragged, in s. */
  readonly onZoom?: (from: number, to: number) => void
  /** The cursor is over this index of times; undefined when it has left. */
  readonly onCursor?: (index: number | undefined) => void
}

const HEIGHT = 320
/** Dragged by less, px: a click. */
const LEAST_DRAG = 8
const BAR_WIDTH = 0.8
const WIDEST_BAR = 60
/** A point of its own is seen where a line would have no length. */
const MOST_POINTS_SHOWN = 60

/** Lines, bars or stacked areas over time. Data replaces data, so that a live chart does not grow. */
export class Chart {
  readonly root = document.createElement('div')
  #options: ChartOptions
  #data: ChartData = { times: [], lines: [] }
  #hidden: ReadonlySet<number> = new Set()
  #plot: uPlot | undefined
  /** Same as long as the plot can show other data without being made anew. */
  #shape = ''
  #shownAt = 0
  readonly #resized = new ResizeObserver(() => this.#fit())
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)')
  readonly #repaint = () => this.#remake()

  constructor(options: ChartOptions) {
    this.#options = options
    this.root.className = 'chart'
    this.#resized.observe(this.root)
    this.#scheme.addEventListener('change', this.#repaint)
  }

  /** @param hidden indices of lines that are left out */
  show(data: ChartData, hidden: ReadonlySet<number> = new Set()): void {
    this.#shownAt = performance.now()
    this.#data = data
    this.#hidden = hidden
    const shape = `${data.lines.length} ${[...hidden].join()} ${data.times.length <= MOST_POINTS_SHOWN}`
    if (this.#plot === undefined || shape !== this.#shape) {
      this.#shape = shape
      return this.#remake()
    }
    this.#plot.setData(this.#columns())
  }

  /** Other options for the same data. */
  set(options: Partial<ChartOptions>): void {
    this.#options = { ...this.#options, ...options }
    if (this.#plot !== undefined) this.#remake()
  }

  close(): void {
    this.#resized.disconnect()
    this.#scheme.removeEventListener('change', this.#repaint)
    this.#plot?.destroy()
  }

  /** Says how long it took, in ms, for those who measure it. */
  #drawn(): void {
    this.root.dataset.drawMs = (performance.now() - this.#shownAt).toFixed(1)
  }

  get #isStacked(): boolean {
    return this.#options.kind !== 'line'
  }

  #remake(): void {
    this.#plot?.destroy()
    this.#plot = new uPlot(this.#plotOptions(), this.#columns(), this.root)
  }

  #fit(): void {
    const { clientWidth } = this.root
    if (this.#plot !== undefined && clientWidth > 0 && clientWidth !== this.#plot.width)
      this.#plot.setSize({ width: clientWidth, height: this.#options.height ?? HEIGHT })
  }

  #columns(): uPlot.AlignedData {
    const { times, lines } = this.#data
    const rows = lines.map(({ values }) => values)
    return [times as number[], ...((this.#isStacked ? stacked(rows, this.#hidden) : rows) as (number | null)[][])]
  }

  #plotOptions(): uPlot.Options {
    const { height = HEIGHT, unit, cursor, onZoom, onCursor } = this.#options
    const axis = {
      stroke: themeColor('--quiet'),
      grid: { stroke: themeColor('--line'), width: 1 },
      ticks: { show: false }
    }
    return {
      width: this.root.clientWidth || 600,
      height,
      legend: { show: false },
      scales: { y: { range: (_plot, low, high) => rangeFrom(low, high, this.#isStacked) } },
      series: [{}, ...this.#series()],
      axes: [
        { ...axis, values: timeTexts },
        { ...axis, size: 64, values: (_plot, ticks) => ticks.map(tick => quantity(tick, unit)) }
      ],
      cursor: {
        drag: { x: onZoom !== undefined, y: false, setScale: false, dist: LEAST_DRAG },
        ...(cursor === undefined ? {} : { sync: { key: cursor } })
      },
      hooks: {
        draw: [() => this.#drawn()],
        setCursor: [({ cursor: { idx } }) => onCursor?.(idx ?? undefined)],
        setSelect: [plot => select(plot, onZoom)]
      }
    }
  }

  #series(): uPlot.Series[] {
    const { kind } = this.#options
    const showsPoints = this.#data.times.length <= MOST_POINTS_SHOWN
    return this.#data.lines.map((_, i) => {
      const color = lineColor(i)
      const filled = kind === 'line' ? undefined : color
      return {
        show: !this.#hidden.has(i),
        stroke: color,
        // A bar of 0 would be a line.
        width: kind === 'bar' ? 0 : 1.5,
        fill: filled,
        ...(kind === 'bar' ? { paths: uPlot.paths.bars!({ size: [BAR_WIDTH, WIDEST_BAR] }) } : {}),
        points: { show: kind === 'line' && showsPoints, size: 4 }
      }
    })
  }
}

/** Stacks begin at 0, and a line that never moves is not at an edge. */
function rangeFrom(low: number | null, high: number | null, fromZero: boolean): [number, number] {
  if (low === null || high === null) return [0, 1]
  const [bottom, top] = fromZero || low >= 0 ? [Math.min(0, low), Math.max(0, high)] : [low, high]
  if (bottom === top) return [bottom - 1, top + 1]
  const margin = (top - bottom) * 0.06
  return [bottom < 0 ? bottom - margin : bottom, top > 0 ? top + margin : top]
}

function select(plot: uPlot, onZoom: ChartOptions['onZoom']): void {
  const { left, width } = plot.select
  if (width < LEAST_DRAG) return
  const [from, to] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  onZoom?.(from, to)
}
