import uPlot from 'uplot'
import { quantity, type Unit } from '../format.ts'
import { themeColor } from './colors.ts'
import type { HeatmapData } from './data.ts'
import { timeTexts } from './time-axis.ts'

const HEIGHT = 320
/** So many bounds have a text beside the chart. */
const MOST_TEXTS = 12
/** Even the emptiest bucket that has something in it is seen. */
const FAINTEST = 0.12

/**
 * Counts by time and bucket; the more, the stronger the color. Buckets are of one height each. Data replaces data, as in a
 * `Chart`: all that the plot is told depends on the data at hand.
 */
export class Heatmap {
  readonly root = document.createElement('div')
  readonly #unit: Unit | undefined
  readonly #height: number
  #data: HeatmapData = { times: [], buckets: [], counts: [] }
  #plot: uPlot | undefined
  readonly #resized = new ResizeObserver(() => this.#fit())
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)')
  readonly #repaint = () => this.#plot?.redraw()

  /** @param height px */
  constructor({ unit, height = HEIGHT }: { readonly unit?: Unit; readonly height?: number } = {}) {
    this.#unit = unit
    this.#height = height
    this.root.className = 'chart'
    this.#resized.observe(this.root)
    this.#scheme.addEventListener('change', this.#repaint)
  }

  show(data: HeatmapData): void {
    this.#data = data
    const columns: uPlot.AlignedData = [data.times as number[], data.times.map(() => null)]
    if (this.#plot === undefined) this.#plot = new uPlot(this.#options(), columns, this.root)
    else this.#plot.setData(columns)
  }

  close(): void {
    this.#resized.disconnect()
    this.#scheme.removeEventListener('change', this.#repaint)
    this.#plot?.destroy()
  }

  #fit(): void {
    const { clientWidth } = this.root
    if (this.#plot !== undefined && clientWidth > 0 && clientWidth !== this.#plot.width)
      this.#plot.setSize({ width: clientWidth, height: this.#height })
  }

  #options(): uPlot.Options {
    const axis = { stroke: () => themeColor('--quiet'), grid: { show: false }, ticks: { show: false } }
    return {
      width: this.root.clientWidth || 600,
      height: this.#height,
      legend: { show: false },
      scales: { y: { range: () => [0, Math.max(1, this.#data.buckets.length)] } },
      series: [{}, { points: { show: false } }],
      axes: [
        { ...axis, values: timeTexts },
        {
          ...axis,
          size: 72,
          splits: () => this.#bounds,
          values: (_plot, bounds) => bounds.map(bound => quantity(this.#data.buckets[bound - 1].upper, this.#unit))
        }
      ],
      cursor: { drag: { x: false, y: false } },
      hooks: { draw: [plot => draw(plot, this.#data)] }
    }
  }

  /** Numbers, from 1, of the buckets whose upper bounds have a text. */
  get #bounds(): number[] {
    const { length } = this.#data.buckets
    const every = Math.max(1, Math.ceil(length / MOST_TEXTS))
    return this.#data.buckets.flatMap((_, i) => (i % every === 0 ? [i + 1] : []))
  }
}

function draw(plot: uPlot, { times, counts }: HeatmapData): void {
  const most = counts.reduce((all, row) => row.reduce((high, value) => Math.max(high, value), all), 0)
  if (most === 0) return
  const { ctx } = plot
  const x = (time: number) => plot.valToPos(time, 'x', true)
  const step = times.length > 1 ? times[1] - times[0] : 1
  ctx.save()
  ctx.beginPath()
  ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height)
  ctx.clip()
  ctx.fillStyle = themeColor('--flow')
  for (const [bucket, row] of counts.entries()) {
    const top = plot.valToPos(bucket + 1, 'y', true)
    const height = plot.valToPos(bucket, 'y', true) - top
    for (const [at, value] of row.entries()) {
      if (value <= 0) continue
      // The eye tells few from none better than many from more.
      ctx.globalAlpha = FAINTEST + (1 - FAINTEST) * Math.sqrt(value / most)
      const left = x(times[at] - step)
      ctx.fillRect(left, top, x(times[at]) - left, height)
    }
  }
  ctx.restore()
}
