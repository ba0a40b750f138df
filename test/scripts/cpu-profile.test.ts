import assert from 'node:assert/strict'
import { Session } from 'node:inspector/promises'
import path from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { type CpuProfile, selfTimes } from '../../scripts/cpu-profile.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const BUSY_MS = 60

function busyBefore(): number {
  return work()
}

function busyMeanwhile(): number {
  return work()
}

/** Inlined or not, its time has the name of its caller or its own. */
function work(): number {
  let sum = 0
  for (const end = performance.now() + BUSY_MS; performance.now() < end; ) sum += Math.sqrt(sum + 1)
  return sum
}

test('self times of a profile are those of the phase, by function and by folder', async () => {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 200 })
  await session.post('Profiler.start')
  busyBefore()
  const began = process.hrtime.bigint()
  busyMeanwhile()
  const ended = process.hrtime.bigint()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  const { folders } = selfTimes(profile as CpuProfile, ROOT, began, ended)
  const own = folders.find(({ name }) => name === 'test/scripts')!
  const all = folders.reduce((sum, { ms }) => sum + ms, 0)
  assert.ok(own.ms > 0)
  assert.ok(all > BUSY_MS / 2 && all < BUSY_MS * 1.5, `${all} ms of ${BUSY_MS}, and not of ${2 * BUSY_MS}`)
})

test('samples count until the next one, without idle time; V8 and Node are named apart', () => {
  const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 6 })
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('(garbage collector)') },
      { id: 3, callFrame: frame('(program)') },
      { id: 4, callFrame: frame('decode', `file://${ROOT}/core/wire/otlp/metrics-decoder.ts`) },
      { id: 5, callFrame: frame('decode', `file://${ROOT}/core/wire/otlp/metrics-decoder.ts`) },
      { id: 6, callFrame: frame('', 'node:internal/streams') },
      { id: 7, callFrame: frame('compress', `file://${ROOT}/node_modules/snappy/index.js`) },
      { id: 8, callFrame: frame('sort') }
    ],
    startTime: 1000,
    samples: [4, 1, 2, 3, 4, 5, 6, 7, 8, 4],
    timeDeltas: [0, 9000, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000]
  }
  const { functions, folders } = selfTimes(profile, ROOT, 10_000_000n, 10_000_000_000n)
  assert.deepEqual(functions, [
    { name: 'decode core/wire/otlp/metrics-decoder.ts:7', ms: 9 },
    { name: 'sort', ms: 8 },
    { name: 'compress node_modules/snappy/index.js:7', ms: 7 },
    { name: '(anonymous) node:internal/streams:7', ms: 6 },
    { name: 'native code and the kernel', ms: 3 },
    { name: 'garbage collection', ms: 2 }
  ])
  assert.deepEqual(folders, [
    { name: 'core/wire', ms: 9 },
    { name: 'built-in functions', ms: 8 },
    { name: 'node_modules/snappy', ms: 7 },
    { name: 'node', ms: 6 },
    { name: 'native code and the kernel', ms: 3 },
    { name: 'garbage collection', ms: 2 }
  ])
})
