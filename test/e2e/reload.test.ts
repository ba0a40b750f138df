import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { count } from '../../core/plural.ts'
import { freePort } from '../servers/free-port.ts'
import { assertCounted, SentCounts, seriesKey } from './counts.ts'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { RemoteWriteBackend, storedWindows } from './remote-write-backend.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const SENDERS = 4
/** Between two requests of a sender: some hundred a second in all, each reload meets many. */
const PAUSE_MS = 10

interface Setup {
  readonly port: number
  readonly first: string
  readonly second?: string | undefined
  readonly journal: boolean
  readonly workers?: number
  readonly lateness?: string
  readonly receivers?: string
  readonly admin?: number
}

/** They wait for windows of ten seconds, most of their time. */
const CONCURRENCY = 2

describe('weir reload', { concurrency: CONCURRENCY }, () => {
  for (const [journal, workers] of [
    [true, 1],
    [false, 1],
    [true, 2]
  ] as const)
    test(`reloads under load, ${journal ? 'with a journal' : 'in memory'}, ${count(workers, 'worker')}: all that was answered with 200 counts once, in every window`, async t => {
      const [sandbox, first, second] = [
        await Sandbox.open(t),
        await RemoteWriteBackend.start(t),
        await RemoteWriteBackend.start(t)
      ]
      const setup: Setup = { port: await freePort(), first: first.url, journal, workers }
      const weir = await sandbox.start(config(setup))
      const load = new Load(weir.otlp)
      const become = async (next: Setup) => {
        await writeFile(sandbox.path('weir.yaml'), config(next))
        const { code, stdout, stderr } = await sandbox.weir('reload', '--admin', weir.admin)
        assert.deepEqual([code, stderr], [0, ''], stdout)
        await nextWindow(first)
        return stdout
      }
      assert.match(await become(setup), /exporter victoriametrics\/first: continues unchanged\n/)
      const added = await become({ ...setup, second: second.url })
      assert.match(
        added,
        /receiver otlp: continues unchanged\n {2}exporter victoriametrics\/first: continues unchanged\n {2}exporter victoriametrics\/second: added/
      )
      assert.match(added, /processor windowed_counter in counts: continues with its state/)
      assert.match(
        await become({ ...setup, second: second.url, lateness: '1500ms' }),
        /windowed_counter in counts: continues with/
      )
      assert.match(await become({ ...setup, lateness: '1500ms' }), /exporter victoriametrics\/second: removed/)
      assert.match(
        await become({ ...setup, lateness: '1500ms', receivers: 'max_body_size: 1MiB' }),
        /receiver otlp: replaced/
      )
      const sent = await load.end()
      await eventually(
        'all windows are stored',
        () => sumOf(first, '1s') === sent.total && sumOf(first, '10s') === sent.total
      )
      await load.assertLedger(weir)
      assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
      assertCounted(storedWindows(first.samples()), sent)
      t.diagnostic(`${sent.total} counted, ${load.unanswered} to be sent again`)
    })

  test('a configuration with mistakes, or one that cannot be started, changes nothing', async t => {
    const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
    const setup: Setup = { port: await freePort(), first: backend.url, journal: true, admin: await freePort() }
    const weir = await sandbox.start(config(setup))
    const load = new Load(weir.otlp)
    const refused = async (text: string, message: RegExp, code: number) => {
      await writeFile(sandbox.path('weir.yaml'), text)
      const answer = await sandbox.weir('reload', '--admin', weir.admin)
      assert.equal(answer.code, code, answer.stdout)
      assert.match(answer.stderr, message)
    }
    await refused(config(setup).replace('otlp:', 'otpl:'), /weir.yaml:3:3: error: unknown receiver "otpl"/, 1)
    await refused(config({ ...setup, journal: false }), /service\.journal cannot change while Weir runs/, 1)
    await refused(config({ ...setup, port: await takenPort(t) }), /in use/, 1)
    await refused(`${aliases(12)}\n${config(setup)}`, /with aliases written out there are more than 100,000 values/, 1)
    const sent = await load.end()
    await eventually(
      'all windows are stored',
      () => sumOf(backend, '1s') === sent.total && sumOf(backend, '10s') === sent.total
    )
    await load.assertLedger(weir)
    assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
    assertCounted(storedWindows(backend.samples()), sent)
  })

  test('SIGHUP reloads, and with --watch a change of the file does', async t => {
    const [sandbox, first, second] = [
      await Sandbox.open(t),
      await RemoteWriteBackend.start(t),
      await RemoteWriteBackend.start(t)
    ]
    const setup: Setup = { port: await freePort(), first: first.url, journal: true, admin: await freePort() }
    const weir = await sandbox.start(config(setup), '--watch')
    await writeFile(sandbox.path('weir.yaml'), config({ ...setup, second: second.url }))
    await eventually('it says so', () =>
      /has changed: reloaded\n[\s\S]*exporter victoriametrics\/second: added/.test(weir.stdout)
    )
    weir.signal('SIGHUP')
    await eventually('it says so', () =>
      /SIGHUP: reloaded\n[\s\S]*exporter victoriametrics\/second: continues unchanged/.test(weir.stdout)
    )
    await writeFile(sandbox.path('weir.yaml'), 'nonsense: [')
    await eventually('it says so', () => /has changed: not reloaded, all is as before: .*weir.yaml/.test(weir.stderr))
    assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  })

  test('restarted after a reload, and after kill -9, it goes on with the state it had', async t => {
    const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
    const setup: Setup = { port: await freePort(), first: backend.url, journal: true, admin: await freePort() }
    const before = await sandbox.start(config(setup))
    const load = new Load(before.otlp)
    await nextWindow(backend)
    const changed = config({ ...setup, lateness: '1s' })
    await writeFile(sandbox.path('weir.yaml'), changed)
    assert.equal((await sandbox.weir('reload', '--admin', before.admin)).code, 0)
    await nextWindow(backend)
    const sent = await load.end()
    await before.kill()
    const after = await sandbox.start(changed)
    await eventually(
      'all windows are stored',
      () => sumOf(backend, '1s') === sent.total && sumOf(backend, '10s') === sent.total
    )
    assert.deepEqual(await after.stop(), { code: 0, signal: null }, after.stderr)
    assertCounted(storedWindows(backend.samples()), sent)
  })

  test('started with another configuration after a crash, it first does over the rest as before: every window once', async t => {
    const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
    const setup: Setup = { port: await freePort(), first: backend.url, journal: true }
    const before = await sandbox.start(config(setup))
    const load = new Load(before.otlp)
    await nextWindow(backend)
    await before.kill()
    const other = config({ ...setup, lateness: '100ms' })
    const after = await sandbox.start(other.replace('dedup: { mode: request }', 'dedup: { mode: request, window: 5m }'))
    await eventually('it runs as configured', () => /new configuration has taken its place/.test(after.stderr))
    await nextWindow(backend)
    const sent = await load.end()
    await eventually(
      'all windows are stored',
      () => sumOf(backend, '1s') === sent.total && sumOf(backend, '10s') === sent.total
    )
    await load.assertLedger(after)
    assert.deepEqual(await after.stop(), { code: 0, signal: null }, after.stderr)
    assertCounted(storedWindows(backend.samples()), sent)
  })
})

/** Senders that go on until told, and know what was answered with 200. */
class Load {
  readonly sent = new SentCounts()
  /** No answer: the listener was just being exchanged. Whoever sends anew is not counted twice by that. */
  unanswered = 0
  #isOver = false
  #senders: Promise<unknown>

  constructor(url: string) {
    this.#senders = Promise.all(Array.from({ length: SENDERS }, (_, id) => this.#send(url, `s${id}`)))
  }

  async end(): Promise<SentCounts> {
    this.#isOver = true
    await this.#senders
    return this.sent
  }

  /** A request without an answer may have been kept; then it is a duplicate when it is sent again. */
  async assertLedger(weir: Weir): Promise<void> {
    const dropped = (await weir.component('processor dedup')).account.dropped
    const { duplicate_request: duplicates = 0 } = dropped
    assert.ok(duplicates <= this.unanswered, `${duplicates} duplicates of ${this.unanswered} without an answer`)
    await weir.assertLedger(duplicates === 0 ? {} : { 'processor dedup': { duplicate_request: duplicates } })
  }

  async #send(url: string, sender: string): Promise<void> {
    while (!this.#isOver) {
      const point = { name: 'requests', attributes: { sender }, time: Date.now(), value: 1 }
      const body = deltaRequest([point])
      for (;;) {
        const status = await postOtlp(url, body).then(
          answer => answer.status,
          () => undefined
        )
        if (status === 200) break
        assert.ok(status === undefined || status === 503, `status ${status}`)
        if (status === undefined) this.unanswered++
        await new Promise(resolve => setTimeout(resolve, 10))
      }
      this.sent.add(seriesKey(point.name, point.attributes), 1, point.time)
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
    }
  }
}

async function takenPort(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A later window than all that are stored now: time went by, and data came. */
async function nextWindow(backend: RemoteWriteBackend): Promise<void> {
  const newest = () => Math.max(...storedWindows(backend.samples()).map(({ time }) => time))
  const before = newest()
  await eventually('a later window is stored', () => newest() > before)
}

function sumOf(backend: RemoteWriteBackend, size: string): number {
  const windows = storedWindows(backend.samples()).filter(({ window }) => window === size)
  return windows.reduce((sum, { value }) => sum + value, 0)
}

function config({ port, first, second, journal, workers = 1, lateness = '2s', receivers, admin = 0 }: Setup): string {
  const exporters = ['victoriametrics/first', ...(second === undefined ? [] : ['victoriametrics/second'])]
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:${port}${receivers === undefined ? '' : `, ${receivers}`} } } }
processors:
  dedup: { mode: request }
  windowed_counter: { windows: [1s, 10s], allowed_lateness: ${lateness} }
exporters:
  victoriametrics/first: { endpoint: '${first}' }
${second === undefined ? '' : `  victoriametrics/second: { endpoint: '${second}' }`}
service:
  workers: ${workers}
  admin: { endpoint: 127.0.0.1:${admin} }
${journal ? '  journal: { folder: journal, checkpoint_interval: 1s }' : ''}
  pipelines:
    counts: { receivers: [otlp], processors: [dedup, windowed_counter], exporters: [${exporters.join(', ')}] }
`
}

/** Lists of ten of the list before: billions of values in a kilobyte. */
function aliases(levels: number): string {
  const lists = Array.from(
    { length: levels },
    (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`
  )
  return ['a0: &a0 [1]', ...lists].join('\n')
}
