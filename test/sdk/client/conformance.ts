// Client libraries of Weir under faults. The program of a client is started as `PROGRAM… ENDPOINT SECONDS`. For so many
// seconds it calls count, gauge, timing, unique and event some hundred times a second, with few series. Then it closes the
// client with a deadline of 30 s, and prints one line of JSON:
//
//   {"counts": {"client.requests{route=\"/\"}": 7}, "events": 3, "unsent": 0, "dropped": 0}
//
// `counts` has the sum of all calls by series: names and attributes as called, attributes in the order of their names with
// values as JSON. Events are called `client.click`, timings `client.time` with one attribute `route`, a set `client.users` has 20 members
// that all come within two seconds, and a gauge is `client.step`. `client.refused` has, now and then, an attribute of 9,000 characters: Weir
// refuses that point, and takes the rest of its request.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { eventually } from '../../e2e/eventually.ts'
import { Sandbox, type Weir } from '../../e2e/weir-process.ts'
import { type Roughness, RoughProxy } from '../../integrity/rough-proxy.ts'
import { freePort } from '../../servers/free-port.ts'
import type { Called } from './programs/calls.ts'

/** The faults take about as long. If they take longer, the client still sends, for it closes slowly. */
const SECONDS = 30
const DEAD_MS = 2000
const MEET_DEADLINE_MS = 45_000
/** `killed`: Weir is, and starts again. */
const FAULTS: readonly (Roughness | 'killed')[] = [
  'cut',
  'killed',
  'small',
  'wait a second',
  'after',
  '503',
  'moved',
  'dead',
  'wait until',
  '429',
  'slow',
  'hang',
  'killed',
  'reset',
  '500'
]

interface Row {
  readonly name: string
  readonly route: string
  readonly total: number
}

/** Runs a client's program through all faults, and compares what it called with what Weir counted. */
export async function assertConforms(t: TestContext, command: readonly string[]): Promise<void> {
  const sandbox = await Sandbox.open(t)
  const [otlp, admin] = [await freePort(), await freePort()]
  const config = configOf(otlp, admin)
  let weir = await sandbox.start(config)
  const proxy = await RoughProxy.start(`http://127.0.0.1:${otlp}`)
  t.after(() => proxy.stop())
  const program = new Program([...command, proxy.url, String(SECONDS)])
  t.after(() => program.end())
  for (const fault of FAULTS) {
    await meets(proxy, 'pass')
    if (fault === 'killed') {
      await weir.kill()
      weir = await sandbox.start(config)
      continue
    }
    await proxy.become(fault)
    if (fault === 'dead') await setTimeout(DEAD_MS)
    else await meets(proxy, fault)
    await proxy.become('pass')
  }
  const called = await program.called()
  t.diagnostic(`requests by fault: ${JSON.stringify(Object.fromEntries(proxy.seen))}`)
  t.diagnostic(`${called.events} events, ${JSON.stringify(called.counts)}`)
  assert.deepEqual([called.unsent, called.dropped], [0, 0])
  await assertCounted(weir, called)
}

/** Waits for one request more that is treated so. */
async function meets(proxy: RoughProxy, how: Roughness): Promise<void> {
  const before = proxy.seen.get(how) ?? 0
  const isMet = () => (proxy.seen.get(how) ?? 0) > before
  await eventually(`a request meets ${how}`, isMet, { deadlineMs: MEET_DEADLINE_MS })
}

/** A child process that prints one line at its end. */
class Program {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown[]>
  #output = ''

  constructor([program, ...args]: readonly string[]) {
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child.stdout!.setEncoding('utf8').on('data', text => {
      this.#output += text
    })
    this.#ended = once(this.#child, 'close')
  }

  async called(): Promise<Called> {
    const [code] = await this.#ended
    assert.equal(code, 0, this.#output)
    return JSON.parse(this.#output)
  }

  end(): void {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL')
  }
}

/** Weir counted neither less nor more, in windows and in all. */
async function assertCounted(weir: Weir, called: Called): Promise<void> {
  const want = new Map(Object.entries(called.counts))
  const total = (rows: readonly Row[], name: string) =>
    rows.filter(row => row.name === name).reduce((sum, row) => sum + row.total, 0)
  const counted = (rows: readonly Row[]) =>
    new Map(rows.filter(({ name }) => isCount(name, want)).map(({ name, route, total }) => [keyOf(name, route), total]))
  const isAllThere = async () => {
    const rows = await ask(weir, TOTALS)
    return total(rows, 'client.click') >= called.events && [...want].every(([key, n]) => counted(rows).get(key)! >= n)
  }
  // After a deadline it is compared as it is.
  await eventually('all is stored', isAllThere).catch(() => {})
  const rows = await ask(weir, TOTALS)
  assert.deepEqual(sorted(counted(rows)), sorted(want))
  assert.equal(total(rows, 'client.click'), called.events, 'events')
  assert.equal(total(rows, 'client.refused'), 0, 'refused points')
  assert.equal(total(rows, 'client.time.count'), called.events, 'timings')
  assert.deepEqual(sorted(counted(await ask(weir, CUMULATIVE))), sorted(want))
  const [{ total: members }] = await ask(weir, MEMBERS)
  assert.equal(members, 20, 'members of the set')
  await weir.assertLedger(await expectedDrops(weir))
}

/** Duplicates, and points that Weir refused. */
async function expectedDrops(weir: Weir) {
  const { components } = await weir.status()
  return Object.fromEntries(
    components.map(({ kind, id, account }) => {
      const expected = Object.entries(account.dropped).filter(([reason]) =>
        ['duplicate', 'value_too_long'].includes(reason)
      )
      return [`${kind} ${id}`, Object.fromEntries(expected)]
    })
  )
}

const isCount = (name: string, want: ReadonlyMap<string, number>) =>
  [...want.keys()].some(key => key.startsWith(`${name}{`))
const keyOf = (name: string, route: string) => `${name}{route=${JSON.stringify(route)}}`
const sorted = (map: ReadonlyMap<string, number>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

const SELECT = `SELECT name, attributes['route'] AS route`
const TOTALS = `${SELECT}, sum(value) AS total FROM metrics WHERE attributes['window'] = '1s' GROUP BY name, route`
const CUMULATIVE = `${SELECT}, max(value) AS total FROM metrics WHERE attributes['window'] = '' GROUP BY name, route`
const MEMBERS = `SELECT max(value) AS total FROM metrics WHERE name = 'client.users.unique'`

async function ask(weir: Weir, sql: string): Promise<Row[]> {
  const url = `${weir.admin}/api/exporters/clickhouse/query?format=JSON`
  const response = await fetch(url, { method: 'POST', body: sql })
  const text = await response.text()
  assert.ok(response.ok, text)
  return JSON.parse(text).data
}

const configOf = (otlp: number, admin: number) => `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:${otlp} } } }
processors:
  dedup: { mode: client_seq, window: 1h }
  dedup/events: { mode: client_seq, window: 1h }
  windowed_counter:
    windows: [1s]
    rules:
      - { match: { name: client.time }, aggregations: [count] }
      - { match: { kind: counter } }
      - { match: { kind: set } }
  windowed_counter/events: { windows: [1s], by: [route] }
exporters:
  clickhouse: { embedded: ./clickhouse }
service:
  admin: { endpoint: 127.0.0.1:${admin} }
  journal: { folder: ./journal, checkpoint_interval: 400ms }
  log: { level: warn }
  pipelines:
    metrics: { receivers: [otlp], processors: [dedup, windowed_counter], exporters: [clickhouse] }
    events: { items: [events], receivers: [otlp], processors: [dedup/events, windowed_counter/events], exporters: [clickhouse] }
`
