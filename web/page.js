// The admin page: polls /api/status once a second, /cardinality less often, and shows what they say.
import { cardinalityPanels } from './cardinality.js'
import { element, update } from './dom.js'
import { bytes, compact, duration } from './format.js'
import { connect, pipelineBox } from './graph.js'
import { droppedItems, ledgerRow } from './ledger.js'
import { problemItems } from './problems.js'
import { Rates } from './rates.js'

const POLL_MS = 1000
const TIMEOUT_MS = 5000
/** Counting series that have no place takes a while. */
const POLLS_PER_REPORT = 5

const rates = new Rates()
let polls = 0
const byId = id => document.getElementById(id)

async function poll() {
  const status = await ask('/api/status')
  if (status === undefined) showPhase('not reachable', 'failed')
  else show(status)
  document.body.classList.toggle('lost', status === undefined)
  if (status !== undefined) await pollCardinality(status)
  setTimeout(poll, POLL_MS)
}

async function pollCardinality({ reports }) {
  if (!reports.includes('cardinality')) return showCardinality([])
  const told = polls++ % POLLS_PER_REPORT === 0 ? await ask('/cardinality') : undefined
  if (told !== undefined) showCardinality(told)
}

async function ask(path) {
  try {
    const response = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return response.ok ? await response.json() : undefined
  } catch {
    return undefined
  }
}

function show(status) {
  const { phase, uptimeSeconds, components, pipelines, problems } = status
  rates.take(components, uptimeSeconds)
  const worst = ['failed', 'degraded'].find(state => components.some(component => component.state === state))
  showPhase(worst === undefined ? phase : `${phase}, ${worst}`, worst ?? (phase === 'running' ? 'ok' : 'degraded'))
  update(byId('uptime'), [`${location.host}, up ${duration(uptimeSeconds)}`])
  update(byId('summary'), summaryTiles(status))
  update(
    byId('pipelines'),
    pipelines.map((pipeline, i) => pipelineBox(pipeline, i, status, rates))
  )
  connect(byId('pipelines'))
  update(byId('ledger'), components.map(ledgerRow))
  update(byId('problems'), problemItems(problems))
}

function showCardinality(reports) {
  byId('cardinality').hidden = reports.length === 0
  update(byId('limiters'), cardinalityPanels(reports))
}

function showPhase(text, state) {
  update(byId('phase'), [text])
  byId('phase').className = `badge ${state}`
  document.title = `Weir: ${text}`
}

function summaryTiles({ components, credits }) {
  const ofKind = kind => components.filter(component => component.kind === kind)
  const sum = (list, value) => list.reduce((total, component) => total + value(component), 0)
  const dropped = sum(components, droppedItems)
  return [
    tile('Received', `${compact(sum(ofKind('receiver'), component => rates.of(component).in))}/s`),
    tile('Exported', `${compact(sum(ofKind('exporter'), component => rates.of(component).out))}/s`),
    tile('Dropped', compact(dropped), dropped > 0 && 'warn'),
    memoryTile('In flight,', credits.inFlight),
    memoryTile('Output,', credits.output)
  ]
}

function tile(label, value, className) {
  return element('div', { class: className }, element('dt', {}, label), element('dd', {}, value))
}

function memoryTile(label, { usedBytes, capacityBytes }) {
  return tile(`${label} of ${bytes(capacityBytes)}`, bytes(usedBytes))
}

new ResizeObserver(() => connect(byId('pipelines'))).observe(byId('pipelines'))
poll()
