import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { listDeadLetters, replayDeadLetters } from '../../../core/cli/dlq.ts'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { realDisk } from '../../../core/journal/disk.ts'
import { type DeadLetter, DeadLetterStore } from '../../../core/pipeline/dead-letters/store.ts'
import { eventually } from '../../e2e/eventually.ts'
import { freePort } from '../../servers/free-port.ts'
import { numbered } from '../pipeline/sending-queue/blocks.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const LETTER: DeadLetter = {
  kind: 'exporter',
  id: 'victoriametrics',
  reason: 'rejected',
  error: 'label too long',
  time: Date.UTC(2026, 0, 2),
  block: numbered(3)
}

async function written(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'weir-dlq-'))
  t.after(() => rm(folder, { recursive: true }))
  const deadLetters = await DeadLetterStore.open(realDisk, folder)
  await deadLetters.put(LETTER)
  const failed = { reason: 'processor_failed', error: 'broken', block: numbered(1) }
  await deadLetters.put({ ...LETTER, ...failed, kind: 'receiver', id: 'otlp', pipelines: ['a', 'b'], key: 'entry7_17' })
  return folder
}

test('list says for whom each dead letter is, how much is in it, and why', async t => {
  const terminal = new MemoryTerminal()
  const folder = await written(t)
  assert.equal(await listDeadLetters(terminal, folder), EXIT.ok)
  const [first, second, sum] = terminal.stdout.split('\n')
  assert.equal(first, '#0  2026-01-02T00:00:00.000Z  exporter victoriametrics: 3 points (m), rejected: label too long')
  assert.equal(second, '#1  2026-01-02T00:00:00.000Z  receiver otlp, in a, b: 1 point (m), processor_failed: broken')
  assert.match(sum, /^2 dead letters, \d+ bytes$/)
})

test('regression: list ended with a bug report where a dead letter was delivered while it looked', async t => {
  const terminal = new MemoryTerminal()
  const folder = await written(t)
  await symlink(path.join(folder, 'gone'), path.join(folder, '000000000002.letter'))
  assert.equal(await listDeadLetters(terminal, folder), EXIT.ok)
  assert.match(terminal.stdout, /^2 dead letters/m)
})

test('replay prints delivered and failed dead letters, and a refusal', async t => {
  let status = 200
  let answer = '{"number":0,"items":3}\n{"number":1,"error":"there is no such dead letter"}\n'
  const server = createServer((_, response) => response.writeHead(status).end(answer))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  const admin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = async (url = admin) => {
    const terminal = new MemoryTerminal()
    return [await replayDeadLetters(terminal, { admin: url }), terminal.stdout, terminal.stderr]
  }
  assert.deepEqual(await ask(), [
    EXIT.refused,
    '#0: delivered, 3 items\n1 dead letter delivered, 3 items; 1 failed\n',
    '#1: there is no such dead letter\n'
  ])
  answer = '{"number":7,"items":1}\n'
  assert.deepEqual(await ask(), [EXIT.ok, '#7: delivered, 1 item\n1 dead letter delivered, 1 item; 0 failed\n', ''])
  for (const [code, text, want] of [
    [404, '', /keeps no dead letters/],
    [409, 'a replay is running already', /a replay is running already/]
  ] as const) {
    status = code
    answer = text
    const [exit, stdout, stderr] = await ask()
    assert.deepEqual([exit, stdout], [EXIT.refused, ''])
    assert.match(String(stderr), want)
  }
  assert.equal((await ask(`http://127.0.0.1:${await freePort()}`))[0], EXIT.refused)
})

test('replay prints each dead letter as it ends, and says so if Weir goes away before the last', async t => {
  const { promise: went, resolve: go } = Promise.withResolvers<void>()
  const server = createServer(async (_, response) => {
    response.write('{"number":0,"items":3}\n{"num')
    await went
    response.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  const terminal = new MemoryTerminal()
  const exit = replayDeadLetters(terminal, { admin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  await eventually('the first is printed', () => terminal.stdout === '#0: delivered, 3 items\n')
  go()
  assert.equal(await exit, EXIT.refused)
  assert.match(terminal.stderr, /broke off its answer/)
})
