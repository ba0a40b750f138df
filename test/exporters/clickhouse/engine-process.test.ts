import assert from 'node:assert/strict'
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { wholeOf } from '../../../exporters/clickhouse/answer.ts'
import { EngineProcess } from '../../../exporters/clickhouse/engine-process.ts'
import { EngineEnded } from '../../../exporters/clickhouse/export-error.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { eventually } from '../../e2e/eventually.ts'
import { embedded, FOREVER, signal, temporaryFolder } from './harness.ts'
import { counterBlock } from './samples.ts'

const SLOW = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1'
const TIMEOUT_MS = 20_000

/** An engine on a folder of its own. */
async function engine() {
  const folder = await temporaryFolder()
  const { clock, log } = testContext()
  const process = new EngineProcess(folder, { clock, log })
  return {
    clock,
    folder,
    process,
    ask: async (sql: string) => (await wholeOf(await process.run({ sql, timeoutMs: TIMEOUT_MS }), 2 ** 30)).toString(),
    async [Symbol.asyncDispose]() {
      await process.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Resolves once it is gone. */
const goneOf = (pid: number) => eventually(`process ${pid} is gone`, () => !isAlive(pid))

/** The process that has `folder` open, as the engine notes it. */
async function pidOf(folder: string): Promise<number> {
  return Number(/^PID: (\d+)/.exec(await readFile(join(folder, 'status'), 'utf8'))![1])
}

test('an answer longer than the reader takes at once comes whole, in pieces', async () => {
  await using e = await engine()
  const text = await e.ask('SELECT number FROM numbers(1000000)')
  assert.equal(text.length, 6_888_890)
  assert.equal(text.slice(-14), '999998\n999999\n')
})

test('a large answer is not in this process before somebody reads it', async () => {
  await using e = await engine()
  const answer = await e.process.run({ sql: 'SELECT number FROM numbers(5000000)', timeoutMs: TIMEOUT_MS })
  await e.ask('SELECT 1')
  assert.ok(answer.readableLength <= 2 ** 20, `${answer.readableLength} bytes`)
  answer.destroy()
  assert.equal(await e.ask('SELECT 2'), '2\n')
})

test('a killed engine fails its running statements, and is restarted at once, then after growing pauses', async () => {
  await using e = await engine()
  const pids = new Set<number>()
  for (const pauseMs of [0, 0, 1000, 2000]) {
    if (pauseMs > 0) {
      await assert.rejects(e.process.open(), new RegExp(`ended \\(SIGKILL\\); it starts again in ${pauseMs / 1000} s`))
      e.clock.advance(pauseMs)
    }
    assert.equal(await e.ask('SELECT 1'), '1\n')
    pids.add(e.process.pid!)
    const slow = e.process.run({ sql: SLOW, timeoutMs: TIMEOUT_MS })
    process.kill(e.process.pid!, 'SIGKILL')
    await assert.rejects(slow, EngineEnded)
  }
  assert.equal(pids.size, 4)
  assert.equal(e.process.restarts, 4)
})

test('an engine that stands still is ended once its statement is overdue', async () => {
  await using e = await engine()
  await e.process.open()
  process.kill(e.process.pid!, 'SIGSTOP')
  const stuck = e.process.run({ sql: 'SELECT 1', timeoutMs: 5000 })
  // Has its turn to be sent before the time is up.
  await new Promise(setImmediate)
  e.clock.advance(5000)
  await assert.rejects(stuck, EngineEnded)
  assert.equal(await e.ask('SELECT 2'), '2\n')
})

test('a folder that does not open is an error with its reason, also while nobody may try again', async () => {
  await using e = await engine()
  const { clock, log } = testContext()
  const second = new EngineProcess(e.folder, { clock, log })
  await e.process.open()
  for (let i = 0; i < 3; i++)
    await assert.rejects(second.open(), /the embedded engine cannot open .*: is it open in another process\?/)
  await e.process.close()
  clock.advance(60_000)
  await second.open()
  await second.close()
})

test('signals of a terminal leave the engine to Weir', async () => {
  await using e = await engine()
  await e.process.open()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(e.process.pid!, name)
  assert.equal(await e.ask('SELECT 1'), '1\n')
  assert.equal(e.process.restarts, 0)
})

test('a stop ends the engine, also in the middle of a query', async () => {
  await using e = await engine()
  await e.process.open()
  const pid = e.process.pid!
  const slow = e.process.run({ sql: SLOW, session: [], timeoutMs: TIMEOUT_MS })
  const failed = assert.rejects(slow)
  await e.process.close()
  await failed
  assert.equal(isAlive(pid), false)
  assert.equal(e.process.restarts, 0)
})

test('regression: an engine that was not closed kept its process from ending', async () => {
  const folder = await temporaryFolder()
  const root = pathToFileURL(join(import.meta.dirname, '../../..')).href
  const program = `
    import { EngineProcess } from '${root}/exporters/clickhouse/engine-process.ts'
    import { testContext } from '${root}/sdk/plugin/testing.ts'
    const engine = new EngineProcess(${JSON.stringify(folder)}, testContext())
    for await (const piece of await engine.run({ sql: 'SELECT number FROM numbers(100000)', timeoutMs: 1e6 })) {}
    console.log(engine.pid)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 60_000
  })
  await goneOf(Number(stdout))
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

test('a Weir killed by -9 leaves no engine behind, and the next one gets the folder', async () => {
  const folder = await temporaryFolder()
  const child = fork(join(import.meta.dirname, 'hold-folder.ts'), [folder])
  const [engine] = (await once(child, 'message')) as [number]
  assert.ok(isAlive(engine))
  child.kill('SIGKILL')
  await once(child, 'exit')
  await using h = await embedded(FOREVER, folder)
  await h.exporter.probe(signal())
  await goneOf(engine)
})

for (const schema of ['compact', 'otel']) {
  test(`${schema}: nothing is lost or doubled where the engine is killed in the middle of inserts`, async () => {
    await using h = await embedded({ ...FOREVER, schema })
    const blocks = Array.from({ length: 40 }, (_, i) => counterBlock(h.context.series, 2000, 20, `m${i}`))
    await h.exporter.export(blocks[0], signal())
    for (const [i, block] of blocks.entries()) {
      // An insert takes some 10 ms: now before it, now in the middle, now after it.
      const killed = i % 4 === 0 ? setTimeout((i / 4) * 3).then(async () => kill(await pidOf(h.folder))) : undefined
      await eventually('the block is stored', async () => {
        // Past any pause before the next start.
        h.context.clock.advance(60_000)
        await h.exporter.export(block, signal())
        return true
      })
      await killed
    }
    h.context.clock.advance(60_000)
    const [table, value] = schema === 'otel' ? ['otel_metrics_sum', 'Value'] : ['metrics', 'value']
    const stored = await h.rows(`SELECT toUInt32(count()) AS n, sum(${value}) AS total FROM weir.${table}`)
    assert.deepEqual(stored, [{ n: 80_000, total: 40 * 1999 * 1000 }])
  })
}

/** @returns once it is gone */
function kill(pid: number): Promise<boolean> {
  process.kill(pid, 'SIGKILL')
  return goneOf(pid)
}

test('connections with settings are used again, unless a statement failed or was killed on them', async () => {
  await using e = await engine()
  const session = ['SET readonly = 1']
  const run = async (sql: string, until?: AbortSignal) =>
    (await wholeOf(await e.process.run({ sql, session, timeoutMs: TIMEOUT_MS }, until), 2 ** 20)).toString().trim()
  const name = "SELECT getSetting('log_comment')"
  const first = await run(name)
  assert.equal(await run(name), first)
  const both = await Promise.all([run(`${name}, sleep(0.2)`), run(`${name}, sleep(0.2)`)])
  assert.equal(new Set(both).size, 2)
  await assert.rejects(run('SELECT throwIf(1)'))
  const last = await run(name)
  assert.equal(await run(name), last)
  await assert.rejects(run(SLOW, AbortSignal.timeout(300)), /timeout/)
  assert.notEqual(await run(name), last)
  await assert.rejects(run('CREATE TABLE t (x Int8) ENGINE = Memory'), /readonly/)
})
