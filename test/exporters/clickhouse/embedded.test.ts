import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { Engine } from '../../../exporters/clickhouse/engine.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { embedded, FOREVER, makeExporter, signal, temporaryFolder } from './harness.ts'
import { counterBlock } from './samples.ts'

test('start does not wait for the engine', async () => {
  const folder = await temporaryFolder()
  const { exporter, context } = makeExporter({ embedded: folder, ...FOREVER })
  const begun = performance.now()
  await exporter.start(signal())
  const started = performance.now()
  context.clock.advance(1000)
  await exporter.export(counterBlock(context.series, 10, 1), signal())
  assert.ok(started - begun < performance.now() - started, 'the first export waits for it')
  await exporter.stop(signal())
  await exporter.stop(signal())
  await rm(folder, { recursive: true, force: true })
})

test('regression: where the folder of inserts was deleted every later export failed', async () => {
  await using made = await embedded(FOREVER)
  const { exporter, context, folder } = made
  await exporter.export(counterBlock(context.series, 10, 1), signal())
  await rm(join(folder, 'weir-inserts'), { recursive: true })
  await exporter.export(counterBlock(context.series, 20, 1), signal())
  const [{ n }] = await made.rows<{ n: number }>('SELECT toUInt32(count()) AS n FROM weir.metrics')
  assert.equal(n, 20)
})

test('a folder that will not open stops the start, and says why', async () => {
  const folder = await temporaryFolder()
  const file = join(folder, 'file')
  await writeFile(file, '')
  const cases: [string, string, RegExp][] = [
    ['a file', file, /cannot write to .*file \(EEXIST\)/],
    ['under a file', join(file, 'db'), /cannot write to .*db \(ENOTDIR\)/]
  ]
  for (const [name, path, want] of cases) {
    const { exporter } = makeExporter({ embedded: path })
    await assert.rejects(exporter.start(signal()), want, name)
    await exporter.stop(signal())
  }
  await rm(folder, { recursive: true, force: true })
})

test('without chdb, the start names the package to install', async () => {
  const folder = await temporaryFolder()
  for (const name of ['chdb', `@chdb/lib-${process.platform}`]) {
    const missing = registerHooks({
      resolve(specifier, context, next) {
        if (specifier.startsWith(name)) throw new Error(`no ${name} here`)
        return next(specifier, context)
      }
    })
    try {
      const { exporter } = makeExporter({ embedded: folder })
      await assert.rejects(
        exporter.start(signal()),
        new RegExp(`needs the optional package ${name}.*: npm install chdb`)
      )
    } finally {
      missing.deregister()
    }
  }
  await rm(folder, { recursive: true })
})

test('exporters share a folder, its engine ends with the last of them, and another folder has its own', async () => {
  const folder = await temporaryFolder()
  {
    await using first = await embedded({ ...FOREVER, database: 'one' }, folder)
    await using second = await embedded({ ...FOREVER, database: 'two' }, `${folder}/.`)
    await using other = await embedded(FOREVER)
    await Promise.all([
      first.exporter.export(counterBlock(first.context.series, 100, 10), signal()),
      second.exporter.export(counterBlock(second.context.series, 200, 10), signal()),
      other.exporter.export(counterBlock(other.context.series, 300, 10), signal())
    ])
    await first.exporter.stop(signal())
    await second.exporter.export(counterBlock(second.context.series, 300, 10, 'other'), signal())
    assert.deepEqual(await second.rows('SELECT toUInt32(count()) AS n FROM two.metrics'), [{ n: 500 }])
    assert.deepEqual(await other.rows('SELECT toUInt32(count()) AS n FROM weir.metrics'), [{ n: 300 }])
  }
  const again = makeExporter({ embedded: folder, ...FOREVER })
  await again.exporter.start(signal())
  await again.exporter.stop(signal())
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

test('a folder another process has open stops the start, and names the process', async () => {
  const folder = await temporaryFolder()
  const child = fork(join(import.meta.dirname, 'hold-folder.ts'), [folder])
  const [engine] = await once(child, 'message')
  const { exporter } = makeExporter({ embedded: folder })
  await assert.rejects(exporter.start(signal()), new RegExp(`is open in process ${engine}: stop it`))
  child.send('end')
  await once(child, 'exit')
  await exporter.start(signal())
  await exporter.stop(signal())
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

test('after a crash the process id in the folder may be another process’s', {
  skip: process.platform !== 'linux'
}, async () => {
  const folder = await temporaryFolder()
  await mkdir(folder, { recursive: true })
  // The parent lives, and has never had the folder.
  await writeFile(join(folder, 'status'), `PID: ${process.ppid}\n`)
  const { exporter } = makeExporter({ embedded: folder })
  await exporter.start(signal())
  await exporter.stop(signal())
  await rm(folder, { recursive: true, force: true })
})

test('an export given up on goes on behind, and the next attempt counts once', async () => {
  await using h = await embedded(FOREVER)
  await h.exporter.export(counterBlock(h.context.series, 1, 1), signal())
  const block = counterBlock(h.context.series, 20_000, 10)
  const hasty = new AbortController()
  const first = h.exporter.export(block, hasty.signal)
  hasty.abort(new Error('no answer within 0 ms'))
  await assert.rejects(first, { name: 'ExportError', retryable: true })
  await h.exporter.export(block, signal())
  const [{ n }] = await h.rows('SELECT toUInt32(count()) AS n FROM weir.metrics')
  assert.equal(n, 20_000)
})

test('the rows a killed process had stored are there', async () => {
  const folder = await temporaryFolder()
  const child = fork(join(import.meta.dirname, 'hold-folder.ts'), [folder, 'export'])
  await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await using h = await embedded(FOREVER, folder)
  await h.exporter.export(counterBlock(h.context.series, 1000, 10), signal())
  const [{ n }] = await h.rows('SELECT toUInt32(count()) AS n FROM weir.metrics')
  assert.equal(n, 1000)
  await h.exporter.stop(signal())
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

test('close without open is nothing', async () => {
  await new Engine({ embedded: '/nowhere' } as never, testContext()).close()
})
