import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { ExportError } from '../../../../core/errors.ts'
import { type Failure, failureOf } from '../../../../core/pipeline/sending-queue/failure.ts'
import { freePort } from '../../../servers/free-port.ts'

/** The error that `work` really throws. */
async function thrown(work: () => unknown): Promise<Error> {
  try {
    await work()
  } catch (error) {
    return error as Error
  }
  assert.fail('it throws nothing')
}

const url = async () => `http://127.0.0.1:${await freePort()}`

const cases: readonly [name: string, want: Failure['kind'], error: () => Promise<Error> | Error][] = [
  ['an ExportError that is not retryable', 'refused', () => new ExportError('no', { retryable: false })],
  ['an ExportError that is retryable', 'transient', () => new ExportError('busy', { retryable: true })],
  ['fetch without a server', 'transient', () => thrown(async () => fetch(await url()))],
  ['fetch given up on', 'transient', () => thrown(async () => fetch(await url(), { signal: AbortSignal.abort() }))],
  ['fetch in time', 'transient', () => thrown(async () => fetch(await url(), { signal: AbortSignal.timeout(0) }))],
  ['an answer cut off', 'transient', () => thrown(answerCutOff)],
  ['a socket', 'transient', () => thrown(refusedSocket)],
  ['a file', 'transient', () => thrown(() => import('node:fs').then(fs => fs.readFileSync('/nowhere/at/all')))],
  [
    'one that wraps a network error',
    'transient',
    async () => new Error('x', { cause: await thrown(async () => fetch(await url())) })
  ],
  ['a number that a buffer does not hold', 'fault', () => thrown(() => Buffer.alloc(8).writeUInt32LE(2 ** 32))],
  ['a fraction made a BigInt', 'fault', () => thrown(() => BigInt(0.5))],
  ['a property of undefined', 'fault', () => thrown(() => (undefined as unknown as { x: number }).x)],
  ['a name that is not there', 'fault', () => thrown(() => new Function('return missing')())],
  ['half of a character in a URL', 'fault', () => thrown(() => encodeURIComponent('\ud800'))],
  ['JSON.parse of a page', 'unknown', () => thrown(() => JSON.parse('<html>'))],
  ['any other', 'unknown', () => new Error('503')],
  [
    'one whose cause is itself',
    'unknown',
    () =>
      Object.assign(new Error('x'), {
        get cause() {
          return this
        }
      })
  ]
]
for (const [name, want, error] of cases)
  test(`an error of ${name} is ${want}`, async () => {
    const failure = failureOf(await error(), 1)
    assert.equal(failure.kind, want, `${failure.error.name}: ${failure.error.message}`)
  })

for (const [what, failedItems, want] of [
  ['one', [3], [[3, 4]]],
  [
    'several in no order, some twice',
    [7, 2, 3, 2, 0],
    [
      [0, 1],
      [2, 4],
      [7, 8]
    ]
  ],
  ['all', [0, 1, 2, 3, 4, 5, 6, 7], [[0, 8]]],
  ['none', [], undefined],
  ['one beyond the block', [1, 8], undefined],
  ['one below it', [-1, 2], undefined],
  ['a fraction', [1.5], undefined],
  ['a text', ['1'], undefined],
  ['no list', 3, undefined]
] as const)
  test(`failed items, ${what}: ${want === undefined ? 'the whole block counts as failed' : 'taken as ranges'}`, () => {
    const error = new ExportError('some', { retryable: true, failedItems: failedItems as unknown as number[] })
    assert.deepEqual(
      failureOf(error, 8).failed,
      want?.map(([from, to]) => ({ from, to }))
    )
  })

async function answerCutOff(): Promise<void> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await response.text()
  } finally {
    server.close()
  }
}

async function refusedSocket(): Promise<void> {
  const socket = connect(await freePort(), '127.0.0.1')
  await new Promise((_, reject) => socket.on('error', reject))
}
