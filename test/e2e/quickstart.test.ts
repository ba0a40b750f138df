import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { test } from 'node:test'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { QUICKSTART, quickstartPorts } from './quickstart-config.ts'
import { ROOT, Sandbox, type Weir } from './weir-process.ts'

// The promise is one second. A machine that runs other tests meanwhile takes longer, the more the busier it is.
const crowd = Math.max(1, loadavg()[0] / availableParallelism())
const READY_WITHIN_MS = 3_000 * crowd
const VISIBLE_WITHIN_MS = 10_000 * crowd

test('the quickstart is ready at once, and the data of its printed commands is soon to be seen', async t => {
  assert.equal(readFileSync(QUICKSTART, 'utf8').match(/:\d{2,5}$/gm)?.length, 3, 'every port of it is replaced')
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(quickstartPorts(), '--config', QUICKSTART)
  t.diagnostic(`ready after ${Math.round(weir.timeToReadyMs)} ms`)
  assert.ok(weir.timeToReadyMs < READY_WITHIN_MS, `ready after ${weir.timeToReadyMs} ms`)
  const isQuery = (command: string) => /weir query|api\/v1\/query/.test(command)
  const sends = weir.commands.filter(command => !isQuery(command))
  const queries = weir.commands.filter(isQuery)
  assert.deepEqual([sends.length, queries.length], [3, 2], `a command for each receiver, and queries:\n${weir.stdout}`)
  // As somebody would who pastes them into a shell in the folder of Weir.
  const paste = async (command: string) => {
    const { code, stdout, stderr } = await sandbox.run('bash', ['-c', command], ROOT)
    assert.equal(code, 0, `${command}\n${stdout}${stderr}`)
    return stdout
  }
  for (const command of sends) await paste(command)
  const begun = performance.now()
  const allVisible = async () => (await countsIn(weir, sandbox)).size === 4
  await eventually('all counts are visible', allVisible, { deadlineMs: 2 * VISIBLE_WITHIN_MS })
  const visibleAfterMs = performance.now() - begun
  t.diagnostic(`counts visible after ${Math.round(visibleAfterMs)} ms`)
  assert.ok(visibleAfterMs < VISIBLE_WITHIN_MS, `visible after ${visibleAfterMs} ms`)
  const counts = new Map([
    ['http_requests', 3],
    ['page.views', 1],
    ['signup', 1],
    ['checkout', 1]
  ])
  assert.deepEqual(await countsIn(weir, sandbox), counts)
  const table = await paste(queries[0])
  for (const name of counts.keys()) assert.ok(table.includes(name), `${name} in\n${table}`)
  const rates = async () => JSON.parse(await paste(queries[1])).data.result
  assert.deepEqual((await eventually('its rate is there', rates))[0].metric, { plan: 'pro' })
  const { result } = await askApi(
    weir,
    'signup_total + on () http_requests_total{route="/cart"} + on () page_views_total'
  )
  assert.equal(result[0].value[1], '5')
  await weir.assertLedger()
  assert.deepEqual(await weir.stop('SIGINT'), { code: 0, signal: null }, weir.stderr)
})

async function askApi(weir: Weir, query: string) {
  const response = await fetch(`${weir.queryApi}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query })
  })
  return ((await response.json()) as { data: { result: { value: [number, string] }[] } }).data
}

test('Ctrl-C keeps the open windows, and the next start goes on with them', async t => {
  const sandbox = await Sandbox.open(t)
  const stateFile = sandbox.path('data/state/processors/counts/windowed_counter.state')
  const start = (allowedLateness: string) => {
    const windowed = `processors: { windowed_counter: { windows: [1s], allowed_lateness: ${allowedLateness} } }`
    return sandbox.start(`${quickstartPorts()}${windowed}`, '--config', QUICKSTART)
  }
  const time = Date.now()
  const sendAndInterrupt = async (weir: Weir, value: number) => {
    const request = deltaRequest([{ name: 'http_requests', attributes: { route: '/' }, time, value }])
    assert.equal((await postOtlp(weir.otlp, request)).status, 200)
    await weir.assertLedger()
    assert.deepEqual(await weir.stop('SIGINT'), { code: 0, signal: null }, weir.stderr)
    assert.match(weir.stdout, /^SIGINT: draining.*\ndrained$/m)
    assert.ok(existsSync(stateFile), 'its state is saved')
  }
  await sendAndInterrupt(await start('1h'), 20)
  await sendAndInterrupt(await start('1h'), 3)
  const last = await start('0s')
  const counts = await eventually('the window has closed', async () => {
    const counts = await countsIn(last, sandbox)
    return counts.size > 0 && counts
  })
  assert.deepEqual(counts, new Map([['http_requests', 23]]), 'one window has the points of both runs')
  const totals = "SELECT value FROM metrics WHERE attributes['window'] = '' ORDER BY time"
  assert.deepEqual(await rows(last, sandbox, totals), [{ value: 0 }, { value: 23 }])
  await last.assertLedger()
  assert.deepEqual(await last.stop('SIGINT'), { code: 0, signal: null }, last.stderr)
})

/** The sums of the 1s windows by metric. */
async function countsIn(weir: Weir, sandbox: Sandbox): Promise<Map<string, number>> {
  const sql =
    "SELECT name, sum(value) AS value FROM metrics WHERE attributes['window'] = '1s' GROUP BY name ORDER BY name"
  const found = (await rows(weir, sandbox, sql)) as { name: string; value: number }[]
  return new Map(found.map(({ name, value }) => [name, value]))
}

async function rows(weir: Weir, sandbox: Sandbox, sql: string): Promise<unknown[]> {
  const { code, stdout, stderr } = await sandbox.weir('query', sql, '--admin', weir.admin, '--format', 'JSON')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout).data
}
