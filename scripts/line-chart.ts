/** Panels side by side, both axes logarithmic, as SVG. */
export interface LineChart {
  readonly title: string
  readonly xTitle: string
  readonly formatX: (value: number) => string
  readonly formatY: (value: number) => string
  readonly panels: readonly { readonly title: string; readonly lines: readonly Line[] }[]
}

export interface Line {
  readonly name: string
  readonly color: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

interface Axis {
  readonly min: number
  readonly max: number
}

const PANEL_WIDTH = 260
const PANEL_HEIGHT = 200
const MARGIN = { left: 76, right: 48, top: 64, bottom: 72 }
const GAP = 32

export function renderLineChart({ title, xTitle, formatX, formatY, panels }: LineChart): string {
  const points = panels.flatMap(({ lines }) => lines.flatMap(line => line.points))
  const x = axisOf(points.map(([value]) => value))
  // One scale for all panels, so that they compare.
  const y = axisOf(points.map(([, value]) => value))
  const width = MARGIN.left + MARGIN.right + panels.length * PANEL_WIDTH + (panels.length - 1) * GAP
  const height = MARGIN.top + PANEL_HEIGHT + MARGIN.bottom
  const bottom = MARGIN.top + PANEL_HEIGHT
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#333">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(MARGIN.left, 20, title, 'font-size="15" font-weight="bold"'),
    ...ticks(y).map(value => text(MARGIN.left - 8, placeY(value, y) + 4, formatY(value), 'text-anchor="end"')),
    ...panels.flatMap((panel, i) => {
      const left = MARGIN.left + i * (PANEL_WIDTH + GAP)
      return [
        text(left, MARGIN.top - 12, panel.title, 'font-size="11"'),
        ...ticks(y).map(value => rule(left, placeY(value, y), left + PANEL_WIDTH, placeY(value, y))),
        ...xValues(points).map(value =>
          text(placeX(value, x, left), bottom + 18, formatX(value), 'text-anchor="middle"')
        ),
        ...panel.lines.flatMap(line => renderLine(line, x, y, left))
      ]
    }),
    text(MARGIN.left, bottom + 38, xTitle),
    ...legend(panels.flatMap(({ lines }) => lines)),
    '</svg>'
  ]
  return `${parts.join('\n')}\n`
}

function renderLine({ points, color }: Line, x: Axis, y: Axis, left: number): string[] {
  const placed = points.map(([px, py]) => [round(placeX(px, x, left)), round(placeY(py, y))] as const)
  return [
    `<polyline points="${placed.map(([px, py]) => `${px},${py}`).join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`,
    ...placed.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="3.5" fill="${color}"/>`)
  ]
}

function legend(lines: readonly Line[]): string[] {
  const colors = new Map(lines.map(({ name, color }) => [name, color]))
  const at = MARGIN.top + PANEL_HEIGHT + 60
  return [...colors].flatMap(([name, color], i) => {
    const left = MARGIN.left + i * 150
    return [`<rect x="${left}" y="${at - 9}" width="18" height="4" fill="${color}"/>`, text(left + 24, at - 2, name)]
  })
}

/** From the power of ten below the least value to the one above the greatest. */
function axisOf(values: readonly number[]): Axis {
  const min = 10 ** Math.floor(Math.log10(Math.min(...values)))
  return { min, max: Math.max(10 ** Math.ceil(Math.log10(Math.max(...values))), min * 10) }
}

function ticks({ min, max }: Axis): number[] {
  const count = Math.round(Math.log10(max / min)) + 1
  return Array.from({ length: count }, (_, i) => min * 10 ** i)
}

const xValues = (points: readonly (readonly [number, number])[]) => [...new Set(points.map(([value]) => value))]
const share = (value: number, { min, max }: Axis) => Math.log(value / min) / Math.log(max / min)
const placeX = (value: number, axis: Axis, left: number) => left + share(value, axis) * PANEL_WIDTH
const placeY = (value: number, axis: Axis) => MARGIN.top + (1 - share(value, axis)) * PANEL_HEIGHT
const round = (value: number) => Number(value.toFixed(1))

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#ddd"/>`
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${content}</text>`.replace(' >', '>')
}
