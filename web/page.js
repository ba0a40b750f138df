// The admin page: polls /api/status once a second and draws what it says. Text is set as text, never as HTML.

const POLL_MS = 1000
const number = new Intl.NumberFormat('en')
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** Counts at the previous poll, by component, for rates. */
let before = { time: 0, counts: new Map() }

async function poll() {
  try {
    const response = await fetch('/api/status')
    draw(await response.json())
  } catch {
    show('phase', 'not reachable')
    document.getElementById('phase').className = 'badge lost'
  }
  setTimeout(poll, POLL_MS)
}

function draw(status) {
  const rates = takeRates(status.components)
  show('phase', status.phase)
  document.getElementById('phase').className = `badge ${status.phase}`
  show('uptime', `up ${duration(status.uptimeSeconds)}`)
  replace('credits', [creditsOf('in flight', status.credits.inFlight), creditsOf('owned', status.credits.owned)])
  replace(
    'pipelines',
    status.pipelines.map(pipeline => drawPipeline(pipeline, status.components, rates))
  )
  for (const box of document.querySelectorAll('.pipeline')) connect(box)
  replace('ledger', status.components.map(ledgerRow))
  replace(
    'problems',
    status.problems.length === 0
      ? [element('li', 'none', 'none since the start')]
      : status.problems.toReversed().map(problemItem)
  )
}

/** Items a second by component name: in and out. */
function takeRates(components) {
  const now = performance.now()
  const seconds = (now - before.time) / 1000
  const counts = new Map(components.map(component => [nameOf(component), component.account]))
  const rates = new Map()
  for (const [name, { received, sent }] of counts) {
    const old = before.counts.get(name) ?? { received, sent }
    rates.set(name, { in: (received - old.received) / seconds, out: (sent - old.sent) / seconds })
  }
  before = { time: now, counts }
  return rates
}

function drawPipeline(pipeline, components, rates) {
  const find = (kind, id) =>
    components.find(
      other => other.kind === kind && other.id === id && (kind !== 'processor' || other.pipeline === pipeline.name)
    )
  const box = element('div', 'pipeline')
  box.append(element('h3', '', pipeline.name), document.createElementNS('http://www.w3.org/2000/svg', 'svg'))
  const stages = [
    pipeline.receivers.map(id => find('receiver', id) ?? { kind: 'receiver', id, state: 'ok' }),
    ...pipeline.processors.map(id => [find('processor', id)]),
    pipeline.exporters.map(id => find('exporter', id))
  ]
  for (const stage of stages.filter(nodes => nodes.length > 0)) {
    const column = element('div', 'stage')
    column.append(...stage.map(component => drawNode(component, rates.get(nameOf(component)))))
    box.append(column)
  }
  return box
}

function drawNode({ kind, id, state, reason, queue }, rate) {
  const node = element('div', `node ${state}`)
  node.append(element('b', '', id), element('small', '', kind))
  if (rate !== undefined) {
    node.dataset.rate = rate.out
    node.append(element('span', '', `in ${compact.format(rate.in)}/s · out ${compact.format(rate.out)}/s`))
  }
  if (queue !== undefined) {
    const bar = element('meter')
    Object.assign(bar, { min: 0, max: queue.capacityBytes, high: queue.capacityBytes * 0.8, value: queue.usedBytes })
    bar.setAttribute('aria-label', `queue of ${id}`)
    node.append(element('span', '', `queue ${bytes(queue.usedBytes)} of ${bytes(queue.capacityBytes)}`), bar)
  }
  if (state !== 'ok' && reason) node.append(element('span', 'reason', reason))
  return node
}

/** Draws a line from every node of a stage to every node of the next. */
function connect(box) {
  const svg = box.querySelector('svg')
  const origin = box.getBoundingClientRect()
  svg.setAttribute('width', box.scrollWidth)
  svg.setAttribute('height', box.scrollHeight)
  const stages = [...box.querySelectorAll('.stage')].map(stage => [...stage.children])
  for (let i = 1; i < stages.length; i++) {
    for (const from of stages[i - 1]) for (const to of stages[i]) svg.append(line(from, to, origin))
  }
}

function line(from, to, origin) {
  const a = from.getBoundingClientRect()
  const b = to.getBoundingClientRect()
  const [x1, y1, x2, y2] = [
    a.right - origin.left,
    (a.top + a.bottom) / 2 - origin.top,
    b.left - origin.left,
    (b.top + b.bottom) / 2 - origin.top
  ]
  const bend = (x2 - x1) / 2
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute('d', `M ${x1} ${y1} C ${x1 + bend} ${y1}, ${x2 - bend} ${y2}, ${x2} ${y2}`)
  if (Number(from.dataset.rate) > 0) path.setAttribute('class', 'busy')
  return path
}

function ledgerRow(component) {
  const { received, produced, sent, absorbed, refused, inFlight, imbalance, dropped } = component.account
  const row = element('tr')
  row.append(element('td', '', nameOf(component)))
  for (const value of [received, produced, sent, absorbed]) row.append(element('td', '', number.format(value)))
  const drops = Object.entries(dropped)
  const cell = element('td', '', number.format(drops.reduce((sum, [, items]) => sum + items, 0)))
  cell.append(...drops.map(([reason, items]) => element('small', '', `${reason}: ${number.format(items)}`)))
  row.append(cell, element('td', '', number.format(refused)), element('td', '', number.format(inFlight)))
  row.append(imbalance === 0 ? element('td', '', '✓') : element('td', 'off', number.format(imbalance)))
  return row
}

function problemItem({ time, level, component, message }) {
  const item = element('li', level)
  item.append(element('time', '', new Date(time).toLocaleTimeString()), `${component} — ${message}`)
  return item
}

function creditsOf(name, { usedBytes, capacityBytes }) {
  const box = element('div')
  box.append(element('dt', '', name), element('dd', '', `${bytes(usedBytes)} of ${bytes(capacityBytes)}`))
  return box
}

function element(tag, className = '', text = '') {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  if (text !== '') made.textContent = text
  return made
}

function duration(seconds) {
  const parts = [
    [86400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's']
  ]
  const first = parts.findIndex(([size]) => seconds >= size)
  return (
    parts
      .slice(Math.max(0, first), first + 2)
      .map(([size, unit], i) => `${Math.floor((i === 0 ? seconds : seconds % parts[first][0]) / size)}${unit}`)
      .join(' ') || '0s'
  )
}

function bytes(count) {
  const unit = count >= 2 ** 20 ? ['MiB', 2 ** 20] : ['KiB', 2 ** 10]
  return `${number.format(Math.round((count / unit[1]) * 10) / 10)} ${unit[0]}`
}

const nameOf = ({ kind, id, pipeline }) => `${kind} ${id}${pipeline ? ` in ${pipeline}` : ''}`
const show = (id, text) => {
  document.getElementById(id).textContent = text
}
const replace = (id, children) => document.getElementById(id).replaceChildren(...children)

poll()
