import type { ChartPanel, HeatmapPanel, Panel } from '../../core/admin/dashboards/dashboard.ts'
import {
  type EventPanel,
  type EventQuestion,
  eventQuestion,
  showsEvents
} from '../../core/admin/dashboards/event-question.ts'
import {
  fillIn,
  fillInPromql,
  timeVariables,
  UnknownVariable,
  type VariableValues
} from '../../core/admin/dashboards/variables.ts'
import { type Grid, gridOf, query, queryRange } from '../app/promql.ts'
import {
  askEvents,
  type FunnelAnswer,
  type GroupsAnswer,
  type RetentionAnswer,
  type TopAnswer
} from './event-answers.ts'
import { eventFigures, eventResults } from './event-charts.ts'
import { funnelLists, isEmptyFunnel } from './funnel.ts'
import { type Figures, figureList, figuresOf, figureTable } from './instant.ts'
import { PanelBody } from './panel-body.ts'
import { type PanelKind, QueryPanel } from './query-panel.ts'
import type { PanelQuery } from './results.ts'
import { periodStart, retentionTable } from './retention.ts'
import { secondsOf } from './seconds.ts'
import { topTable } from './top-values.ts'

/** As many points of time as a chart of a dashboard has room for. */
const MOST_POINTS = 400
const MOST_BARS = 60
const HEIGHT = 220
/** Of the query API. */
const DEFAULT_PERIOD = '1d'
const NOTHING = 'No data in this range.'

export interface PanelViewOptions {
  /** Panels of one name share their cursor. */
  readonly cursor?: string
  /** A range was dragged, in s. */
  readonly onZoom?: (from: number, to: number) => void
}

/** The range and the values that a panel is shown for. */
export interface Frame {
  /** s since 1970 */
  readonly from: number
  readonly to: number
  /** Without those of time. */
  readonly values: VariableValues
}

/** A panel of a dashboard: it asks, and shows the answer, or the error in its place. */
export class PanelView {
  readonly root: HTMLElement
  readonly #panel: Panel
  readonly #chart: QueryPanel | undefined
  readonly #body = new PanelBody()

  constructor(panel: Panel, options: PanelViewOptions = {}) {
    this.#panel = panel
    if (isChart(panel)) {
      const unit = 'unit' in panel ? panel.unit : undefined
      this.#chart = new QueryPanel({ kind: panel.kind as PanelKind, unit, height: HEIGHT, ...options })
    }
    this.root = (this.#chart ?? this.#body).root
  }

  /** Asks and shows. What was shown stays until there is an answer. */
  async load(frame: Frame, signal: AbortSignal): Promise<void> {
    this.root.setAttribute('aria-busy', 'true')
    try {
      if (this.#chart !== undefined) await this.#loadChart(this.#chart, frame, signal)
      else this.#show(await contentOf(this.#panel, frame, signal))
    } catch (error) {
      if (!signal.aborted) this.fail(error as Error)
    } finally {
      if (!signal.aborted) this.root.removeAttribute('aria-busy')
    }
  }

  fail(error: Error): void {
    const hasNone = error instanceof UnknownVariable
    const text = hasNone ? `There is no value of $${error.variable} in this range to choose.` : error.message
    const place = this.#chart ?? this.#body
    place.say(text, !hasNone)
  }

  close(): void {
    this.#chart?.close()
  }

  #show(content: readonly HTMLElement[]): void {
    if (content.length === 0) this.#body.say(NOTHING)
    else this.#body.show(...content)
  }

  async #loadChart(chart: QueryPanel, { from, to, values }: Frame, signal: AbortSignal): Promise<void> {
    const panel = this.#panel as ChartPanel | HeatmapPanel
    const grid = gridFor(panel, from, to, values)
    const all = new Map([...timeVariables(grid.step, to - from), ...values])
    if (showsEvents(panel)) {
      const range = { from: grid.start, to: grid.end + grid.step, step: grid.step }
      const question = eventQuestion(panel, all)
      const answer = await askEvents<GroupsAnswer>(question, range, signal)
      if (!signal.aborted) chart.show(eventResults(answer, grid, measureOf(question)))
      return
    }
    const queries = queriesOf(panel, all)
    const answers = await Promise.all(queries.map(({ query }) => queryRange(query, grid, signal)))
    if (!signal.aborted) chart.show({ grid, answers, queries })
  }
}

const isChart = ({ kind }: Panel) => kind === 'line' || kind === 'bar' || kind === 'stacked' || kind === 'heatmap'

async function contentOf(panel: Panel, frame: Frame, signal: AbortSignal): Promise<readonly HTMLElement[]> {
  const { from, to, values } = frame
  const all = new Map([...timeVariables(gridOf(from, to, MOST_POINTS).step, to - from), ...values])
  const askFor = <T>(events: EventPanel, start = from) =>
    askEvents<T>(eventQuestion(events, all), { from: start, to }, signal)
  switch (panel.kind) {
    case 'top': {
      const answer = await askFor<TopAnswer>(panel)
      return answer.values.length === 0 ? [] : [topTable(answer)]
    }
    case 'funnel': {
      const answer = await askFor<FunnelAnswer>(panel)
      const names = panel.events.steps.map(step => fillInPromql(step, all))
      return isEmptyFunnel(answer) ? [] : funnelLists(answer, names.map(stepName))
    }
    case 'retention': {
      const period = secondsOf(fillIn(panel.events.period ?? DEFAULT_PERIOD, all))
      const answer = await askFor<RetentionAnswer>(panel, periodStart(from, period))
      return answer.cohorts.some(({ actors }) => actors > 0) ? [retentionTable(answer)] : []
    }
    default: {
      const chart = panel as ChartPanel
      const figures = showsEvents(chart)
        ? [eventFigures(await askFor<GroupsAnswer>(chart), measureOf(eventQuestion(chart, all)))]
        : await instantFigures(queriesOf(chart, all), to, signal)
      if (figures.every(one => one.figures.length === 0)) return []
      return [chart.kind === 'table' ? figureTable(figures, chart.unit) : figureList(figures, chart.unit)]
    }
  }
}

function instantFigures(queries: readonly PanelQuery[], time: number, signal: AbortSignal): Promise<Figures[]> {
  const figures = queries.map(async ({ query: text, legend }) => {
    const column = legend === undefined || legend.includes('{{') ? 'Value' : legend
    return figuresOf((await query(text, time, signal)).data, legend, column)
  })
  return Promise.all(figures)
}

function queriesOf({ queries = [] }: ChartPanel | HeatmapPanel, values: VariableValues): PanelQuery[] {
  return queries.map(({ promql, legend }) => ({
    query: fillInPromql(promql, values),
    // A variable of a label's name may have no value, if there is no label.
    legend: legend && fillIn(legend, values).replace('{{}}', 'all')
  }))
}

function gridFor(panel: ChartPanel | HeatmapPanel, from: number, to: number, values: VariableValues): Grid {
  const usual = gridOf(from, to, panel.kind === 'bar' || showsEvents(panel) ? MOST_BARS : MOST_POINTS)
  const shortest = panel.step === undefined ? 0 : secondsOf(fillIn(panel.step, values))
  if (shortest === 0) return usual
  // Windows are counted whole only if a step has a whole number of them.
  const step = Math.ceil(usual.step / shortest) * shortest
  return { start: Math.floor(from / step) * step, end: Math.floor(to / step) * step, step }
}

const measureOf = ({ parameters }: EventQuestion) =>
  parameters.of === undefined ? 'events' : `distinct ${parameters.of}`

/** `{__name__="page view"}` and `{"page view"}` are `page view`. */
const stepName = (selector: string) => /^\{(?:__name__=)?"([^"\\]*)"\}$/.exec(selector)?.[1] ?? selector
