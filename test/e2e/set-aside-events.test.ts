import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { eventually } from './eventually.ts'
import { RemoteWriteBackend, storedWindows } from './remote-write-backend.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const strict = { required: ['plan'], properties: { plan: { type: 'string' } }, additionalProperties: false }

for (const [workers, delivery] of [
  [1, 'journal: { folder: ./state, checkpoint_interval: 200ms }'],
  [2, 'journal: { folder: ./state, checkpoint_interval: 200ms }'],
  [1, 'dead_letters: { folder: ./dead_letters }']
] as const)
  test(`events that do not fit their schema are dead letters, and count once when they fit, with ${workers} worker(s) and ${delivery.split(':')[0]}`, async t => {
    const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
    await mkdir(sandbox.path('schemas'))
    await writeSchema(sandbox, 'signup', strict)
    await writeSchema(sandbox, 'order', strict)
    const weir = await sandbox.start(config(backend.url, workers, delivery))
    const { status, answer } = await post(weir, [
      { name: 'signup', attributes: { plan: 'pro' } },
      { name: 'signup', attributes: { plan: 7 } },
      { name: 'signup', attributes: { plan: 'pro', source: 'ad' } },
      { name: 'order', attributes: {} },
      { name: '' }
    ])
    assert.equal(status, 200)
    assert.deepEqual({ ...answer, errors: answer.errors.length }, { accepted: 1, rejected: 1, set_aside: 3, errors: 4 })
    assert.deepEqual((await post(weir, { name: 'order' })).status, 200)
    const list = await sandbox.weir(
      'dlq',
      'list',
      sandbox.path(delivery.includes('state') ? 'state/dead_letters' : 'dead_letters')
    )
    assert.match(list.stdout, /schema_mismatch/)
    assert.equal(await weir.metric('weir_dead_letters'), 2)
    await weir.settled()
    await weir.assertLedger({ 'receiver http': { schema_mismatch: 4, bad_name: 1 } })

    const still = await sandbox.weir('dlq', 'replay', '--admin', weir.admin)
    assert.match(still.stdout + still.stderr, /does not fit version 1 of (signup|order)/)
    assert.equal(await weir.metric('weir_dead_letters'), 2)

    // Two events of the first letter fit now, and one does not.
    await writeSchema(sandbox, 'signup', { properties: { plan: { type: 'string' } } })
    await writeSchema(sandbox, 'order', {})
    const mended = await sandbox.weir('dlq', 'replay', '--admin', weir.admin)
    assert.match(mended.stdout, /2 dead letters delivered, 3 items; 0 failed/)
    assert.equal(await weir.metric('weir_dead_letters'), 1)
    const want = { signup: 2, order: 2 }
    await eventually('they count', () => isDeepStrictEqual(counts(backend), want))
    if (!delivery.startsWith('journal')) return
    await weir.kill()
    const next = await sandbox.start(config(backend.url, workers, delivery))
    await eventually('all is processed again', async () => (await next.metric('weir_dead_letters')) === 1)
    assert.deepEqual(await next.stop(), { code: 0, signal: null }, next.stderr)
    assert.deepEqual(counts(backend), want)
  })

test('with all dead letters taken up, events that do not fit are refused as without', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  await mkdir(sandbox.path('schemas'))
  await writeSchema(sandbox, 'order', strict)
  const weir = await sandbox.start(config(backend.url, 1, 'dead_letters: { folder: ./dead_letters, max_size: 1KiB }'))
  const answers: { status: number; answer: Answer }[] = []
  await eventually('they are full', async () => {
    answers.push(await post(weir, [{ name: 'order', attributes: { a: 'x'.repeat(100) } }]))
    return answers.at(-1)!.status === 400
  })
  assert.ok(answers.length > 1)
  const { set_aside, rejected } = answers.at(-1)!.answer
  assert.deepEqual({ set_aside, rejected }, { set_aside: undefined, rejected: 1 })
  await weir.assertLedger({ 'receiver http': { schema_mismatch: answers.length } })
})

interface Answer {
  readonly set_aside?: number
  readonly rejected: number
  readonly errors: readonly unknown[]
}

const writeSchema = (sandbox: Sandbox, name: string, schema: object) =>
  writeFile(sandbox.path(`schemas/${name}.json`), JSON.stringify(schema))

async function post(weir: Weir, body: unknown): Promise<{ status: number; answer: Answer }> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(weir.events, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, answer: (await response.json()) as Answer }
}

/** Sums of the windows of a second, by metric. */
function counts(backend: RemoteWriteBackend): Record<string, number> {
  const samples = backend.samples()
  const names = new Map(samples.map(({ series, labels }) => [series, labels.__name__]))
  const sums: Record<string, number> = {}
  for (const { series, window, value } of storedWindows(samples)) {
    const name = names.get(series)!
    if (window === '1s') sums[name] = (sums[name] ?? 0) + value
  }
  return sums
}

const config = (url: string, workers: number, delivery: string) => `
receivers:
  http: { endpoint: 127.0.0.1:0, schemas: { folder: ./schemas } }
processors:
  windowed_counter: { windows: [1s], output: [delta], allowed_lateness: 0s, idle_timeout: 200ms }
exporters:
  victoriametrics: { endpoint: '${url}' }
service:
  admin: { endpoint: 127.0.0.1:0 }
  workers: ${workers}
  ${delivery}
  log: { level: warn }
  pipelines:
    counts: { receivers: [http], processors: [windowed_counter], exporters: [victoriametrics] }
`
