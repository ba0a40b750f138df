import uPlot from 'uplot'
import { quantity, type Unit } from '../format.ts'
import { themeColor } from './colors.ts'
import type { Bucket, HeatmapData } from './data.ts'
import { timeTexts } from './time-axis.ts'

const HEIGHT = 320
/** So many bounds have a text beside the chart. */
const MOST_TEXTS = 12
/** Even the emptiest bucket that has something in it is seen. */
const FAINTEST = 0.12

/** Counts by time and bucket; the more, the stronger the color. Buckets are of one height each. */
export class Heatmap {
  readonly root = document.createElement('div')
  readonly #unit: Unit | undefined
  readonly #height: number
  #data: HeatmapData = { times: [], buckets: [], counts: [] }
  #plot: uPlot | undefined
  readonly #resized = new ResizeObserver(() => this.#fit())

  /** @param height px */
  constructor({ unit, height = HEIGHT }: { readonly unit?: Unit; readonly height?: number } = {}) {
    this.#unit = unit
    this.#height = height
    this.root.className = 'chart'
    this.#resized.observe(this.root)
  }

  show(data: HeatmapData): void {
    this.#data = data
    this.#plot?.destroy()
    const empty = data.times.map(() => null)
    this.#plot = new uPlot(this.#options(), [data.times as number[], empty], this.root)
  }

  close(): void {
    this.#resized.disconnect()
    this.#plot?.destroy()
  }

  #fit(): void {
    const { clientWidth } = this.root
    if (this.#plot !== undefined && clientWidth > 0 && clientWidth !== this.#plot.width)
      this.#plot.setSize({ width: clientWidth, height: this.#height })
  }

  #options(): uPlot.Options {
    const { buckets } = this.#data
    const axis = { stroke: themeColor('--quiet'), grid: { show: false }, ticks: { show: false } }
    const every = Math.max(1, Math.ceil(buckets.length / MOST_TEXTS))
    const bounds = buckets.flatMap((_, i) => (i % every === 0 ? [i + 1] : []))
    return {
      width: this.root.clientWidth || 600,
      height: this.#height,
      legend: { show: false },
      scales: { y: { range: [0, Math.max(1, buckets.length)] } },
      series: [{}, { points: { show: false } }],
      axes: [
        { ...axis, values: timeTexts },
        {
          ...axis,
          size: 72,
          splits: () => bounds,
          values: () => bounds.map(bound => boundText(buckets[bound - 1], this.#unit))
        }
      ],
      cursor: { drag: { x: false, y: false } },
      hooks: { draw: [plot => draw(plot, this.#data)] }
    }
  }
}

const boundText = ({ upper }: Bucket, unit: Unit | undefined) => quantity(upper, unit)

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
