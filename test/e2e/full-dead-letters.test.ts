import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from './eventually.ts'
import { type Answer, deltaRequest, postOtlp } from './otlp-requests.ts'
import { RemoteWriteBackend } from './remote-write-backend.ts'
import { Sandbox } from './weir-process.ts'

const ITEMS = 2

test('regression: weir dlq replay waited for ever while the dead letters were full', { timeout: 60_000 }, async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  backend.poison = 'unwanted'
  const weir = await sandbox.start(config(backend.url))
  const answers: Promise<Answer>[] = []
  for (let i = 0; i < ITEMS; i++) {
    const point = { name: 'requests', attributes: { label: 'unwanted' }, time: Date.now(), value: 10 ** i }
    const before = backend.turnedAway
    answers.push(postOtlp(weir.otlp, deltaRequest([point])))
    await eventually('it is refused', () => backend.turnedAway > before)
    // The second is answered once there is room for its dead letter.
    if (i === 0) await answers[0]
  }
  const exporter = () => weir.component('exporter victoriametrics')
  await eventually('there is no room', async () => /are full.*"weir dlq replay"/.test((await exporter()).reason ?? ''))
  const replay = () => sandbox.weir('dlq', 'replay', '--admin', weir.admin)

  const refused = await replay()
  assert.equal(refused.code, 5)
  assert.match(refused.stderr, /^#0: it stayed here, refused again \(\w+\): .*a label it does not like/)
  assert.equal(refused.stdout, '0 dead letters delivered, 0 items; 1 failed\n')

  backend.poison = undefined
  for (let i = 0; i < ITEMS; i++) {
    await eventually('it is a dead letter', async () => (await weir.metric('weir_dead_letters')) === 1)
    const replayed = await replay()
    assert.deepEqual([replayed.code, replayed.stderr], [0, ''])
    assert.equal(replayed.stdout, `#${i}: delivered, 1 item\n1 dead letter delivered, 1 item; 0 failed\n`)
  }
  assert.deepEqual(
    backend.samples().flatMap(({ series, value }) => (series.startsWith('requests') ? [value] : [])),
    [1, 10]
  )
  assert.deepEqual(
    (await Promise.all(answers)).map(({ status }) => status),
    [200, 200]
  )
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

/** With room for one dead letter. */
function config(url: string): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  victoriametrics: { endpoint: '${url}', retry: { initial_interval: 50ms, max_interval: 200ms } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  dead_letters: { folder: ./dead_letters, max_size: 200B }
  log: { level: error }
  pipelines:
    points: { receivers: [otlp], exporters: [victoriametrics] }
`
}
