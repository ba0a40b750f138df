import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { freePort } from '../servers/free-port.ts'
import { Sandbox } from './weir-process.ts'

interface Setup {
  /** Ports of query APIs. */
  readonly ports: readonly number[]
  readonly database?: string
}

const configOf = ({ ports, database = 'weir' }: Setup) => `
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } } }
exporters: { clickhouse: { endpoint: http://127.0.0.1:1, database: ${database} } }
extensions: { ${ports.map((port, i) => `query_api/${i}: { endpoint: "127.0.0.1:${port}", store: clickhouse }`).join(', ')} }
service:
  admin: { endpoint: 127.0.0.1:0 }
  extensions: [${ports.map((_, i) => `query_api/${i}`).join(', ')}]
  pipelines: { a: { receivers: [otlp], exporters: [clickhouse] } }
`

const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}/api/v1/query?query=1`).then(
    ({ status }) => status === 200,
    () => false
  )

test('a reload starts, moves, keeps and stops extensions, and goes back if one cannot start', async t => {
  const sandbox = await Sandbox.open(t)
  const [a, b, c] = [await freePort(), await freePort(), await freePort()]
  const weir = await sandbox.start(configOf({ ports: [a] }))
  const become = async (setup: Setup) => {
    await writeFile(sandbox.path('weir.yaml'), configOf(setup))
    return sandbox.weir('reload', '--admin', weir.admin)
  }
  const serving = async () => (await Promise.all([a, b, c].map(answers))).map(Number).join('')
  assert.equal(await serving(), '100')
  assert.match(
    (await become({ ports: [a, b] })).stdout,
    /extension query_api\/0: continues unchanged\n.*query_api\/1: added/
  )
  assert.equal(await serving(), '110')
  assert.match((await become({ ports: [c, b] })).stdout, /extension query_api\/0: .*replaced/)
  assert.equal(await serving(), '011')
  // The exporter is another one, and its store is found anew.
  assert.equal((await become({ ports: [c, b], database: 'other' })).code, 0)
  assert.equal(await serving(), '011')
  const twice = await become({ ports: [c, b, b] })
  assert.notEqual(twice.code, 0, twice.stdout + weir.stderr)
  assert.match(twice.stderr, new RegExp(`${b}`))
  assert.equal(await serving(), '011')
  assert.match((await become({ ports: [] })).stdout, /extension query_api\/0: .*removed/)
  assert.equal(await serving(), '000')
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})
